/* Checks over many random instances for the planner, each with its seed printed where it fails.
 *
 * SEED (default 1) and INSTANCES (default 2000) in the environment choose others. */
#ifndef TESTS_PROPERTY_SPLIT_SUBJECT_H
#define TESTS_PROPERTY_SPLIT_SUBJECT_H

#include "scheduler/plan/solve.h"
#include "tests/property/random_split.h"

struct split_subject {
    uint64_t seed;
    struct random_split random;
    struct split_solver *solver;
    struct split_plan plan, other; /* memory for the check's plans */
    uint32_t tally; /* whatever the check counts */
};

/* Asserts that check holds for INSTANCES / share instances of the shape; returns their tally. */
uint32_t split_subject_for_each(enum random_split_shape shape, uint32_t max_steps, uint32_t share,
                                bool (*check)(struct split_subject *subject));

/* Asserts it for one instance, which failed once. */
void split_subject_again(uint64_t seed, enum random_split_shape shape, uint32_t max_steps,
                         bool (*check)(struct split_subject *subject));

/* By the solver, into the plan; prints what is wrong if it fails. */
bool split_subject_solve(struct split_subject *subject, const struct split_goal *goal,
                         struct split_plan *plan);

/* Within a millionth: the tolerance of the integer program; the others are far closer. */
bool split_subject_is_near(double a, double b);

double split_subject_objective(const struct split_goal *goal, const struct split_totals *totals);

/* Feasible or not, objective, one-sided plans and nearest values. */
bool split_subject_is_equal(const struct split_goal *goal, const struct split_plan *a,
                            const struct split_plan *b);

#endif
