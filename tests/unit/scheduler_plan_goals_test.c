/* Tests of what split_solve() promises of any goal: the properties of JointDNN's plans, and
 * instances worked by hand. */
#include "scheduler/plan/solve.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum {
    SEED = 2018,
    CASES = 150,
};

static void solve_profile(const struct split_profile *profile, enum split_mode mode,
                          const struct split_conditions *conditions, const struct split_goal *goal,
                          struct split_totals *totals, char *sides)
{
    struct split_problem problem;
    struct split_solver *solver;
    struct split_plan plan;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, profile, mode, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_solver_create(&problem, NULL, &solver), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
    CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, goal, &plan, NULL), 0);
    *totals = plan.totals;
    for (uint32_t i = 0; i < plan.part_count; i++)
        for (uint32_t step = plan.parts[i].first; step <= plan.parts[i].last; step++)
            *sides++ = plan.parts[i].side == SPLIT_CLOUD ? 'c' : 'm';
    *sides = 0;
    split_plan_fini(&plan);
    split_solver_destroy(solver);
    split_problem_fini(&problem);
}

/* 1 ms for 1000 bytes either way, 1 mJ for 1 ms. */
static const struct split_network plain = {8, 8, 0, 125, 125, 0};

static void half_the_cloud_takes_four_transfers(void)
{
    struct split_layer layers[4];
    const struct split_profile profile = {
        .batch = 1, .input_bytes = 500, .layer_count = 4, .layers = layers};
    for (int i = 0; i < 4; i++)
        layers[i] = (struct split_layer){
            .mobile_ms = i % 2 ? 1 : 10, .cloud_ms = 1, .output_bytes = 500, .mobile_mj = 1};
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_totals totals;
    char sides[8];
    split_conditions_default(&conditions, &plain);
    split_goal_default(&goal);
    solve_profile(&profile, SPLIT_INFERENCE, &conditions, &goal, &totals, sides);
    CU_ASSERT_STRING_EQUAL(sides, "cccm"); /* 0.5 + 3 + 0.5 + 1; the last is a tie but for energy */
    CU_ASSERT_DOUBLE_EQUAL(totals.latency_ms, 5, 1e-12);
    goal.max_cloud_ms = 2;
    solve_profile(&profile, SPLIT_INFERENCE, &conditions, &goal, &totals, sides);
    CU_ASSERT_STRING_EQUAL(sides, "cmcm"); /* (0.5 + 1 + 0.5 + 1) twice */
    CU_ASSERT_DOUBLE_EQUAL(totals.latency_ms, 6, 1e-12);
    CU_ASSERT_EQUAL(totals.transfers, 4);
}

/* Forward 1 2, backward 2 1. The cloud's backward pass of layer 2 costs the download of its
 * weights, 3 ms, and saves 6; that of layer 1 would cost 30 ms. */
