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
                                          .layers = planner->layers,
                                          .block_count = planner->block_count,
                                          .blocks = planner->blocks};
    for (uint32_t i = 0; planner->step_ms && i < planner->step_count; i++)
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

/* With the times as they are by now. Where there is no memory for that the old problem stays. */
static void remake_problem(struct planner *planner)
{
    struct planner before = *planner;
    planner->problem = (struct split_problem){0};
    planner->plan = (struct split_plan){0};
    planner->solver = NULL;
    if (make_problem(planner)) {
        planner->problem = before.problem;
        planner->plan = before.plan;
        planner->solver = before.solver;
        return;
    }
    forget_problem(&before);
}

int planner_init(struct planner *planner, const struct device_costs *costs, const double *row_bytes,
                 bool is_measured)
{
    const uint32_t count = costs->step_count;
    *planner =
        (struct planner){.step_count = count,
                         .input_bytes = row_bytes[0],
                         .layers = calloc(count, sizeof(*planner->layers)),
                         .block_count = costs->block_count,
                         .blocks = calloc(costs->block_count + 1u, sizeof(struct split_block)),
                         .step_ms = is_measured ? calloc(count, sizeof(*planner->step_ms)) : NULL};
    bool has_all = planner->layers && planner->blocks && (planner->step_ms || !is_measured);
    int rc = has_all ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        planner->layers[i] = (struct split_layer){.output_bytes = row_bytes[i + 1],
                                                  .mobile_ms = costs->steps[i].mobile_ms,
                                                  .mobile_mj = costs->steps[i].mobile_mj,
                                                  .cloud_ms = costs->steps[i].cloud_ms};
        if (is_measured)
            planner->step_ms[i] = costs->steps[i].mobile_ms;
    }
    if (rc == 0 && costs->block_count > 0)
        memcpy(planner->blocks, costs->blocks, costs->block_count * sizeof(*planner->blocks));
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
    free(planner->blocks);
    free(planner->step_ms);
    *planner = (struct planner){0};
}

void planner_measured(struct planner *planner, uint32_t step, double ms)
{
    if (planner->step_ms)
        planner->step_ms[step] += WEIGHT * (ms - planner->step_ms[step]);
}

/* What steps take together on either side, the server's without k. */
static struct split_cost cost_of(const struct planner *planner, uint32_t from, uint32_t to)
{
    const struct split_conditions conditions = {.load = {.k = 1}};
    if (from >= to)
        return (struct split_cost){0};
    return split_part_cost(&planner->problem, &conditions, from + 1, to);
}

double planner_local_ms(const struct planner *planner, uint32_t from, uint32_t to)
{
    double ms = 0;
    if (!planner->step_ms)
        return cost_of(planner, from, to).mobile_ms;
    for (uint32_t i = from; i < to; i++)
        ms += planner->step_ms[i];
    return ms;
}

double planner_server_ms(const struct planner *planner, uint32_t from, uint32_t to)
{
    if (planner->step_ms) /* k is told beside what these layers take here */
        return planner_local_ms(planner, from, to);
    return cost_of(planner, from, to).cloud_ms;
}

/* Whether the problem's times are far from what they are by now, as a part of the whole. */
static bool is_stale(const struct planner *planner)
{
    double whole_ms = 0, change_ms = 0;
    for (uint32_t i = 0; planner->step_ms && i < planner->step_count; i++) {
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

/* What one row takes with these cuts. */
static void evaluate(const struct planner *planner, const struct split_conditions *conditions,
                     uint32_t from, uint32_t to, struct split_totals *totals)
{
    struct split_part parts[3];
    uint32_t count = 0;
    if (from == to)
        from = to = planner->step_count; /* all of it is before */
    if (from > 0)
        parts[count++] = (struct split_part){1, from, SPLIT_MOBILE};
    if (from < to)
        parts[count++] = (struct split_part){from + 1, to, SPLIT_CLOUD};
    if (to < planner->step_count)
        parts[count++] = (struct split_part){to + 1, planner->step_count, SPLIT_MOBILE};
    split_evaluate(&planner->problem, conditions, parts, count, totals);
}

double planner_cost_ms(const struct planner *planner, const struct planner_wish *wish,
                       uint32_t from, uint32_t to)
{
    const struct split_conditions conditions = for_one_row(wish);
    struct split_totals totals;
    evaluate(planner, &conditions, from, to, &totals);
    return totals.latency_ms * wish->rows;
}

void planner_parts(const struct planner *planner, const struct planner_wish *wish, uint32_t from,
                   uint32_t to, struct planner_parts *parts)
{
    const struct split_conditions conditions = for_one_row(wish);
    const struct split_network *network = &conditions.network;
    const double rows = wish->rows;
    struct split_totals totals;
    evaluate(planner, &conditions, from, to, &totals);
    const double up_ms = split_network_up_ms(network, totals.upload_bytes);
    const double down_ms = split_network_down_ms(network, totals.download_bytes);
    const double radio_mj = up_ms * split_network_up_mw(&wish->conditions.network, true) / 1e3 +
                            down_ms * split_network_down_mw(&wish->conditions.network, true) / 1e3;
    const double energy_mj =
        totals.energy_mj - up_ms * split_network_up_mw(network, conditions.has_radio_base) / 1e3 -
        down_ms * split_network_down_mw(network, conditions.has_radio_base) / 1e3;
    const bool is_there = from < to;
    *parts = (struct planner_parts){
        .uplink_ms = up_ms * rows,
        .round_trip_ms = is_there ? wish->conditions.network.rtt_ms : 0,
        .wait_ms = is_there ? wish->conditions.load.wait_ms : 0,
        .server_ms = totals.cloud_ms * rows,
        .downlink_ms = down_ms * rows,
        .total_ms = totals.latency_ms * rows,
        .device_mj = fmax(energy_mj, 0) * rows,
        .radio_mj = radio_mj * rows,
    };
    parts->device_ms = parts->total_ms - parts->uplink_ms - parts->round_trip_ms - parts->wait_ms -
                       parts->server_ms - parts->downlink_ms;
    parts->device_ms = fmax(parts->device_ms, 0);
}

/* A call asks the server once: of a plan that does so several times, all between its first and its
 * last part there goes to the server, if that beats the device alone. */
static double join_parts(struct planner *planner, const struct split_conditions *conditions,
                         struct planner_choice *choice)
{
    struct split_totals totals;
    evaluate(planner, conditions, choice->from, choice->to, &totals);
    if (totals.latency_ms <= planner->plan.mobile_only.latency_ms)
        return totals.latency_ms;
    *choice = (struct planner_choice){0};
    return planner->plan.mobile_only.latency_ms;
}

int planner_solve(struct planner *planner, const struct planner_wish *wish,
                  struct planner_choice *choice)
{
    struct split_error error;
    struct split_goal goal;
    const struct split_conditions conditions = for_one_row(wish);
    if (is_stale(planner))
        remake_problem(planner);
    split_goal_default(&goal);
    int rc = split_solve(planner->solver, &conditions, &goal, &planner->plan, &error);
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
    choice->ms = planner_cost_ms(planner, wish, choice->from, choice->to);
    return 0;
}
