/* The planner's choice against every range of cuts, by a formula of its own. */
#include "scheduler/client/planner.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_STEPS 12

static double uniform(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) / 16777216.0;
}

/* A planner whose steps take so long, measured here. */
static void begin(struct planner *planner, uint32_t steps, const double *bytes, const double *ms)
{
    struct device_costs costs;
    CU_ASSERT_EQUAL_FATAL(device_costs_init(&costs, steps), 0);
    for (uint32_t i = 0; i < steps; i++)
        costs.steps[i] = (struct device_step){.mobile_ms = ms[i], .cloud_ms = ms[i]};
    CU_ASSERT_EQUAL_FATAL(planner_init(planner, &costs, bytes, true), 0);
    device_costs_fini(&costs);
}

struct subject {
    uint32_t steps;
    double bytes[MAX_STEPS + 1], ms[MAX_STEPS];
    struct planner_wish wish;
};

static struct subject draw(uint32_t *random)
{
    struct subject subject = {.steps = 1 + (uint32_t)(uniform(random) * (MAX_STEPS - 1))};
    const struct split_network network = {.up_mbps = 1 + 50 * uniform(random),
                                          .down_mbps = 1 + 100 * uniform(random),
                                          .rtt_ms = 20 * uniform(random)};
    for (uint32_t i = 0; i <= subject.steps; i++)
        subject.bytes[i] = floor(exp(4 + 9 * uniform(random)));
    for (uint32_t i = 0; i < subject.steps; i++)
        subject.ms[i] = 0.1 + 30 * uniform(random);
    split_conditions_default(&subject.wish.conditions, &network);
    subject.wish.conditions.load.k = 0.05 + 1.2 * uniform(random);
    subject.wish.conditions.load.wait_ms = 20 * uniform(random) * (uniform(random) < 0.5);
    subject.wish.rows = 1 + (uint32_t)(uniform(random) * 4);
    subject.wish.up_share = uniform(random) < 0.5 ? 1 : 0.25;
    subject.wish.down_share = uniform(random) < 0.5 ? 1 : 0.5;
    return subject;
}

/* What a range costs; from == to: all here. */
static double cost_ms(const struct subject *subject, uint32_t from, uint32_t to)
{
    const struct planner_wish *wish = &subject->wish;
    const struct split_conditions *conditions = &wish->conditions;
    double ms = 0;
    for (uint32_t i = 0; i < subject->steps; i++)
        ms += wish->rows * subject->ms[i] * (i >= from && i < to ? conditions->load.k : 1);
    if (from < to) {
        ms += wish->rows * subject->bytes[from] * wish->up_share * 8 /
              (conditions->network.up_mbps * 1e3);
        ms += wish->rows * subject->bytes[to] * wish->down_share * 8 /
              (conditions->network.down_mbps * 1e3);
        ms += conditions->network.rtt_ms + conditions->load.wait_ms;
    }
    return ms;
}

/* Each part by itself, and their sum. */
static void check_parts(const struct planner *planner, const struct subject *subject, uint32_t from,
                        uint32_t to)
{
    const struct planner_wish *wish = &subject->wish;
    const struct split_conditions *conditions = &wish->conditions;
    const double ms = cost_ms(subject, from, to), near = 1e-9 * ms + 1e-12;
    struct planner_parts parts;
    double server_ms = 0;
    for (uint32_t i = from; i < to; i++)
        server_ms += wish->rows * subject->ms[i] * conditions->load.k;
    planner_parts(planner, wish, from, to, &parts);
    CU_ASSERT_DOUBLE_EQUAL(planner_cost_ms(planner, wish, from, to), ms, near);
    CU_ASSERT_DOUBLE_EQUAL(parts.total_ms, ms, near);
    CU_ASSERT_DOUBLE_EQUAL(parts.server_ms, server_ms, near);
    CU_ASSERT_DOUBLE_EQUAL(parts.wait_ms, from < to ? conditions->load.wait_ms : 0, near);
    CU_ASSERT_DOUBLE_EQUAL(parts.uplink_ms,
                           from < to ? wish->rows * subject->bytes[from] * wish->up_share * 8 /
                                           (conditions->network.up_mbps * 1e3)
                                     : 0,
                           near);
    CU_ASSERT_DOUBLE_EQUAL(parts.device_ms + parts.uplink_ms + parts.round_trip_ms + parts.wait_ms +
                               parts.server_ms + parts.downlink_ms,
                           ms, near);
}