static void training_goes_to_the_cloud_and_back(void)
{
    struct split_layer layers[2] = {{.mobile_ms = 1,
                                     .cloud_ms = 1,
                                     .backward_mobile_ms = 2,
                                     .backward_cloud_ms = 1,
                                     .output_bytes = 500,
                                     .weight_bytes = 30000},
                                    {.mobile_ms = 10,
                                     .cloud_ms = 1,
                                     .backward_mobile_ms = 12,
                                     .backward_cloud_ms = 2,
                                     .output_bytes = 200,
                                     .weight_bytes = 3000}};
    const struct split_profile profile = {
        .batch = 1, .input_bytes = 5000, .layer_count = 2, .layers = layers};
    struct split_conditions conditions;
    struct split_goal goal;
    struct split_totals totals;
    char sides[8];
    split_conditions_default(&conditions, &plain);
    split_goal_default(&goal);
    solve_profile(&profile, SPLIT_TRAINING, &conditions, &goal, &totals, sides);
    CU_ASSERT_STRING_EQUAL(sides, "mccm");
    /* 1, up 0.5, 1, 2 + weights 3, down the gradient 0.5, 2 */
    CU_ASSERT_DOUBLE_EQUAL(totals.latency_ms, 10, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(totals.weight_bytes, 3000, 0);
    CU_ASSERT_EQUAL(totals.transfers, 2);
}

static bool is_at_most(double a, double b)
{
    return a <= b * (1 + 2e-9) + 1e-12;
}

static double objective_of(const struct split_totals *totals, const struct split_goal *goal)
{
    return goal->objective == SPLIT_LATENCY ? totals->latency_ms : totals->energy_mj;
}

/* A bound that the free plan meets changes nothing; tighter ones make it no better. */
static void check_bounds(struct split_solver *solver, const struct split_conditions *conditions,
                         const struct split_goal *free_goal, struct split_plan *plan,
                         struct split_random *random)
{
    const struct split_totals free_totals = plan->totals;
    const double own[] = {free_totals.latency_ms, free_totals.energy_mj, free_totals.cloud_ms};
    for (int i = 0; i < 3; i++) {
        struct split_goal goal = *free_goal;
        double *bounds[] = {&goal.max_latency_ms, &goal.max_energy_mj, &goal.max_cloud_ms};
        *bounds[i] = own[i];
        CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, &goal, plan, NULL), 0);
        CU_ASSERT(plan->is_feasible);
        CU_ASSERT(
            is_at_most(objective_of(&plan->totals, &goal), objective_of(&free_totals, &goal)));
        double last = objective_of(&plan->totals, &goal);
        for (int step = 0; step < 4;
             step++) { /* down to what is infeasible, and there to nearest */
            *bounds[i] *= 0.5 + 0.5 * split_random_unit(random);
            CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, &goal, plan, NULL), 0);
            if (!plan->is_feasible) {
                const struct split_nearest nearest[] = {plan->latency_ms, plan->energy_mj,
                                                        plan->cloud_ms};
                CU_ASSERT(nearest[i].alone > *bounds[i]);
                *bounds[i] = nearest[i].alone;
                CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, &goal, plan, NULL), 0);
                CU_ASSERT(plan->is_feasible);
                break;
            }
            CU_ASSERT(is_at_most(last, objective_of(&plan->totals, &goal)));
            last = objective_of(&plan->totals, &goal);
        }
    }
}

static void check_case(struct split_solver *solver, const struct split_conditions *conditions,
                       enum split_objective objective, struct split_plan *plan,
                       struct split_random *random)
{
    struct split_goal goal;
    split_goal_default(&goal);
    goal.objective = objective;
    CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, &goal, plan, NULL), 0);
    const double best = objective_of(&plan->totals, &goal);
    CU_ASSERT(is_at_most(best, objective_of(&plan->mobile_only, &goal)));
    CU_ASSERT(is_at_most(best, objective_of(&plan->cloud_only, &goal)));
    check_bounds(solver, conditions, &goal, plan, random);
    goal.max_cloud_ms = 0;
    CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, &goal, plan, NULL), 0);
    CU_ASSERT_EQUAL(plan->totals.transfers, 0);
    CU_ASSERT_DOUBLE_EQUAL(objective_of(&plan->totals, &goal),
                           objective_of(&plan->mobile_only, &goal), 1e-9 * best);
}

static void has_the_papers_properties(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < CASES; i++) {
        struct split_case one;
        struct split_problem problem;
        struct split_solver *solver;
        struct split_plan plan;
        const struct split_case_config config = {.layer_count = 1 + split_random_below(&random, 30),
                                                 .has_all_blocks = i % 2,
                                                 .skip_share = i % 3 ? 0 : 0.15};
        split_case_init(&one, &config, &random);
        if (i % 5 == 0)
            split_case_load(&one, 0, &random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile,
                                                 i % 7 ? SPLIT_INFERENCE : SPLIT_TRAINING, NULL),
                              0);
        CU_ASSERT_EQUAL_FATAL(split_solver_create(&problem, NULL, &solver), 0);
        CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
        check_case(solver, &one.conditions, SPLIT_LATENCY, &plan, &random);
        check_case(solver, &one.conditions, SPLIT_ENERGY, &plan, &random);
        split_plan_fini(&plan);
        split_solver_destroy(solver);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
}

