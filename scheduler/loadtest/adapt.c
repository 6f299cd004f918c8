/* A phone's choice: the fastest split under what is to be expected of the server, damped. */
#include "scheduler/loadtest/adapt.h"

struct belief {
    double wait_ms, k;
};

static const struct belief unloaded = {0, 1};

static struct belief believe(const struct loadtest_adapt *adapt, uint64_t now_ns)
{
    struct split_conditions conditions;
    estimate_conditions(&adapt->estimate, now_ns, &conditions);
    return (struct belief){conditions.load.wait_ms, conditions.load.k};
}

static double cost_ms(const struct loadtest_costs *costs, uint32_t choice,
                      const struct belief *belief)
{
    if (choice == LOADTEST_ADAPT_LOCAL)
        return costs->mobile_ms;
    const struct loadtest_cost *cost = &costs->cuts[choice];
    return cost->ms + (belief->k - 1) * cost->cloud_ms + belief->wait_ms;
}

/* The choice that takes least; on a tie, the server's. */
static uint32_t find_best(const struct loadtest_costs *costs, const struct belief *belief)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < costs->count; i++)
        if (cost_ms(costs, i, belief) < cost_ms(costs, best, belief))
            best = i;
    return costs->mobile_ms < cost_ms(costs, best, belief) ? LOADTEST_ADAPT_LOCAL : best;
}

void loadtest_adapt_init(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                         struct loadtest_random *random, uint64_t now_ns)
{
    *adapt = (struct loadtest_adapt){.choice = find_best(costs, &unloaded)};
    estimate_init(&adapt->estimate, 1, 1, 1);
    damping_init(&adapt->damping, &random->state, now_ns);
}

void loadtest_adapt_told(struct loadtest_adapt *adapt, const struct jtp_load *load,
                         struct loadtest_random *random, uint64_t now_ns)
{
    adapt->wants_probe = false;
    estimate_load(&adapt->estimate, load, &random->state, now_ns);
}

void loadtest_adapt_answered(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                             uint32_t cut, double compute_ms, uint64_t now_ns)
{
    const struct estimate_sample sample = {.compute_ns = (uint64_t)(compute_ms * 1e6),
                                           .base_ns = (uint64_t)(costs->cuts[cut].cloud_ms * 1e6)};
    estimate_answer(&adapt->estimate, &sample, now_ns);
    damping_answered(&adapt->damping);
}

void loadtest_adapt_failed(struct loadtest_adapt *adapt, uint64_t retry_after_ns,
                           struct loadtest_random *random, uint64_t now_ns)
{
    damping_failed(&adapt->damping, retry_after_ns, &random->state, now_ns);
}

/* What is held, or was turned to, or is explored. */
static uint32_t damp(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                     struct loadtest_random *random, uint64_t now_ns)
{
    const struct belief belief = believe(adapt, now_ns);
    const uint32_t best = find_best(costs, &belief), best_unloaded = find_best(costs, &unloaded);
    const double told_gain = estimate_switch_gain(&adapt->estimate);
    const struct damping_offer offer = {
        .held_ms = cost_ms(costs, adapt->choice, &belief),
        .best_ms = cost_ms(costs, best, &belief),
        .is_same = best == adapt->choice,
        .is_here = adapt->choice == LOADTEST_ADAPT_LOCAL,
        .is_full = best_unloaded != LOADTEST_ADAPT_LOCAL,
        .is_expired = freshness_is_expired(&adapt->estimate.freshness, now_ns),
        .switch_gain = told_gain > 0 ? told_gain : DAMPING_SWITCH_GAIN,
    };
    switch (damping_choose(&adapt->damping, &offer, &random->state, now_ns)) {
    case DAMPING_TURNS:
        adapt->choice = best;
        return best;
    case DAMPING_EXPLORES_ONCE:
        return best_unloaded;
    case DAMPING_BLOCKED:
        return LOADTEST_ADAPT_LOCAL;
    default:
        return adapt->choice;
    }
}

uint32_t loadtest_adapt_choose(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                               uint32_t open, struct loadtest_random *random, uint64_t now_ns)
{
    const uint32_t credits = adapt->estimate.load.credits; /* 0: no advice */
    adapt->wants_probe = freshness_use(&adapt->estimate.freshness, now_ns);
    const uint32_t choice = damp(adapt, costs, random, now_ns);
    return credits > 0 && open >= credits ? LOADTEST_ADAPT_LOCAL : choice;
}