static void test_best(void)
{
    const uint32_t seed = 20261;
    uint32_t random = seed, there = 0, between = 0;
    printf("seed %u ", seed);
    for (int n = 0; n < 3000; n++) {
        struct subject subject = draw(&random);
        struct planner planner;
        struct planner_choice choice;
        begin(&planner, subject.steps, subject.bytes, subject.ms);
        CU_ASSERT_EQUAL_FATAL(planner_solve(&planner, &subject.wish, &choice), 0);
        double best_ms = cost_ms(&subject, 0, 0);
        for (uint32_t from = 0; from < subject.steps; from++)
            for (uint32_t to = from + 1; to <= subject.steps; to++)
                best_ms = fmin(best_ms, cost_ms(&subject, from, to));
        CU_ASSERT_DOUBLE_EQUAL_FATAL(choice.ms, best_ms, 1e-9 * best_ms);
        CU_ASSERT_DOUBLE_EQUAL_FATAL(cost_ms(&subject, choice.from, choice.to), best_ms,
                                     1e-9 * best_ms);
        for (uint32_t from = 0; from <= subject.steps; from++)
            for (uint32_t to = from; to <= subject.steps; to++)
                check_parts(&planner, &subject, from, to);
        there += choice.from < choice.to;
        between += choice.from > 0 && choice.from < choice.to;
        planner_fini(&planner);
    }
    CU_ASSERT_TRUE(there > 300 && there < 2700 && between > 30);
}

static void test_measured(void)
{
    const double bytes[] = {1000, 1000, 1000}, ms[] = {10, 10};
    struct planner planner;
    struct planner_choice choice;
    const struct split_network network = {.up_mbps = 8, .down_mbps = 8, .rtt_ms = 10};
    struct planner_wish wish = {.rows = 1, .up_share = 1, .down_share = 1};
    split_conditions_default(&wish.conditions, &network);
    wish.conditions.load.k = 0.5;
    begin(&planner, 2, bytes, ms);
    CU_ASSERT_EQUAL(planner_solve(&planner, &wish, &choice), 0);
    CU_ASSERT_EQUAL(choice.from, choice.to); /* 10 + 2 ms of network to save 10 of 20 */
    for (int i = 0; i < 50; i++)
        planner_measured(&planner, 1, 40); /* the second step has become slow here */
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 0, 2), 50, 0.01);
    CU_ASSERT_EQUAL(planner_solve(&planner, &wish, &choice), 0);
    CU_ASSERT_EQUAL(choice.to, 2);
    CU_ASSERT_DOUBLE_EQUAL(choice.ms, 10 + 2 + 25, 0.01);
    planner_fini(&planner);
}

static void test_explore(void)
{
    const double bytes[] = {10000, 10000, 1}, ms[] = {10, 10};
    struct planner planner;
    struct planner_choice choice;
    const struct split_network network = {.up_mbps = 2, .down_mbps = 2, .rtt_ms = 1};
    struct planner_wish wish = {.rows = 1, .up_share = 1, .down_share = 1};
    split_conditions_default(&wish.conditions, &network);
    wish.conditions.load.k = 0.1;
    begin(&planner, 2, bytes, ms);
    CU_ASSERT_EQUAL(planner_solve(&planner, &wish, &choice), 0);
    CU_ASSERT_EQUAL(choice.from, choice.to); /* 40 ms up */
    CU_ASSERT_EQUAL(planner_explore(&planner, &wish, &choice), 0);
    CU_ASSERT_EQUAL(choice.from, 0); /* 5 ms up, if the link is that fast */
    CU_ASSERT_EQUAL(choice.to, 2);
    CU_ASSERT_DOUBLE_EQUAL(choice.ms, 40 + 1 + 2 + 0.004, 1e-9);
    wish.conditions.load.k = 3; /* a slow server is worth no try */
    CU_ASSERT_EQUAL(planner_explore(&planner, &wish, &choice), 0);
    CU_ASSERT_EQUAL(choice.from, choice.to);
    planner_fini(&planner);
}

/* A profile of four layers, two cuts between them: fused blocks are cheaper than their layers, and
 * the best grouping of each range counts. Radio: 100 mW/Mbit/s up, base 1 W. */
