/* Tests of scheduler/plan/branch.c: without transfers a bounded plan is a knapsack, which has its
 * own exact algorithm. */
#include "scheduler/plan/branch.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_STEPS = 60,
    MAX_CLOUD_MS = 1000,
};

static const struct split_network network = {.up_mbps = 1, .down_mbps = 1};

struct fixture {
    struct split_layer layers[MAX_STEPS];
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_plan plan;
    struct split_branch branch;
};

static uint32_t below(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % limit;
}

/* Layers whose cloud takes no latency to speak of: cloud_ms counts against the bound, and what is
 * saved is mobile_ms - cloud_ms. */
static void open_fixture(struct fixture *fixture, uint32_t seed, uint32_t steps)
{
    uint32_t state = seed;
    *fixture =
        (struct fixture){.profile = {.batch = 1, .layer_count = steps, .layers = fixture->layers}};
    for (uint32_t i = 0; i < steps; i++) {
        fixture->layers[i].cloud_ms = 1 + below(&state, 20);
        fixture->layers[i].mobile_ms = fixture->layers[i].cloud_ms + below(&state, 40);
        fixture->layers[i].mobile_mj = below(&state, 40);
    }
    CU_ASSERT_EQUAL_FATAL(
        split_problem_init(&fixture->problem, &fixture->profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&fixture->plan, &fixture->problem), 0);
    CU_ASSERT_EQUAL_FATAL(split_branch_init(&fixture->branch, &fixture->problem), 0);
    split_conditions_default(&fixture->conditions, &network);
    split_goal_default(&fixture->goal);
}

static void close_fixture(struct fixture *fixture)
{
    split_branch_fini(&fixture->branch);
    split_plan_fini(&fixture->plan);
    split_problem_fini(&fixture->problem);
}

static int solve(struct fixture *fixture, uint64_t max_work)
{
    return split_branch_solve(&fixture->branch, &fixture->conditions, &fixture->goal, max_work,
                              &fixture->plan);
}

/* least[c]: of the mobile's and cloud's time, with at most c of the cloud's. */
static double knapsack(const struct fixture *fixture, uint32_t cloud_ms)
{
    double least[MAX_CLOUD_MS + 1] = {0};
    for (uint32_t i = 0; i < fixture->profile.layer_count; i++) {
        const struct split_layer *layer = &fixture->layers[i];
        const uint32_t size = (uint32_t)layer->cloud_ms;
        for (uint32_t c = cloud_ms + 1; c-- > 0;) {
            const double mobile = least[c] + layer->mobile_ms;
            least[c] = c < size ? mobile : fmin(mobile, least[c - size] + layer->cloud_ms);
        }
    }
    return least[cloud_ms];
}

static void fills_knapsacks(void)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        struct fixture fixture;
        open_fixture(&fixture, seed, 1 + seed % MAX_STEPS);
        const uint32_t cloud_ms = seed % 7 * fixture.profile.layer_count;
        fixture.goal.max_cloud_ms = cloud_ms;
        int err = solve(&fixture, UINT64_C(1) << 32);
        CU_ASSERT_EQUAL(err, 0);
        const double expected = knapsack(&fixture, cloud_ms);
        CU_ASSERT_DOUBLE_EQUAL(fixture.plan.totals.latency_ms, expected, 1e-6);
        CU_ASSERT(fixture.plan.totals.cloud_ms <= cloud_ms * (1 + 1e-9));
        if (err || fabs(fixture.plan.totals.latency_ms - expected) > 1e-6)
            printf("seed %u\n", seed);
        close_fixture(&fixture);
    }
}

/* The least cloud time that a latency allows is the same knapsack turned round. */
static void tells_the_nearest(void)
{
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct fixture fixture;
        open_fixture(&fixture, seed, 1 + seed % 30);
        uint32_t cloud_ms = 0;
        const double most = knapsack(&fixture, 0), least = knapsack(&fixture, MAX_CLOUD_MS);
        fixture.goal.max_latency_ms = ceil((most + least) / 2);
        fixture.goal.max_cloud_ms = 0;
        while (knapsack(&fixture, cloud_ms) > fixture.goal.max_latency_ms)
            cloud_ms++;
        CU_ASSERT_EQUAL(solve(&fixture, UINT64_C(1) << 32), 0);
        CU_ASSERT_EQUAL(fixture.plan.is_feasible, cloud_ms == 0);
        if (!fixture.plan.is_feasible) {
            CU_ASSERT_DOUBLE_EQUAL(fixture.plan.cloud_ms.beside_others, cloud_ms, 1e-6);
            CU_ASSERT_DOUBLE_EQUAL(fixture.plan.cloud_ms.alone, 0, 1e-9);
            CU_ASSERT_DOUBLE_EQUAL(fixture.plan.latency_ms.alone, least, 1e-6);
            CU_ASSERT_DOUBLE_EQUAL(fixture.plan.latency_ms.beside_others, most, 1e-6);
        }
        close_fixture(&fixture);
    }
}

static void gives_up_in_time(void)
{
    struct fixture fixture;
    open_fixture(&fixture, 7, MAX_STEPS);
    fixture.goal.max_cloud_ms = 101;
    CU_ASSERT_EQUAL(solve(&fixture, 1), -E2BIG);
    CU_ASSERT_EQUAL(solve(&fixture, UINT64_C(1) << 32), 0);
    const double best = fixture.plan.totals.latency_ms;
    CU_ASSERT_STRING_EQUAL(fixture.plan.solver, "branch-and-bound");
    fixture.goal.epsilon = 0.05;
    CU_ASSERT_EQUAL(solve(&fixture, UINT64_C(1) << 32), 0);
    CU_ASSERT(fixture.plan.totals.latency_ms <= best * 1.05);
    CU_ASSERT(fixture.plan.totals.cloud_ms <= 101);
    fixture.goal.max_cloud_ms = INFINITY;
    CU_ASSERT_EQUAL(solve(&fixture, UINT64_C(1) << 32), 0);
    CU_ASSERT_STRING_EQUAL(fixture.plan.solver, "min-cut");
    close_fixture(&fixture);
}

const struct cunit_test tests[] = {
    {"networks without transfers are knapsacks, and are filled as such", fills_knapsacks},
    {"an infeasible bound is told the least that the knapsack allows", tells_the_nearest},
    {"work is bounded, and epsilon keeps its promise", gives_up_in_time},
    {NULL, NULL},
};
