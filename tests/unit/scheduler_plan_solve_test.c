/* Tests of scheduler/plan/solve.c: the best plan, against all plans. */
#include "scheduler/plan/solve.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum {
    SEED = 20260801,
    CASES = 1000,
};

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 2e-9 * fmax(fabs(a), fabs(b)) + 1e-9;
}

/* The least of one criterion that brute force finds within the bounds on the others. */
static double brute_least(const struct split_problem *problem,
                          const struct split_conditions *conditions, struct split_goal goal,
                          enum split_case_criterion criterion)
{
    double *own[] = {&goal.max_latency_ms, &goal.max_energy_mj, &goal.max_cloud_ms};
    struct split_totals totals;
    *own[criterion] = INFINITY;
    if (!split_case_brute(problem, conditions, &goal, criterion, &totals))
        return INFINITY;
    return split_case_value(&totals, criterion);
}

static double part_of_range(double low, double high, struct split_random *random)
{
    return low + (high - low) * (1.2 * split_random_unit(random) - 0.1);
}

/* Bounds in and a little around the range between the extreme plans; each with a chance of half. */
static void draw_goal(const struct split_problem *problem,
                      const struct split_conditions *conditions, struct split_random *random,
                      struct split_goal *goal)
{
    struct split_totals fast, frugal;
    split_goal_default(goal);
    split_case_brute(problem, conditions, goal, LATENCY, &fast);
    split_case_brute(problem, conditions, goal, ENERGY, &frugal);
    goal->objective = split_random_below(random, 2) ? SPLIT_ENERGY : SPLIT_LATENCY;
    if (split_random_below(random, 2))
        goal->max_latency_ms = fmax(0, part_of_range(fast.latency_ms, frugal.latency_ms, random));
    if (split_random_below(random, 2))
        goal->max_energy_mj = fmax(0, part_of_range(frugal.energy_mj, fast.energy_mj, random));
    if (split_random_below(random, 2))
        goal->max_cloud_ms =
            fmax(0, part_of_range(0, fmax(fast.cloud_ms, frugal.cloud_ms), random));
}

static void check_nearest(const struct split_problem *problem,
                          const struct split_conditions *conditions, const struct split_goal *goal,
                          const struct split_plan *plan)
{
    const double given[] = {goal->max_latency_ms, goal->max_energy_mj, goal->max_cloud_ms};
    const struct split_nearest nearest[] = {plan->latency_ms, plan->energy_mj, plan->cloud_ms};
    for (int i = 0; i < 3; i++) {
        if (!isfinite(given[i])) {
            CU_ASSERT(isinf(nearest[i].alone) && isinf(nearest[i].beside_others));
            continue;
        }
        struct split_goal free_goal;
        split_goal_default(&free_goal);
        enum split_case_criterion criterion = (enum split_case_criterion)i;
        CU_ASSERT(
            is_near(nearest[i].alone, brute_least(problem, conditions, free_goal, criterion)));
        double least = brute_least(problem, conditions, *goal, criterion);
        CU_ASSERT(least == nearest[i].beside_others || is_near(nearest[i].beside_others, least));
    }
}

static bool is_same(const struct split_totals *a, const struct split_totals *b)
{
    return is_near(a->latency_ms, b->latency_ms) && is_near(a->energy_mj, b->energy_mj) &&
           is_near(a->cloud_ms, b->cloud_ms) && is_near(a->upload_bytes, b->upload_bytes) &&
           is_near(a->download_bytes, b->download_bytes) && a->transfers == b->transfers;
}

