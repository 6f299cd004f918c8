/* A phone's choice: the fastest split under what is believed of the server, damped. */
#include "scheduler/loadtest/adapt.h"

#include <math.h>

/* What is left of something told or learned then. */
static double aged(uint64_t then_ns, uint64_t now_ns, double life_ns)
{
    return then_ns == 0 ? 0 : exp(-(double)(now_ns - then_ns) / life_ns);
}

struct belief {
    double wait_ms, k;
};

static struct belief believe(const struct loadtest_adapt *adapt, uint64_t now_ns)
{
    return (struct belief){
        .wait_ms = adapt->wait_ms * aged(adapt->told_ns, now_ns, LOADTEST_ADAPT_WAIT_NS),
        .k = 1 + (adapt->k - 1) * aged(adapt->learned_ns, now_ns, LOADTEST_ADAPT_SPEED_NS)};
}

static double cost_ms(const struct loadtest_costs *costs, uint32_t choice,
                      const struct belief *belief)
{
    if (choice == LOADTEST_ADAPT_LOCAL)
        return costs->mobile_ms;
    const struct loadtest_cost *cost = &costs->cuts[choice];
    return cost->ms + (belief->k - 1) * cost->cloud_ms + belief->wait_ms;
}

/* The cut that takes least, the server being asked in any case. */
static uint32_t best_cut(const struct loadtest_costs *costs, const struct belief *belief)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < costs->count; i++)
        if (cost_ms(costs, i, belief) < cost_ms(costs, best, belief))
            best = i;
    return best;
}

void loadtest_adapt_init(struct loadtest_adapt *adapt, const struct loadtest_costs *costs)
{
    const struct belief unloaded = {0, 1};
    *adapt = (struct loadtest_adapt){.k = 1, .choice = best_cut(costs, &unloaded)};
    if (costs->mobile_ms <= cost_ms(costs, adapt->choice, &unloaded))
        adapt->choice = LOADTEST_ADAPT_LOCAL;
}

void loadtest_adapt_told(struct loadtest_adapt *adapt, double wait_ms, double switch_gain,
                         uint64_t now_ns)
{
    adapt->wait_ms = (float)wait_ms;
    adapt->switch_gain = (float)switch_gain;
    adapt->told_ns = now_ns;
}

void loadtest_adapt_answered(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                             uint32_t cut, double compute_ms, uint64_t now_ns)
{
    if (costs->cuts[cut].cloud_ms <= 0)
        return;
    const double before = believe(adapt, now_ns).k;
    const double sample = compute_ms / costs->cuts[cut].cloud_ms;
    adapt->k = (float)(before + LOADTEST_ADAPT_WEIGHT * (sample - before));
    adapt->learned_ns = now_ns;
}

uint32_t loadtest_adapt_choose(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                               struct loadtest_random *random, uint64_t now_ns)
{
    const struct belief belief = believe(adapt, now_ns);
    const uint32_t cut = best_cut(costs, &belief);
    const double here_ms = cost_ms(costs, adapt->choice, &belief);
    uint32_t best = cut;
    if (costs->mobile_ms < cost_ms(costs, cut, &belief))
        best = LOADTEST_ADAPT_LOCAL;
    const double gain_ms = here_ms - cost_ms(costs, best, &belief);
    const double gain = here_ms > 0 ? gain_ms / here_ms : 0;
    if (best != adapt->choice && gain >= LOADTEST_ADAPT_LEAST_GAIN &&
        gain_ms >= LOADTEST_ADAPT_LEAST_GAIN_MS && now_ns >= adapt->settled_until_ns &&
        loadtest_random_unit(random) < gain * adapt->switch_gain) {
        adapt->choice = best;
        adapt->settled_until_ns =
            now_ns + (uint64_t)((1 + loadtest_random_unit(random)) * LOADTEST_ADAPT_DWELL_NS);
    }
    if (adapt->choice == LOADTEST_ADAPT_LOCAL &&
        loadtest_random_unit(random) < LOADTEST_ADAPT_EXPLORES)
        return cut;
    return adapt->choice;
}