/* From the smallest number there is to the largest that an input may hold. */
static double extreme(struct split_random *random)
{
    static const double numbers[] = {0, 5e-324, 1e-310, 1e-200, 1e-9, 1, 3, 1e9, SPLIT_MAX_NUMBER};
    return numbers[split_random_below(random, sizeof(numbers) / sizeof(numbers[0]))];
}

static void extreme_numbers_end_in_a_plan(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < 3000; i++) {
        struct split_layer layers[6];
        struct split_profile profile = {.batch = 1, .layer_count = 6, .layers = layers};
        struct split_block block = {
            2, 4, extreme(&random), extreme(&random), extreme(&random), false, 0, 0, 0};
        profile.input_bytes = extreme(&random);
        profile.block_count = 1;
        profile.blocks = &block;
        for (int k = 0; k < 6; k++)
            layers[k] = (struct split_layer){.mobile_ms = extreme(&random),
                                             .mobile_mj = extreme(&random),
                                             .cloud_ms = extreme(&random),
                                             .output_bytes = extreme(&random)};
        const struct split_network network = {fmax(extreme(&random), SPLIT_MIN_MBPS),
                                              fmax(extreme(&random), SPLIT_MIN_MBPS),
                                              extreme(&random),
                                              extreme(&random),
                                              extreme(&random),
                                              extreme(&random)};
        struct split_conditions conditions;
        struct split_goal goal;
        struct split_totals totals;
        char sides[16];
        split_conditions_default(&conditions, &network);
        split_goal_default(&goal);
        goal.objective = i % 2 ? SPLIT_ENERGY : SPLIT_LATENCY;
        goal.max_cloud_ms = extreme(&random);
        goal.max_energy_mj = i % 3 ? INFINITY : extreme(&random);
        goal.max_latency_ms = i % 5 ? INFINITY : extreme(&random);
        goal.epsilon = i % 7 ? 0 : 0.1;
        solve_profile(&profile, SPLIT_INFERENCE, &conditions, &goal, &totals, sides);
        CU_ASSERT(isfinite(totals.latency_ms) && isfinite(totals.energy_mj));
    }
}

static void refuses_what_makes_no_sense(void)
{
    struct split_layer layer = {.output_bytes = 1};
    const struct split_profile profile = {.batch = 1, .layer_count = 1, .layers = &layer};
    const uint32_t cut_layers[] = {0, 1};
    const double remaining_ms[] = {1, 0};
    struct split_problem problem;
    struct split_solver *solver;
    struct split_plan plan;
    struct split_error error;
    struct split_conditions conditions;
    struct split_goal goal;
    split_conditions_default(&conditions, &plain);
    split_goal_default(&goal);
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_TRAINING, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_solver_create(&problem, NULL, &solver), 0);
    CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
    conditions.load.cut_count = 2;
    conditions.load.cut_layers = cut_layers;
    conditions.load.remaining_ms = remaining_ms;
    CU_ASSERT_EQUAL(split_solve(solver, &conditions, &goal, &plan, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.field, "remaining_ms");
    conditions.load.cut_count = 0;
    goal.epsilon = -1;
    CU_ASSERT_EQUAL(split_solve(solver, &conditions, &goal, &plan, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.field, "epsilon");
    goal.epsilon = 0;
    conditions.network.up_mbps = 0;
    CU_ASSERT_EQUAL(split_solve(solver, &conditions, &goal, &plan, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.field, "up_mbps");
    split_plan_fini(&plan);
    split_solver_destroy(solver);
    split_solver_destroy(NULL);
    split_problem_fini(&problem);
}

const struct cunit_test tests[] = {
    {"with half the cloud's time four transfers can be best", half_the_cloud_takes_four_transfers},
    {"a training step goes mobile, cloud, mobile, and pays for the weights it fetches",
     training_goes_to_the_cloud_and_back},
    {"plans have the properties that the paper's problem gives them", has_the_papers_properties},
    {"numbers from the smallest to the largest end in a plan", extreme_numbers_end_in_a_plan},
    {"conditions and goals that make no sense are refused by name", refuses_what_makes_no_sense},
    {NULL, NULL},
};