static void check_goal(const struct split_problem *problem,
                       const struct split_conditions *conditions, struct split_solver *solver,
                       struct split_plan *plan, const struct split_goal *goal, uint64_t seed)
{
    struct split_totals best, totals;
    const enum split_case_criterion criterion = goal->objective == SPLIT_ENERGY ? ENERGY : LATENCY;
    bool is_feasible = split_case_brute(problem, conditions, goal, criterion, &best);
    CU_ASSERT_EQUAL_FATAL(split_solve(solver, conditions, goal, plan, NULL), 0);
    CU_ASSERT_EQUAL(plan->is_feasible, is_feasible);
    if (!is_feasible || !plan->is_feasible) {
        if (is_feasible != plan->is_feasible)
            printf("seed %llu: feasible %d, not %d\n", (unsigned long long)seed, is_feasible,
                   plan->is_feasible);
        else
            check_nearest(problem, conditions, goal, plan);
        return;
    }
    split_evaluate(problem, conditions, plan->parts, plan->part_count, &totals);
    CU_ASSERT(is_same(&totals, &plan->totals));
    double found = split_case_value(&plan->totals, criterion);
    double least = split_case_value(&best, criterion);
    CU_ASSERT(is_near(found, least));
    if (!is_near(found, least))
        printf("seed %llu: %.17g, not %.17g\n", (unsigned long long)seed, found, least);
    CU_ASSERT(plan->totals.latency_ms <= goal->max_latency_ms * (1 + 1.001e-9));
    CU_ASSERT(plan->totals.energy_mj <= goal->max_energy_mj * (1 + 1.001e-9));
    CU_ASSERT(plan->totals.cloud_ms <= goal->max_cloud_ms * (1 + 1.001e-9));
}

/* Random networks of one kind under random bounds, against brute force. */
static void compare_with_all_plans(const struct split_case_config *kind, enum split_mode mode,
                                   bool has_cuts, uint64_t first_seed)
{
    for (uint64_t seed = first_seed; seed < first_seed + CASES; seed++) {
        struct split_random random = {seed * 7919 + 1};
        struct split_case_config config = *kind;
        struct split_case one;
        struct split_problem problem;
        struct split_solver *solver;
        struct split_plan plan;
        config.layer_count = 1 + split_random_below(&random, kind->layer_count);
        split_case_init(&one, &config, &random);
        if (has_cuts || split_random_below(&random, 2))
            split_case_load(&one, has_cuts ? 8 : 0, &random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile, mode, NULL), 0);
        CU_ASSERT_EQUAL_FATAL(split_solver_create(&problem, NULL, &solver), 0);
        CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
        for (int i = 0; i < 3; i++) {
            struct split_goal goal;
            draw_goal(&problem, &one.conditions, &random, &goal);
            check_goal(&problem, &one.conditions, solver, &plan, &goal, seed);
        }
        split_plan_fini(&plan);
        split_solver_destroy(solver);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
    printf("seeds %llu to %llu ", (unsigned long long)first_seed,
           (unsigned long long)(first_seed + CASES - 1));
}

static void finds_the_best_of_chains(void)
{
    compare_with_all_plans(&(struct split_case_config){.layer_count = 6, .block_share = 0.4},
                           SPLIT_INFERENCE, false, SEED);
}

static void finds_the_best_of_equals(void)
{
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 6, .block_share = 0.4, .is_whole = true},
        SPLIT_INFERENCE, false, SEED);
}

static void finds_the_best_with_skips(void)
{
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 6, .block_share = 0.2, .skip_share = 0.5},
        SPLIT_INFERENCE, false, SEED);
}

static void finds_the_best_with_branches(void)
{
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 7, .block_share = 0.1, .has_branches = true},
        SPLIT_INFERENCE, false, SEED);
}

static void finds_the_best_of_training(void)
{
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 3, .block_share = 0.4, .skip_share = 0.5},
        SPLIT_TRAINING, false, SEED);
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 3, .block_share = 0.2, .has_branches = true},
        SPLIT_TRAINING, false, SEED + CASES);
}

static void finds_the_best_between_cuts(void)
{
    compare_with_all_plans(
        &(struct split_case_config){.layer_count = 6, .block_share = 0.3, .skip_share = 0.3},
        SPLIT_INFERENCE, true, SEED);
}

const struct cunit_test tests[] = {
    {"a chain with fused blocks is planned as well as the best of all its plans",
     finds_the_best_of_chains},
    {"so it is where many plans are equal", finds_the_best_of_equals},
    {"so it is with skips", finds_the_best_with_skips},
    {"so it is with branches", finds_the_best_with_branches},
    {"so is a training step", finds_the_best_of_training},
    {"so it is where sides may change only at some cuts", finds_the_best_between_cuts},
    {NULL, NULL},
};
