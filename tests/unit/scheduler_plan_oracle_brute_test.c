/* Tests of scheduler/plan/oracle: instances worked out by hand, for each oracle that is built. */
#include "scheduler/plan/oracle/brute.h"
#include "scheduler/plan/oracle/ilp.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <math.h>
#include <string.h>

typedef int solve_function(const struct split_problem *, const struct split_conditions *,
                           const struct split_goal *, struct split_plan *, struct split_error *);

static const struct {
    const char *name;
    solve_function *solve;
} oracles[] = {
    {"brute", split_brute_solve},
#ifdef JOINT_HAS_GLPK
    {"ilp", split_ilp_solve},
#endif
};

#define ORACLES (sizeof(oracles) / sizeof(oracles[0]))

/* A byte up takes 1 ms and 1 mJ, down 0.5 ms and 0.5 mJ. */
static const struct split_network slow = {.up_mbps = 0.008, .down_mbps = 0.016, .beta_mw = 1000};

struct fixture {
    struct split_layer layers[4];
    struct split_profile profile;
    struct split_problem problem;
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_plan plan;
};

/* Layers 2 and 4 are heavy, 1 and 3 light; tensors are small around the heavy ones. Latencies:
 * mobile 10 + 40 + 10 + 40 = 100, cloud 1 + 4 + 1 + 4 = 10 and 8 + 2 for the transfers at the ends.
 */
static void open_fixture(struct fixture *fixture)
{
    static const double mobile_ms[] = {10, 40, 10, 40}, cloud_ms[] = {1, 4, 1, 4};
    static const double output_bytes[] = {2, 4, 2, 4};
    *fixture = (struct fixture){
        .profile = {.batch = 1, .input_bytes = 8, .layer_count = 4, .layers = fixture->layers}};
    for (int i = 0; i < 4; i++)
        fixture->layers[i] = (struct split_layer){.output_bytes = output_bytes[i],
                                                  .mobile_ms = mobile_ms[i],
                                                  .mobile_mj = 2 * mobile_ms[i],
                                                  .cloud_ms = cloud_ms[i]};
    CU_ASSERT_EQUAL_FATAL(
        split_problem_init(&fixture->problem, &fixture->profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&fixture->plan, &fixture->problem), 0);
    split_conditions_default(&fixture->conditions, &slow);
    split_goal_default(&fixture->goal);
}

static void close_fixture(struct fixture *fixture)
{
    split_plan_fini(&fixture->plan);
    split_problem_fini(&fixture->problem);
}

static int solve(struct fixture *fixture, size_t oracle)
{
    return oracles[oracle].solve(&fixture->problem, &fixture->conditions, &fixture->goal,
                                 &fixture->plan, NULL);
}

static void finds_the_best(void)
{
    struct fixture fixture;
    open_fixture(&fixture);
    const struct split_plan *plan = &fixture.plan;
    for (size_t i = 0; i < ORACLES; i++) {
        fixture.goal.objective = SPLIT_LATENCY;
        CU_ASSERT_EQUAL(solve(&fixture, i), 0);
        CU_ASSERT(plan->is_feasible);
        CU_ASSERT_STRING_EQUAL(plan->solver, oracles[i].name);
        CU_ASSERT_DOUBLE_EQUAL(plan->totals.latency_ms, 20, 1e-9); /* all on the cloud */
        CU_ASSERT_EQUAL(plan->totals.transfers, 2);
        CU_ASSERT_DOUBLE_EQUAL(plan->mobile_only.latency_ms, 100, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(plan->cloud_only.latency_ms, 20, 1e-9);
        fixture.goal.objective = SPLIT_ENERGY;
        CU_ASSERT_EQUAL(solve(&fixture, i), 0);
        CU_ASSERT_DOUBLE_EQUAL(plan->totals.energy_mj, 10, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(plan->mobile_only.energy_mj, 200, 1e-9);
    }
    close_fixture(&fixture);
}

/* Of 10 ms of cloud time 8: the two heavy layers, with a round between them on the mobile. */
static void four_transfers_are_best(void)
{
    struct fixture fixture;
    open_fixture(&fixture);
    fixture.layers[0].mobile_ms = fixture.layers[2].mobile_ms = 1;
    split_problem_fini(&fixture.problem);
    CU_ASSERT_EQUAL_FATAL(
        split_problem_init(&fixture.problem, &fixture.profile, SPLIT_INFERENCE, NULL), 0);
    fixture.goal.max_cloud_ms = 8;
    for (size_t i = 0; i < ORACLES; i++) {
        CU_ASSERT_EQUAL(solve(&fixture, i), 0);
        CU_ASSERT_EQUAL(fixture.plan.totals.transfers, 4);
        CU_ASSERT_DOUBLE_EQUAL(fixture.plan.totals.cloud_ms, 8, 1e-9);
        /* 1 + up 2 + 4 + down 2 + 1 + up 2 + 4 + down 2 */
        CU_ASSERT_DOUBLE_EQUAL(fixture.plan.totals.latency_ms, 18, 1e-9);
    }
    close_fixture(&fixture);
}

static void tells_the_nearest(void)
{
    struct fixture fixture;
    open_fixture(&fixture);
    fixture.goal.max_latency_ms = 50;
    fixture.goal.max_cloud_ms = 3;
    const struct split_plan *plan = &fixture.plan;
    for (size_t i = 0; i < ORACLES; i++) {
        CU_ASSERT_EQUAL(solve(&fixture, i), 0);
        CU_ASSERT(!plan->is_feasible);
        CU_ASSERT_EQUAL(plan->part_count, 0);
        CU_ASSERT_DOUBLE_EQUAL(plan->latency_ms.alone, 20, 1e-9);
        /* Layers 2 and 4 are too long; layer 3 costs up 4 + 1 + down 1 in place of 10. */
        CU_ASSERT_DOUBLE_EQUAL(plan->latency_ms.beside_others, 96, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(plan->cloud_ms.alone, 0, 1e-9);
        /* Layers 2 and 4: 10 + up 2 + 4 + down 2 + 10 + 8 = 36; with one of them 58 at least. */
        CU_ASSERT_DOUBLE_EQUAL(plan->cloud_ms.beside_others, 8, 1e-9);
        CU_ASSERT(isinf(plan->energy_mj.alone) && isinf(plan->energy_mj.beside_others));
    }
    close_fixture(&fixture);
}

static void refuses_what_it_cannot_do(void)
{
    struct fixture fixture;
    struct split_error error;
    open_fixture(&fixture);
    fixture.goal.max_cloud_ms = NAN;
    for (size_t i = 0; i < ORACLES; i++)
        CU_ASSERT_EQUAL(solve(&fixture, i), -EINVAL);
    split_goal_default(&fixture.goal);
    struct split_problem problem;
    struct split_layer layers[21] = {{0}};
    const struct split_profile profile = {.batch = 1, .layer_count = 21, .layers = layers};
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL(
        split_brute_solve(&problem, &fixture.conditions, &fixture.goal, &fixture.plan, &error),
        -E2BIG);
    CU_ASSERT_STRING_EQUAL(error.field, "layers");
    split_problem_fini(&problem);
    close_fixture(&fixture);
}

const struct cunit_test tests[] = {
    {"the best plan of four layers is the one worked out by hand", finds_the_best},
    {"with a bound on the cloud's time four transfers can be best", four_transfers_are_best},
    {"where no plan meets the bounds, the nearest values are told", tells_the_nearest},
    {"numbers out of range and networks that are too large are refused", refuses_what_it_cannot_do},
    {NULL, NULL},
};
