/* What the parts of `joint plan` share: the problem as asked for, and the answer. */
#ifndef SCHEDULER_CLI_PLAN_H
#define SCHEDULER_CLI_PLAN_H

#include "scheduler/cli/plan_options.h"
#include "scheduler/profile/profile_file.h"

struct plan {
    const struct plan_options *options;
    struct profile_file file;
    struct split_problem problem;
    struct split_solver *solver; /* only for PLAN_SOLVER_DP */
};

struct plan_result {
    struct split_plan plan;
    double solve_us; /* one call that solves it */
};

/* The parts; each prints its report or one error line and returns an exit status. */
int plan_report_json(const struct plan *plan, const struct plan_result *result);
int plan_report_table(const struct plan *plan, const struct plan_result *result);
int plan_table(const struct plan *plan); /* --table: solves, prints or writes */

/* The integer program; -ENOTSUP with the error filled where the build has no GLPK. */
int plan_ilp_solve(const struct split_problem *problem, const struct split_conditions *conditions,
                   const struct split_goal *goal, struct split_plan *result,
                   struct split_error *error);

/* A sentence about what the profile leaves out and this plan counts as free; NULL: nothing. */
const char *plan_note(const struct plan *plan);

/* An error line for what a solver says; returns an exit status. */
int plan_fail_solving(const struct plan *plan, int err, const struct split_error *error);

#endif
