/* Tests of scheduler/plan/one_side.c, against all groupings of one side. */
#include "scheduler/plan/one_side.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <math.h>
#include <stdio.h>

enum {
    SEED = 9,
};

/* The least over all ways to cut 1..count into groups of the problem. */
static double least_of_all(const struct split_problem *problem, enum split_side side,
                           enum split_objective objective)
{
    double least = INFINITY;
    for (uint32_t ends = 0; ends < 1u << (problem->count - 1); ends++) {
        double cost = 0;
        for (uint32_t first = 1, last = 1; last <= problem->count; last++) {
            if (last < problem->count && !(ends >> (last - 1) & 1))
                continue;
            const struct split_group *group = split_problem_group(problem, first, last);
            if (!group)
                cost = INFINITY;
            else if (side == SPLIT_CLOUD)
                cost += group->cost.cloud_ms;
            else
                cost += objective == SPLIT_LATENCY ? group->cost.mobile_ms : group->cost.mobile_mj;
            first = last + 1;
        }
        least = fmin(least, cost);
    }
    return least;
}

static void check(const struct split_problem *problem, enum split_side side,
                  enum split_objective objective)
{
    struct split_one_side one_side;
    CU_ASSERT_EQUAL_FATAL(split_one_side_init(&one_side, problem, side, objective), 0);
    double cost = 0;
    uint32_t next = 1;
    for (uint32_t i = 0; i < one_side.part_count; i++) {
        const struct split_part *part = &one_side.parts[i];
        CU_ASSERT_EQUAL(part->first, next);
        CU_ASSERT_EQUAL(part->side, side);
        next = part->last + 1;
        const struct split_group *group = split_problem_group(problem, part->first, part->last);
        CU_ASSERT_PTR_NOT_NULL_FATAL(group);
        cost += side == SPLIT_CLOUD          ? group->cost.cloud_ms
                : objective == SPLIT_LATENCY ? group->cost.mobile_ms
                                             : group->cost.mobile_mj;
    }
    CU_ASSERT_EQUAL(next, problem->count + 1);
    double least = least_of_all(problem, side, objective);
    CU_ASSERT_DOUBLE_EQUAL(cost, least, 1e-12 * least);
    split_one_side_fini(&one_side);
}

static void finds_the_best_groups(void)
{
    struct split_random random = {SEED};
    printf("seed %d ", SEED);
    for (int i = 0; i < 100; i++) {
        struct split_case one;
        struct split_problem problem;
        const struct split_case_config config = {.layer_count = 1 + split_random_below(&random, 5),
                                                 .block_share = 0.5};
        split_case_init(&one, &config, &random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile,
                                                 i % 2 ? SPLIT_TRAINING : SPLIT_INFERENCE, NULL),
                              0);
        check(&problem, SPLIT_MOBILE, SPLIT_LATENCY);
        check(&problem, SPLIT_MOBILE, SPLIT_ENERGY);
        check(&problem, SPLIT_CLOUD, SPLIT_LATENCY);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
}

const struct cunit_test tests[] = {
    {"the groups of one side cost the least of all its groupings", finds_the_best_groups},
    {NULL, NULL},
};
