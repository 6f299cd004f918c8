/* The best plan by the paper's integer linear program, solved by GLPK: what the solvers are tested
 * and timed against. Only where the build has GLPK (option `glpk`), which is GPL. */
#ifndef SCHEDULER_PLAN_ORACLE_ILP_H
#define SCHEDULER_PLAN_ORACLE_ILP_H

#include "scheduler/plan/plan.h"

/* As split_solve(), with every nearest value; the goal's epsilon is the gap at which GLPK may stop.
 * plan->solver is "ilp". The bounds hold as split_goal says; the objective is the least up to the
 * tolerance of GLPK, one part in 10^7. 0; -EINVAL; -E2BIG: GLPK gave up. */
int split_ilp_solve(const struct split_problem *problem, const struct split_conditions *conditions,
                    const struct split_goal *goal, struct split_plan *plan,
                    struct split_error *error);

#endif
