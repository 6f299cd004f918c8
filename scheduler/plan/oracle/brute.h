/* The best plan by looking at every plan: slow, and obviously right. What the solvers are tested
 * against. */
#ifndef SCHEDULER_PLAN_ORACLE_BRUTE_H
#define SCHEDULER_PLAN_ORACLE_BRUTE_H

#include "scheduler/plan/plan.h"

#define SPLIT_BRUTE_MAX_STEPS 20
#define SPLIT_BRUTE_MAX_PLANS 50e6

/* As split_solve(), with every nearest value; the goal's epsilon is of no use here. plan->solver is
 * "brute". 0; -EINVAL; -E2BIG: more steps than SPLIT_BRUTE_MAX_STEPS, or so many groups that there
 * are more plans than SPLIT_BRUTE_MAX_PLANS. */
int split_brute_solve(const struct split_problem *problem,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      struct split_plan *plan, struct split_error *error);

#endif
