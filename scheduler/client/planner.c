/* Where the server's part of a call should begin and end. */
#include "scheduler/client/planner.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT 0.2 /* of a new time */
#define TOLERANCE 0.05 /* times that changed by less make no new problem */

static void forget_problem(struct planner *planner)
{
    split_solver_destroy(planner->solver);
    split_plan_fini(&planner->plan);
    split_problem_fini(&planner->problem);
    planner->solver = NULL;
}

static int make_problem(struct planner *planner)
{
    struct split_error error;
    const struct split_profile profile = {.batch = 1,
                                          .input_bytes = planner->input_bytes,
                                          .layer_count = planner->step_count,
                                          .layers = planner->layers};
    for (uint32_t i = 0; i < planner->step_count; i++)
        planner->layers[i].mobile_ms = planner->layers[i].cloud_ms = planner->step_ms[i];
    int rc = split_problem_init(&planner->problem, &profile, SPLIT_INFERENCE, &error);
    if (rc == 0)
        rc = split_plan_init(&planner->plan, &planner->problem);
    if (rc == 0)
        rc = split_solver_create(&planner->problem, NULL, &planner->solver);
    if (rc)
        forget_problem(planner);
    return rc;
}

int planner_init(struct planner *planner, uint32_t step_count, const double *row_bytes,
                 const double *step_ms)
{
    *planner = (struct planner){.step_count = step_count,
                                .input_bytes = row_bytes[0],
                                .layers = calloc(step_count, sizeof(*planner->layers)),
                                .step_ms = calloc(step_count, sizeof(*planner->step_ms))};
    int rc = planner->layers && planner->step_ms ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < step_count && rc == 0; i++) {
        planner->layers[i].output_bytes = row_bytes[i + 1];
        planner->step_ms[i] = step_ms[i];
    }
    if (rc == 0)
        rc = make_problem(planner);
    if (rc)
        planner_fini(planner);
    return rc;
}

void planner_fini(struct planner *planner)
{
    if (!planner)
        return;
    forget_problem(planner);
    free(planner->layers);
    free(planner->step_ms);
    *planner = (struct planner){0};
}

void planner_measured(struct planner *planner, uint32_t step, double ms)
{
    planner->step_ms[step] += WEIGHT * (ms - planner->step_ms[step]);
}

double planner_local_ms(const struct planner *planner, uint32_t from, uint32_t to)
{
    double ms = 0;
    for (uint32_t i = from; i < to; i++)
        ms += planner->step_ms[i];
    return ms;
}

/* Whether the problem's times are far from what they are by now, as a part of the whole. */
static bool is_stale(const struct planner *planner)
{
    double whole_ms = 0, change_ms = 0;
    for (uint32_t i = 0; i < planner->step_count; i++) {
        whole_ms += planner->layers[i].mobile_ms;
        change_ms += fabs(planner->step_ms[i] - planner->layers[i].mobile_ms);
    }
    return change_ms > TOLERANCE * whole_ms;
}

/* Everything for one row: bytes and times grow with the rows, what does not is shared among them.
 */
static struct split_conditions for_one_row(const struct planner_wish *wish)
{
    struct split_conditions conditions = wish->conditions;
    conditions.network.up_mbps /= wish->up_share;
    conditions.network.down_mbps /= wish->down_share;
    conditions.network.rtt_ms /= wish->rows;
    conditions.load.wait_ms /= wish->rows;
    return conditions;
}

/* What it takes with these cuts. */
static double evaluate(const struct planner *planner, const struct split_conditions *conditions,
                       const struct planner_choice *choice)
{
    struct split_totals totals;
    struct split_part parts[3];
    uint32_t count = 0;
    if (choice->from > 0)
        parts[count++] = (struct split_part){1, choice->from, SPLIT_MOBILE};
    parts[count++] = (struct split_part){choice->from + 1, choice->to, SPLIT_CLOUD};
    if (choice->to < planner->step_count)
        parts[count++] = (struct split_part){choice->to + 1, planner->step_count, SPLIT_MOBILE};
    split_evaluate(&planner->problem, conditions, parts, count, &totals);
    return totals.latency_ms;
}

/* A call asks the server once: of a plan that does so several times, all between its first and its
 * last part there goes to the server, if that beats the device alone. */
static double join_parts(struct planner *planner, const struct split_conditions *conditions,
                         struct planner_choice *choice)
{
    double ms = evaluate(planner, conditions, choice);
    if (ms <= planner->plan.mobile_only.latency_ms)
        return ms;
    *choice = (struct planner_choice){0};
    return planner->plan.mobile_only.latency_ms;
}

int planner_solve(struct planner *planner, const struct planner_wish *wish,
                  struct planner_choice *choice)
{
    struct split_error error;
    struct split_goal goal;
    const struct split_conditions conditions = for_one_row(wish);
    if (planner->solver && is_stale(planner))
        forget_problem(planner);
    int rc = planner->solver ? 0 : make_problem(planner);
    split_goal_default(&goal);
    if (rc == 0)
        rc = split_solve(planner->solver, &conditions, &goal, &planner->plan, &error);
    if (rc)
        return rc;
    double ms = planner->plan.totals.latency_ms;
    uint32_t visits = 0;
    bool is_there = false;
    *choice = (struct planner_choice){0};
    for (uint32_t i = 0; i < planner->plan.part_count; i++) {
        const struct split_part *part = &planner->plan.parts[i];
        bool is_cloud = part->side == SPLIT_CLOUD;
        if (is_cloud && visits == 0)
            choice->from = part->first - 1;
        if (is_cloud)
            choice->to = part->last;
        visits += is_cloud && !is_there;
        is_there = is_cloud;
    }
    if (visits > 1)
        ms = join_parts(planner, &conditions, choice);
    choice->ms = ms * wish->rows;
    return 0;
}

int planner_explore(struct planner *planner, const struct planner_wish *wish,
                    struct planner_choice *choice)
{
    struct planner_wish hopeful = *wish;
    hopeful.conditions.network.up_mbps *= PLANNER_HOPE;
    hopeful.conditions.network.down_mbps *= PLANNER_HOPE;
    int rc = planner_solve(planner, &hopeful, choice);
    if (rc || choice->from == choice->to)
        return rc;
    const struct split_conditions conditions = for_one_row(wish);
    choice->ms = evaluate(planner, &conditions, choice) * wish->rows;
    return 0;
}
