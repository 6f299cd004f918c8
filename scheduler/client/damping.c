/* When a client follows its planner to another split. */
#include "scheduler/client/damping.h"
#include "scheduler/client/chance.h"

#include <math.h>

static uint64_t dwell_ns(double share)
{
    return (uint64_t)(share * DAMPING_DWELL_NS);
}

void damping_init(struct damping *damping, uint64_t *random, uint64_t now_ns)
{
    *damping = (struct damping){.dwells_until_ns = now_ns + dwell_ns(chance_unit(random))};
}

/* How much of a period has passed since the last decision. */
static double periods_since(struct damping *damping, uint64_t now_ns)
{
    uint64_t since_ns = damping->drawn_ns > 0 ? now_ns - damping->drawn_ns : DAMPING_PERIOD_NS;
    damping->drawn_ns = now_ns > 0 ? now_ns : 1;
    if (since_ns > DAMPING_LONGEST_NS)
        since_ns = DAMPING_LONGEST_NS;
    return (double)since_ns / DAMPING_PERIOD_NS;
}

static double chance_of(double gain, double switch_gain, double periods)
{
    const double each = fmin(fmax(gain * switch_gain, 0), 1);
    return 1 - pow(1 - each, periods);
}

/* Held or turned; exploring is another question. */
static enum damping_verdict weigh(struct damping *damping, const struct damping_offer *offer,
                                  uint64_t *random, uint64_t now_ns)
{
    const double periods = periods_since(damping, now_ns);
    const double gain_ms = offer->held_ms - offer->best_ms;
    if (offer->is_same)
        return DAMPING_AGREES;
    if (offer->is_expired)
        return DAMPING_STALE;
    if (!(gain_ms > fmax(DAMPING_LEAST_GAIN * offer->held_ms, DAMPING_LEAST_GAIN_MS)))
        return DAMPING_SMALL;
    if (now_ns < damping->dwells_until_ns)
        return DAMPING_DWELLS;
    const double chance = chance_of(gain_ms / offer->held_ms, offer->switch_gain, periods);
    if (chance_unit(random) >= chance)
        return DAMPING_CHANCE;
    damping->dwells_until_ns = now_ns + dwell_ns(1 + chance_unit(random));
    return DAMPING_TURNS;
}

enum damping_verdict damping_choose(struct damping *damping, const struct damping_offer *offer,
                                    uint64_t *random, uint64_t now_ns)
{
    if (damping_is_blocked(damping, now_ns))
        return DAMPING_BLOCKED;
    const enum damping_verdict verdict = weigh(damping, offer, random, now_ns);
    const bool may_be_better = offer->is_full || damping->failures > 0;
    if (offer->is_here && verdict != DAMPING_TURNS && may_be_better &&
        chance_unit(random) < DAMPING_EXPLORES)
        return DAMPING_EXPLORES_ONCE;
    return verdict;
}

void damping_failed(struct damping *damping, uint64_t retry_after_ns, uint64_t *random,
                    uint64_t now_ns)
{
    uint64_t wait_ns = retry_after_ns;
    if (wait_ns == 0) {
        wait_ns = DAMPING_BACKOFF_NS;
        for (uint32_t i = 0; i < damping->failures && wait_ns < DAMPING_LONGEST_BACKOFF_NS; i++)
            wait_ns *= 2;
    }
    damping->failures += damping->failures < UINT32_MAX;
    const uint64_t until_ns = now_ns + (uint64_t)((double)wait_ns * (0.5 + chance_unit(random)));
    if (until_ns > damping->blocked_until_ns)
        damping->blocked_until_ns = until_ns;
    if (retry_after_ns > 0 && until_ns > damping->told_until_ns)
        damping->told_until_ns = until_ns;
}

void damping_answered(struct damping *damping)
{
    damping->failures = 0;
}
