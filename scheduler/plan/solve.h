/* The best plan, exactly: one call for every kind of problem, bound and network.
 *
 *   split_problem_init(&problem, &profile, mode, &error)     once per model
 *   split_plan_init(&plan, &problem)                         once per thread
 *   split_solver_create(&problem, &config, &solver)          once per thread
 *   split_solve(solver, &conditions, &goal, &plan, &error)   as often as the link or load changes
 *
 * A problem is read-only: any number of solvers share it. A solver keeps the memory that it once
 * needed: a solve repeated under other conditions allocates nothing, unless it needs more than
 * every solve before it. */
#ifndef SCHEDULER_PLAN_SOLVE_H
#define SCHEDULER_PLAN_SOLVE_H

#include "scheduler/plan/plan.h"

struct split_solver;

struct split_solver_config {
    size_t max_bytes; /* memory for partial plans; default 1 GiB */
    uint64_t max_work; /* partial plans looked at in one solve; default 2e9 */
};

void split_solver_config_default(struct split_solver_config *config);

/* Borrows the problem until it is destroyed. config NULL: the defaults. 0, -ENOMEM, -E2BIG (the
 * problem itself needs more than max_bytes). */
int split_solver_create(const struct split_problem *problem,
                        const struct split_solver_config *config, struct split_solver **solver);
void split_solver_destroy(struct split_solver *solver); /* accepts NULL */

/* 0: plan is the best there is, or says that there is none. -EINVAL: what error says.
 * -E2BIG: too many partial plans are as good as each other for max_bytes or max_work; goal.epsilon
 * above 0 makes it tractable. With it, a plan meets every bound and its objective is at most
 * (1 + epsilon) times the least; only what is infeasible is said to be, and its nearest values
 * beside other bounds are at most (1 + epsilon) times the least. Memory and work are then
 * polynomial in the steps and 1 / epsilon if one criterion besides the objective is bounded; if two
 * are, they are mostly small, but -E2BIG remains possible. */
int split_solve(struct split_solver *solver, const struct split_conditions *conditions,
                const struct split_goal *goal, struct split_plan *plan, struct split_error *error);

#endif
