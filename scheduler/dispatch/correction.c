/* How much longer some layers take than when the model was loaded.
 *
 * As Clockwork (OSDI 2020) does: what is promised is the 99th percentile of the last ten
 * measurements, which is the longest of them; what is expected is their median. A process that was
 * stopped for a while says nothing about the model: one measurement counts for no more than four
 * times the median, and one alone that is half as long again as all others is left out. */
#include "scheduler/dispatch/correction.h"

enum {
    LEAST = CORRECTION_ONE / 16,
    MOST = CORRECTION_ONE * 16,
    STEP = 4, /* a ratio is cut off at so many times the median, and at its so-manieth part */
    DOUBT_SHARE = 4,
};

#define MAX_TOOK_NS (UINT64_C(1) << 46)

struct correction correction_start(void)
{
    return (struct correction){.typical = CORRECTION_ONE, .safe = CORRECTION_ONE};
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* From the ratios in order. */
static void judge(struct correction *correction)
{
    uint32_t sorted[CORRECTION_LAST];
    const uint32_t count = correction->count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > correction->ratios[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = correction->ratios[i];
    }
    const uint32_t most = sorted[count - 1];
    const uint32_t next = count > 2 ? sorted[count - 2] : most;
    correction->typical = sorted[count / 2];
    correction->safe = most > next + next / 2 ? next : most;
}

void correction_measure(struct correction *correction, uint64_t took_ns, uint64_t loaded_ns)
{
    if (!took_ns || !loaded_ns)
        return;
    const uint64_t bounded_ns = took_ns < MAX_TOOK_NS ? took_ns : MAX_TOOK_NS;
    const uint64_t typical = correction->typical;
    const uint64_t ratio =
        clamp(bounded_ns * CORRECTION_ONE / loaded_ns, typical / STEP, typical * STEP);
    correction->ratios[correction->next] = (uint32_t)clamp(ratio, LEAST, MOST);
    correction->next = (uint8_t)((correction->next + 1) % CORRECTION_LAST);
    correction->count += correction->count < CORRECTION_LAST;
    judge(correction);
}

void correction_doubt(struct correction *correction)
{
    if (!correction->count)
        return;
    for (uint32_t i = 0; i < correction->count; i++) {
        const int64_t over = (int64_t)correction->ratios[i] - (int64_t)CORRECTION_ONE;
        correction->ratios[i] -= (uint32_t)(over / DOUBT_SHARE);
    }
    judge(correction);
}

/* ns * ratio, without the product's overflow. */
static uint64_t scale(uint64_t ns, uint64_t ratio)
{
    return ns / CORRECTION_ONE * ratio + ns % CORRECTION_ONE * ratio / CORRECTION_ONE;
}

uint64_t correction_typical_ns(const struct correction *correction, uint64_t loaded_ns)
{
    return scale(loaded_ns, correction->typical);
}

uint64_t correction_safe_ns(const struct correction *correction, uint64_t loaded_ns)
{
    return scale(loaded_ns, correction->safe);
}
