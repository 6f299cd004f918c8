/* The paper's integer program, in builds that have GLPK. */
#include "scheduler/cli/plan.h"

#include <errno.h>

#ifdef JOINT_HAS_GLPK
#include "scheduler/plan/oracle/ilp.h"

int plan_ilp_solve(const struct split_problem *problem, const struct split_conditions *conditions,
                   const struct split_goal *goal, struct split_plan *result,
                   struct split_error *error)
{
    return split_ilp_solve(problem, conditions, goal, result, error);
}

#else

int plan_ilp_solve(const struct split_problem *problem, const struct split_conditions *conditions,
                   const struct split_goal *goal, struct split_plan *result,
                   struct split_error *error)
{
    return split_error_set(error, -ENOTSUP, "--solver ilp",
                           "is not in this build, which has no "
                           "GLPK; take dp, which is exact too");
}

#endif
