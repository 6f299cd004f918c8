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

static void test_best(void)
{
    const uint32_t seed = 20261;
    uint32_t random = seed, there = 0, between = 0;
    printf("seed %u ", seed);
    for (int n = 0; n < 3000; n++) {
        struct subject subject = draw(&random);
        struct planner planner;
        struct planner_choice choice;
        CU_ASSERT_EQUAL_FATAL(planner_init(&planner, subject.steps, subject.bytes, subject.ms), 0);
        CU_ASSERT_EQUAL_FATAL(planner_solve(&planner, &subject.wish, &choice), 0);
        double best_ms = cost_ms(&subject, 0, 0);
        for (uint32_t from = 0; from < subject.steps; from++)
            for (uint32_t to = from + 1; to <= subject.steps; to++)
                best_ms = fmin(best_ms, cost_ms(&subject, from, to));
        CU_ASSERT_DOUBLE_EQUAL_FATAL(choice.ms, best_ms, 1e-9 * best_ms);
        CU_ASSERT_DOUBLE_EQUAL_FATAL(cost_ms(&subject, choice.from, choice.to), best_ms,
                                     1e-9 * best_ms);
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
    CU_ASSERT_EQUAL_FATAL(planner_init(&planner, 2, bytes, ms), 0);
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
    CU_ASSERT_EQUAL_FATAL(planner_init(&planner, 2, bytes, ms), 0);
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

const struct cunit_test tests[] = {
    {"no range of cuts is faster than the one chosen", test_best},
    {"what was measured again changes the choice", test_measured},
    {"a link that nobody has measured is tried once, if a fast one would pay", test_explore},
    {NULL, NULL},
};
