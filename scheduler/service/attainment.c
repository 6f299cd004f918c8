/* Counts by the second, in a ring that forgets the seconds before. */
#include "scheduler/service/attainment.h"

#define SECOND_NS UINT64_C(1000000000)

static void forget(struct attainment *attainment, uint64_t second)
{
    const uint32_t at = (uint32_t)(second % ATTAINMENT_SECONDS);
    attainment->all_count -= attainment->of[at].all_count;
    attainment->in_time_count -= attainment->of[at].in_time_count;
    attainment->of[at].all_count = attainment->of[at].in_time_count = 0;
}

static void advance(struct attainment *attainment, uint64_t now_ns)
{
    const uint64_t second = now_ns / SECOND_NS;
    if (second <= attainment->second)
        return;
    if (second - attainment->second >= ATTAINMENT_SECONDS)
        *attainment = (struct attainment){.second = second};
    while (attainment->second < second)
        forget(attainment, ++attainment->second);
}

void attainment_note(struct attainment *attainment, bool is_in_time, uint64_t now_ns)
{
    advance(attainment, now_ns);
    const uint32_t at = (uint32_t)(attainment->second % ATTAINMENT_SECONDS);
    attainment->of[at].all_count++;
    attainment->of[at].in_time_count += is_in_time;
    attainment->all_count++;
    attainment->in_time_count += is_in_time;
}

uint32_t attainment_permille(struct attainment *attainment, uint64_t now_ns)
{
    advance(attainment, now_ns);
    if (attainment->all_count == 0)
        return 1000;
    return (uint32_t)((uint64_t)attainment->in_time_count * 1000 / attainment->all_count);
}
