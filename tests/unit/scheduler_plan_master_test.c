/* Tests of scheduler/plan/master.c: mixtures of random plans, each proved best by its prices. */
#include "scheduler/plan/master.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PLANS = 40,
};

static double unit(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / (double)(1 << 24);
}

static double price_of(const struct split_master *master, const struct split_master_prices *prices,
                       const struct split_master_column *plan)
{
    double price = prices->is_within ? plan->cost : 0;
    for (unsigned i = 0; i < master->bound_count; i++)
        price += prices->multipliers[i] * (plan->uses[i] - master->limits[i]);
    return price;
}

/* Enters the plan with the least price until none is below the mixture's value. */
static bool mix(struct split_master *master, const struct split_master_column *plans,
                struct split_master_prices *prices)
{
    split_master_start(master, &plans[0]);
    for (int i = 0; i < 1000; i++) {
        unsigned best = 0;
        if (!split_master_price(master, prices))
            return false;
        for (unsigned p = 1; p < PLANS; p++)
            if (price_of(master, prices, &plans[p]) < price_of(master, prices, &plans[best]))
                best = p;
        if (price_of(master, prices, &plans[best]) >= prices->value - 1e-12)
            return true;
        if (!split_master_enter(master, &plans[best]))
            return false;
    }
    return false;
}

/* The shares are a mixture of the cost that prices claim, and within the bounds as they claim. */
static bool is_a_mixture(const struct split_master *master,
                         const struct split_master_prices *prices)
{
    double share = 0, cost = 0, uses[SPLIT_MASTER_BOUNDS] = {0}, missing = 0;
    for (unsigned i = 0; i <= master->bound_count; i++) {
        const struct split_master_column *column = &master->basis[i];
        if (column->share < 0)
            return false;
        if (column->kind != SPLIT_MASTER_PLAN)
            continue;
        share += column->share;
        cost += column->share * column->cost;
        for (unsigned b = 0; b < master->bound_count; b++)
            uses[b] += column->share * column->uses[b];
    }
    for (unsigned b = 0; b < master->bound_count; b++)
        missing += fmax(0, uses[b] - master->limits[b]);
    if (fabs(share - 1) > 1e-9)
        return false;
    return prices->is_within ? missing < 1e-9 && fabs(cost - prices->value) < 1e-9
                             : fabs(missing - prices->value) < 1e-9;
}

/* By duality: multipliers >= 0 at which no plan has a price below the mixture's cost prove that no
 * mixture costs less. */
static void finds_the_best_mixture(void)
{
    int within = 0, beyond = 0;
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        uint32_t state = seed;
        struct split_master master = {.bound_count = seed % 3};
        struct split_master_column plans[PLANS];
        struct split_master_prices prices;
        const bool is_coarse = seed % 2; /* many are equal */
        for (unsigned p = 0; p < PLANS; p++) {
            plans[p] = (struct split_master_column){.kind = SPLIT_MASTER_PLAN, .slot = p};
            plans[p].cost = is_coarse ? floor(4 * unit(&state)) : unit(&state);
            for (unsigned b = 0; b < master.bound_count; b++)
                plans[p].uses[b] = is_coarse ? floor(5 * unit(&state)) / 4 : unit(&state);
        }
        for (unsigned b = 0; b < master.bound_count; b++)
            master.limits[b] = is_coarse ? floor(4 * unit(&state)) / 4 : 0.4 * unit(&state);
        const bool is_done = mix(&master, plans, &prices);
        CU_ASSERT(is_done && is_a_mixture(&master, &prices));
        for (unsigned b = 0; is_done && b < master.bound_count; b++)
            CU_ASSERT(prices.multipliers[b] >= 0);
        within += is_done && prices.is_within;
        beyond += is_done && !prices.is_within;
        if (!is_done)
            printf("seed %u\n", seed);
    }
    CU_ASSERT(within > 100);
    CU_ASSERT(beyond > 10);
}

const struct cunit_test tests[] = {
    {"a mixture is the best, or as near its bounds as any, as its prices prove",
     finds_the_best_mixture},
    {NULL, NULL},
};
