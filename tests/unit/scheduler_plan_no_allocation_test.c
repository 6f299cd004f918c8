/* A repeated split_solve() allocates nothing: counts calls into the C library's allocator. */
#include "scheduler/plan/solve.h"
#include "tests/unit/counted_allocator.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SEED = 31,
};

/* The same dozen of goals and networks, one after the other. */
static void solve_all(struct split_solver *solver, struct split_case *one, struct split_plan *plan)
{
    static const char *const names[] = {"3g", "4g", "wifi"};
    for (int i = 0; i < 12; i++) {
        struct split_goal goal;
        split_goal_default(&goal);
        one->conditions.network = *split_network_named(names[i % 3]);
        goal.objective = i % 2 ? SPLIT_ENERGY : SPLIT_LATENCY;
        CU_ASSERT_EQUAL_FATAL(split_solve(solver, &one->conditions, &goal, plan, NULL), 0);
        goal.max_cloud_ms = plan->totals.cloud_ms * 0.4;
        if (i % 4 == 1)
            goal.max_latency_ms = plan->totals.latency_ms * 0.9;
        CU_ASSERT_EQUAL_FATAL(split_solve(solver, &one->conditions, &goal, plan, NULL), 0);
    }
}

static void repeated_solves_allocate_nothing(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < 10; i++) {
        struct split_case one;
        struct split_problem problem;
        struct split_solver *solver;
        struct split_plan plan;
        const struct split_case_config config = {
            .layer_count = 30, .block_share = 0.3, .skip_share = i % 2 ? 0.1 : 0};
        split_case_init(&one, &config, &random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile, SPLIT_INFERENCE, NULL), 0);
        unsigned long before = counted_allocator_calls();
        CU_ASSERT_EQUAL_FATAL(split_solver_create(&problem, NULL, &solver), 0);
        CU_ASSERT(counted_allocator_calls() > before); /* the counter counts */
        CU_ASSERT_EQUAL_FATAL(split_plan_init(&plan, &problem), 0);
        solve_all(solver, &one, &plan);
        before = counted_allocator_calls();
        solve_all(solver, &one, &plan);
        CU_ASSERT_EQUAL(counted_allocator_calls(), before);
        split_plan_fini(&plan);
        split_solver_destroy(solver);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
}

const struct cunit_test tests[] = {
    {"a repeated solve allocates nothing", repeated_solves_allocate_nothing},
    {NULL, NULL},
};
