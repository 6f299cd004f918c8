/* How fresh a held load is. */
#include "scheduler/client/freshness.h"
#include "scheduler/client/chance.h"

#define ANSWER_NS 500000 /* what a probe takes beside the round trip: threads that have to wake */

void freshness_heard(struct freshness *freshness, uint64_t told_age_ns, uint64_t *random,
                     uint64_t now_ns)
{
    const double useful_ns = FRESHNESS_USEFUL_NS * (1 + chance_unit(random) / 2);
    *freshness = (struct freshness){.heard_ns = now_ns > 0 ? now_ns : 1,
                                    .told_age_ns = told_age_ns,
                                    .useful_ns = (uint64_t)useful_ns};
}

bool freshness_use(struct freshness *freshness, uint64_t now_ns)
{
    freshness->uses += freshness->uses < UINT32_MAX;
    const uint64_t age_ns = freshness_age_ns(freshness, now_ns);
    return age_ns > freshness->useful_ns ||
           (freshness->uses > FRESHNESS_USES && age_ns > FRESHNESS_LEAST_NS);
}

uint64_t freshness_age_ns(const struct freshness *freshness, uint64_t now_ns)
{
    return freshness->heard_ns > 0 ? now_ns - freshness->heard_ns + freshness->told_age_ns
                                   : UINT64_MAX;
}

bool freshness_is_expired(const struct freshness *freshness, uint64_t now_ns)
{
    return freshness_age_ns(freshness, now_ns) > FRESHNESS_VALID_NS;
}

uint64_t freshness_patience_ns(uint64_t rtt_ns, double worth_ms)
{
    const uint64_t need_ns = rtt_ns + rtt_ns / 4 + ANSWER_NS;
    if (rtt_ns == 0 || !(worth_ms > 0))
        return 0;
    return (double)need_ns <= worth_ms * 1e6 * FRESHNESS_PART ? need_ns : 0;
}