static void test_profile(void)
{
    struct split_layer layers[4] = {
        {.output_bytes = 8, .mobile_ms = 20, .mobile_mj = 10, .cloud_ms = 4},
        {.output_bytes = 1000, .mobile_ms = 20, .mobile_mj = 10, .cloud_ms = 4},
        {.output_bytes = 500, .mobile_ms = 20, .mobile_mj = 10, .cloud_ms = 4},
        {.output_bytes = 100, .mobile_ms = 20, .mobile_mj = 10, .cloud_ms = 4}};
    struct split_block blocks[2] = {
        {.first = 1, .last = 2, .mobile_ms = 30, .mobile_mj = 12, .cloud_ms = 9},
        {.first = 3, .last = 4, .mobile_ms = 26, .mobile_mj = 14, .cloud_ms = 6}};
    const struct split_profile profile = {.batch = 2,
                                          .input_bytes = 2000,
                                          .layer_count = 4,
                                          .layers = layers,
                                          .block_count = 2,
                                          .blocks = blocks};
    const uint32_t cut_layers[] = {0, 2, 3, 4};
    const double bytes[] = {2000, 1000, 500, 100};
    const struct split_network network = {.up_mbps = 8,
                                          .down_mbps = 16,
                                          .rtt_ms = 3,
                                          .alpha_up_mw_per_mbps = 100,
                                          .alpha_down_mw_per_mbps = 50,
                                          .beta_mw = 1000};
    struct planner_wish wish = {.rows = 3, .up_share = 0.5, .down_share = 1};
    struct device_costs costs;
    struct planner planner;
    struct planner_parts parts;
    struct planner_choice choice;
    split_conditions_default(&wish.conditions, &network);
    wish.conditions.load.k = 2;
    CU_ASSERT_EQUAL_FATAL(device_costs_take(&costs, &profile, cut_layers, 3), 0);
    CU_ASSERT_TRUE(costs.has_energy);
    CU_ASSERT_EQUAL_FATAL(planner_init(&planner, &costs, bytes, false), 0);
    device_costs_fini(&costs);
    /* Of a batch of two, for one row: as layers 10 each, as blocks 15 + 13; there 2, 4.5 + 3. */
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 0, 1), 15, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 1, 3), 13, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 0, 3), 28, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 0, 2), 25, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_server_ms(&planner, 0, 2), 4 + 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_server_ms(&planner, 1, 3), 3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 2, 2), 0, 0);
    planner_measured(&planner, 0, 1000); /* a profile stays */
    CU_ASSERT_DOUBLE_EQUAL(planner_local_ms(&planner, 0, 3), 28, 1e-9);
    /* Three rows from cut 1 on: 1,000 bytes each, halved, at 1 ms a 1,000 bytes; down half of it.
     */
    planner_parts(&planner, &wish, 1, 3, &parts);
    CU_ASSERT_DOUBLE_EQUAL(parts.device_ms, 45, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.uplink_ms, 1.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.server_ms, 18, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.downlink_ms, 0.15, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.total_ms, 45 + 1.5 + 3 + 18 + 0.15, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.device_mj, 3 * 6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.radio_mj, 1.5 * 1.8 + 0.15 * 1.8, 1e-9);
    planner_parts(&planner, &wish, 0, 0, &parts);
    CU_ASSERT_DOUBLE_EQUAL(parts.device_mj, 3 * (6 + 7), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(parts.radio_mj, 0, 1e-9);
    CU_ASSERT_EQUAL(planner_solve(&planner, &wish, &choice), 0);
    double best_ms = planner_cost_ms(&planner, &wish, 0, 0);
    for (uint32_t from = 0; from < 3; from++)
        for (uint32_t to = from + 1; to <= 3; to++)
            best_ms = fmin(best_ms, planner_cost_ms(&planner, &wish, from, to));
    CU_ASSERT_DOUBLE_EQUAL(choice.ms, best_ms, 1e-9);
    planner_fini(&planner);
}

const struct cunit_test tests[] = {
    {"no range of cuts is faster than the one chosen, and its parts add up", test_best},
    {"a profile's layers and blocks are what the device and the server take", test_profile},
    {"what was measured again changes the choice", test_measured},
    {"a link that nobody has measured is tried once, if a fast one would pay", test_explore},
    {NULL, NULL},
};
