/* `joint plan`: finds the best split of a network between mobile and cloud. */
#include "scheduler/cli/plan.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/plan_model.h"
#include "scheduler/cli/plan_svg.h"
#include "scheduler/cli/stopwatch.h"
#include "scheduler/plan/oracle/brute.h"

#include <errno.h>
#include <math.h>

#define MAX_CALLS 5
#define REPEAT_NS 10000000u

int plan_fail_solving(const struct plan *plan, int err, const struct split_error *error)
{
    if (err == -ENOMEM)
        return command_fail("plan", COMMAND_FAILED, "out of memory for %u steps",
                            plan->problem.count);
    if (err == -E2BIG && plan->options->solver == PLAN_SOLVER_DP)
        return command_fail("plan", COMMAND_FAILED,
                            "%s: too many partial plans are as good as each other; give --epsilon "
                            "0.01",
                            plan->options->profile_path);
    if (err == -ENOTSUP)
        return command_fail("plan", COMMAND_FAILED, "%s %s", error->field, error->reason);
    return command_fail("plan", COMMAND_FAILED, "%s: %s %s", plan->options->profile_path,
                        error->field, error->reason);
}

static int solve_by(const struct plan *plan, struct split_plan *result, struct split_error *error)
{
    const struct plan_options *options = plan->options;
    switch ((enum plan_solver)options->solver) {
    case PLAN_SOLVER_BRUTE:
        return split_brute_solve(&plan->problem, &options->conditions, &options->goal, result,
                                 error);
    case PLAN_SOLVER_ILP:
        return plan_ilp_solve(&plan->problem, &options->conditions, &options->goal, result, error);
    case PLAN_SOLVER_DP:
        break;
    }
    return split_solve(plan->solver, &options->conditions, &options->goal, result, error);
}

const char *plan_note(const struct plan *plan)
{
    const struct split_profile *profile = &plan->file.profile;
    if (plan->options->mode != SPLIT_TRAINING)
        return NULL;
    for (uint32_t i = 0; i < profile->layer_count; i++)
        if (profile->layers[i].backward_mobile_ms > 0 || profile->layers[i].backward_cloud_ms > 0)
            return NULL;
    return "The profile has no backward costs: the backward pass counts as free.";
}

/* Solves, and where that is quick solves again: the first call of a solver also fills its memory,
 * which those who plan often pay once. The least time counts. */
static int solve_timed(const struct plan *plan, struct plan_result *result,
                       struct split_error *error)
{
    const uint64_t begin_ns = stopwatch_now_ns();
    result->solve_us = INFINITY;
    for (int call = 0; call < MAX_CALLS; call++) {
        const uint64_t start_ns = stopwatch_now_ns();
        if (call && start_ns - begin_ns > REPEAT_NS)
            break;
        int err = solve_by(plan, &result->plan, error);
        if (err)
            return err;
        result->solve_us = fmin(result->solve_us, (double)(stopwatch_now_ns() - start_ns) / 1e3);
    }
    return 0;
}

static int plan_once(struct plan *plan)
{
    struct plan_result result = {0};
    struct split_error error = {{0}, {0}};
    int err = split_plan_init(&result.plan, &plan->problem);
    if (!err)
        err = solve_timed(plan, &result, &error);
    int status = err ? plan_fail_solving(plan, err, &error) : plan_svg_write(plan, &result.plan);
    if (!status)
        status = plan->options->is_json ? plan_report_json(plan, &result)
                                        : plan_report_table(plan, &result);
    split_plan_fini(&result.plan);
    return status;
}

/* The profile, checked against the model, as a problem with its solver. */
static int prepare(struct plan *plan)
{
    const struct plan_options *options = plan->options;
    struct file_error wrong;
    struct split_error error = {{0}, {0}};
    if (profile_file_read(&plan->file, options->profile_path, &wrong))
        return command_fail("plan", COMMAND_FAILED, "%s", wrong.text);
    if (options->model_path) {
        int status = plan_model_check(options, &plan->file);
        if (status)
            return status;
    }
    int err = split_problem_init(&plan->problem, &plan->file.profile, options->mode, &error);
    if (!err && options->solver == PLAN_SOLVER_DP)
        err = split_solver_create(&plan->problem, NULL, &plan->solver);
    return err ? plan_fail_solving(plan, err, &error) : COMMAND_DONE;
}

int command_plan(int argc, char **argv)
{
    struct plan_options options;
    int status;
    if (plan_options_parse(&options, argc, argv, &status)) {
        struct plan plan = {.options = &options};
        status = prepare(&plan);
        if (!status)
            status = options.is_table ? plan_table(&plan) : plan_once(&plan);
        split_solver_destroy(plan.solver);
        split_problem_fini(&plan.problem);
        profile_file_fini(&plan.file);
    }
    plan_options_fini(&options);
    return status;
}
