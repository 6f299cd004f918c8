/* Tests of scheduler/loadtest/adapt.c and costs.c: costs beside their definition, choices beside
 * what was told. */
#include "scheduler/loadtest/adapt.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define S UINT64_C(1000000000)
#define SEED 7

/* Three layers: 40, 20, 10 ms on the phone, a tenth of that on the server; 10 Mbit/s, 8 ms. */
static struct loadtest_costs make(void)
{
    struct split_layer layers[3] = {
        {.output_bytes = 50000, .mobile_ms = 40, .cloud_ms = 4},
        {.output_bytes = 10000, .mobile_ms = 20, .cloud_ms = 2},
        {.output_bytes = 1000, .mobile_ms = 10, .cloud_ms = 1},
    };
    const struct split_profile profile = {
        .batch = 1, .input_bytes = 20000, .layer_count = 3, .layers = layers};
    const struct split_network network = {.up_mbps = 10, .down_mbps = 20, .rtt_ms = 8};
    const uint32_t cut_layers[] = {0, 1, 2, 3};
    struct split_error error;
    struct loadtest_costs costs;
    CU_ASSERT_EQUAL_FATAL(loadtest_costs_init(&costs, &profile, cut_layers, 4, &network, &error),
                          0);
    return costs;
}

static void costs_are_layers_and_transfers(void)
{
    struct loadtest_costs costs = make();
    CU_ASSERT_EQUAL_FATAL(costs.count, 3);
    /* 8 bits a byte at 10 Mbit/s up, 20 down; a round trip in all. */
    CU_ASSERT_DOUBLE_EQUAL(costs.cuts[0].ms, 20000 * 8 / 1e4 + 8 + 7 + 1000 * 8 / 2e4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(costs.cuts[1].ms, 40 + 50000 * 8 / 1e4 + 8 + 3 + 0.4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(costs.cuts[2].ms, 60 + 10000 * 8 / 1e4 + 8 + 1 + 0.4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(costs.cuts[0].cloud_ms, 7, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(costs.cuts[2].cloud_ms, 1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(costs.mobile_ms, 70, 1e-9);
    loadtest_costs_fini(&costs);
}

static struct loadtest_adapt begin(const struct loadtest_costs *costs,
                                   struct loadtest_random *random)
{
    struct loadtest_adapt adapt;
    loadtest_adapt_init(&adapt, costs, random, 0);
    return adapt;
}

static struct jtp_load waits(double wait_ms)
{
    return (struct jtp_load){.predicted_wait_us = (uint32_t)(wait_ms * 1000),
                             .utilization_permille = 1000,
                             .switch_gain = 38};
}

/* How many of so many requests, 20 ms apart, go to the server. */
static uint32_t count_sent(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                           struct loadtest_random *random, double wait_ms, uint64_t *now_ns,
                           uint32_t requests)
{
    const struct jtp_load load = waits(wait_ms);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < requests; i++, *now_ns += S / 50) {
        if (wait_ms >= 0)
            loadtest_adapt_told(adapt, &load, random, *now_ns);
        sent += loadtest_adapt_choose(adapt, costs, 0, random, *now_ns) != LOADTEST_ADAPT_LOCAL;
    }
    return sent;
}

static void a_free_server_is_asked_and_a_full_one_is_not(void)
{
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    struct loadtest_adapt adapt = begin(&costs, &random);
    uint64_t now_ns = S;
    printf("(seed %d) ", SEED);
    CU_ASSERT_EQUAL(adapt.choice, 0);
    CU_ASSERT_EQUAL(count_sent(&adapt, &costs, &random, 0, &now_ns, 500), 500);
    count_sent(&adapt, &costs, &random, 300, &now_ns, 500); /* turns at some time in here */
    CU_ASSERT_EQUAL(adapt.choice, LOADTEST_ADAPT_LOCAL);
    const uint32_t explored = count_sent(&adapt, &costs, &random, 300, &now_ns, 20000);
    CU_ASSERT_DOUBLE_EQUAL(explored, 200, 5 * sqrt(200)); /* 1 %, five deviations */
    count_sent(&adapt, &costs, &random, 0, &now_ns, 500);
    CU_ASSERT_EQUAL(adapt.choice, 0);
    /* 31.4 ms and a wait of 35 are still less than 70 on the phone. */
    adapt = begin(&costs, &random);
    CU_ASSERT_EQUAL(count_sent(&adapt, &costs, &random, 35, &now_ns, 500), 500);
    loadtest_costs_fini(&costs);
}

static void what_has_expired_turns_nobody_but_is_asked_for(void)
{
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    struct loadtest_adapt adapt = begin(&costs, &random);
    const struct jtp_load load = waits(300);
    uint64_t now_ns = S;
    loadtest_adapt_told(&adapt, &load, &random, now_ns);
    now_ns += S; /* half a second too old */
    CU_ASSERT_EQUAL(count_sent(&adapt, &costs, &random, -1, &now_ns, 1000), 1000);
    CU_ASSERT_TRUE(adapt.wants_probe);
    loadtest_adapt_told(&adapt, &load, &random, now_ns);
    CU_ASSERT_FALSE(adapt.wants_probe);
    loadtest_adapt_choose(&adapt, &costs, 0, &random, now_ns);
    CU_ASSERT_FALSE(adapt.wants_probe);
    loadtest_costs_fini(&costs);
}

static void a_small_gain_changes_nothing(void)
{
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    struct loadtest_adapt adapt = begin(&costs, &random);
    uint64_t now_ns = S;
    /* 31.4 + 44 is 75.4: 70 on the phone would be 7 % less. */
    CU_ASSERT_EQUAL(count_sent(&adapt, &costs, &random, 44, &now_ns, 5000), 5000);
    loadtest_costs_fini(&costs);
}

/* Thousands are told the same at once; how many of them turn with their next request. */
static void not_all_turn_at_once(void)
{
    enum { PHONES = 20000 };
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    const struct jtp_load load = waits(108.6); /* 140 ms: the phone takes half of that */
    uint32_t turned = 0;
    for (uint32_t i = 0; i < PHONES; i++) {
        struct loadtest_adapt adapt = begin(&costs, &random);
        loadtest_adapt_told(&adapt, &load, &random, S);
        loadtest_adapt_choose(&adapt, &costs, 0, &random, S);
        turned += adapt.choice == LOADTEST_ADAPT_LOCAL;
    }
    const double chance = 0.5 * 38 / 255;
    CU_ASSERT_DOUBLE_EQUAL(turned, PHONES * chance, 5 * sqrt(PHONES * chance));
    loadtest_costs_fini(&costs);
}

static void a_slow_server_gets_less_of_the_network(void)
{
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    struct loadtest_adapt adapt = begin(&costs, &random);
    const struct jtp_load load = waits(0);
    uint64_t now_ns = S;
    /* Thirty times slower than the profile says: its 7 ms are 210. */
    for (uint32_t i = 0; i < 500; i++, now_ns += S / 50) {
        const uint32_t cut = loadtest_adapt_choose(&adapt, &costs, 0, &random, now_ns);
        loadtest_adapt_told(&adapt, &load, &random, now_ns);
        if (cut != LOADTEST_ADAPT_LOCAL)
            loadtest_adapt_answered(&adapt, &costs, cut, 30 * costs.cuts[cut].cloud_ms, now_ns);
    }
    CU_ASSERT_EQUAL(adapt.choice, LOADTEST_ADAPT_LOCAL);
    loadtest_costs_fini(&costs);
}

static void credits_and_patience_are_obeyed(void)
{
    struct loadtest_costs costs = make();
    struct loadtest_random random = {SEED};
    struct loadtest_adapt adapt = begin(&costs, &random);
    struct jtp_load load = waits(0);
    load.credits = 2;
    loadtest_adapt_told(&adapt, &load, &random, S);
    CU_ASSERT_EQUAL(loadtest_adapt_choose(&adapt, &costs, 1, &random, S), 0);
    CU_ASSERT_EQUAL(loadtest_adapt_choose(&adapt, &costs, 2, &random, S), LOADTEST_ADAPT_LOCAL);
    CU_ASSERT_EQUAL(loadtest_adapt_choose(&adapt, &costs, 0, &random, S), 0);
    loadtest_adapt_failed(&adapt, S, &random,
                          S); /* half a second at least, one and a half at most */
    CU_ASSERT_EQUAL(loadtest_adapt_choose(&adapt, &costs, 0, &random, S + S / 2 - 1),
                    LOADTEST_ADAPT_LOCAL);
    CU_ASSERT_EQUAL(loadtest_adapt_choose(&adapt, &costs, 0, &random, S + 3 * S / 2 + 1), 0);
    loadtest_costs_fini(&costs);
}

const struct cunit_test tests[] = {
    {"costs are layers and transfers", costs_are_layers_and_transfers},
    {"a free server is asked, and a full one is but explored",
     a_free_server_is_asked_and_a_full_one_is_not},
    {"what has expired turns nobody, and is asked for",
     what_has_expired_turns_nobody_but_is_asked_for},
    {"a small gain changes nothing", a_small_gain_changes_nothing},
    {"of those told the same, not all turn at once", not_all_turn_at_once},
    {"a slow server gets less of the network", a_slow_server_gets_less_of_the_network},
    {"credits and retry-after are obeyed", credits_and_patience_are_obeyed},
    {NULL, NULL},
};
