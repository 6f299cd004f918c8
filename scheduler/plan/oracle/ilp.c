/* The best plan by integer linear programming, as the paper states it.
 *
 *   minimise    sum m_g Tm_g + c_g Tc_g + transfers            (or the energies)
 *   where       every step s is in exactly one group           sum over g with s: m_g + c_g = 1
 *               x_s = sum over g with s: c_g                   step s is on the cloud
 *               up_t >= x_other - x_hub, down_t >= x_hub - x_other      (a gathered tensor:
 * swapped) enter_s >= x_(s+1) - x_s, leave_s >= x_s - x_(s+1)      x_0 = x_(n+1) = 0 x_s = x_(s+1)
 * where the server lets no side change subject to  T, E and the sum of c_g Tc_g within their bounds
 *
 * m_g and c_g are binary; the others follow. GLPK takes a row within 1e-7 for met, so its plan is
 * evaluated, and excluded by a row of its own if it misses a bound after all. */
#include "scheduler/plan/oracle/ilp.h"

#include <errno.h>
#include <glpk.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EXCLUDED 1000

enum quantity {
    LATENCY,
    ENERGY,
    CLOUD,
    QUANTITIES,
};

/* Columns are numbered from 1, as GLPK has it: m_g, c_g, x_s, up_t and down_t, enter_s and leave_s.
 */
struct program {
    const struct split_problem *problem;
    const struct split_conditions *conditions;
    double epsilon;
    int columns;
    double *costs[QUANTITIES]; /* [columns + 1] */
    int *indices; /* [columns + 1], one row's */
    double *values;
    glp_prob *lp;
};

static int column_m(uint32_t group)
{
    return 1 + (int)group;
}

static int column_c(const struct program *program, uint32_t group)
{
    return 1 + (int)(program->problem->group_count + group);
}

/* 0 for the steps that are always on the mobile. */
static int column_x(const struct program *program, uint32_t step)
{
    if (step == 0 || step > program->problem->count)
        return 0;
    return (int)(2 * program->problem->group_count + step);
}

static int column_up(const struct program *program, uint32_t tensor)
{
    return 1 + (int)(2 * program->problem->group_count + program->problem->count + 2 * tensor);
}

static int column_enter(const struct program *program, uint32_t step)
{
    return column_up(program, program->problem->tensor_count) + (int)(2 * step);
}

static double value_of(const struct split_totals *totals, enum quantity quantity)
{
    return quantity == LATENCY  ? totals->latency_ms
           : quantity == ENERGY ? totals->energy_mj
                                : totals->cloud_ms;
}

static double remaining_ms(const struct split_load *load, uint32_t layer)
{
    uint32_t cut = 0;
    while (load->cut_layers[cut] < layer)
        cut++;
    return load->remaining_ms[cut];
}

static void cost_groups(struct program *program)
{
    const struct split_load *load = &program->conditions->load;
    const struct split_network *network = &program->conditions->network;
    const double down_mw = split_network_down_mw(network, program->conditions->has_radio_base);
    for (uint32_t g = 0; g < program->problem->group_count; g++) {
        const struct split_group *group = &program->problem->groups[g];
        const double weights_ms = split_network_down_ms(network, group->cost.cloud_down_bytes);
        double cloud_ms = group->cost.cloud_ms * load->k;
        if (load->cut_count)
            cloud_ms = remaining_ms(load, group->first - 1) - remaining_ms(load, group->last);
        program->costs[LATENCY][column_m(g)] = group->cost.mobile_ms;
        program->costs[ENERGY][column_m(g)] = group->cost.mobile_mj;
        program->costs[LATENCY][column_c(program, g)] = cloud_ms + weights_ms;
        program->costs[ENERGY][column_c(program, g)] = weights_ms * down_mw / 1e3;
        program->costs[CLOUD][column_c(program, g)] = cloud_ms;
    }
}

static void cost_transfers(struct program *program)
{
    const struct split_conditions *conditions = program->conditions;
    const struct split_network *network = &conditions->network;
    const double up_mw = split_network_up_mw(network, conditions->has_radio_base);
    const double down_mw = split_network_down_mw(network, conditions->has_radio_base);
    for (uint32_t t = 0; t < program->problem->tensor_count; t++) {
        const double up_ms = split_network_up_ms(network, program->problem->tensors[t].bytes);
        const double down_ms = split_network_down_ms(network, program->problem->tensors[t].bytes);
        const int up = column_up(program, t), down = up + 1;
        program->costs[LATENCY][up] = up_ms;
        program->costs[ENERGY][up] = up_ms * up_mw / 1e3;
        program->costs[LATENCY][down] = down_ms;
        program->costs[ENERGY][down] = down_ms * down_mw / 1e3;
    }
    for (uint32_t step = 0; step <= program->problem->count; step++) {
        const int enter = column_enter(program, step), leave = enter + 1;
        program->costs[LATENCY][enter] = network->rtt_ms / 2 + conditions->load.wait_ms;
        program->costs[LATENCY][leave] = network->rtt_ms / 2;
    }
}

/* One more row, of the `length` entries that stand in indices and values. */
static void add_row(struct program *program, int length, int type, double low, double high)
{
    const int row = glp_add_rows(program->lp, 1);
    glp_set_row_bnds(program->lp, row, type, low, high);
    glp_set_mat_row(program->lp, row, length, program->indices, program->values);
}

/* One more entry of the row to come; column 0 is a constant 0. */
static int put(struct program *program, int length, int column, double value)
{
    if (!column)
        return length;
    program->indices[length + 1] = column;
    program->values[length + 1] = value;
    return length + 1;
}

static void add_steps(struct program *program)
{
    const struct split_problem *problem = program->problem;
    for (uint32_t step = 1; step <= problem->count; step++) {
        int length = 0;
        for (uint32_t g = 0; g < problem->group_count; g++) {
            if (problem->groups[g].first > step || problem->groups[g].last < step)
                continue;
            length = put(program, length, column_m(g), 1);
            length = put(program, length, column_c(program, g), 1);
        }
        add_row(program, length, GLP_FX, 1, 1);
        length = put(program, 0, column_x(program, step), 1);
        for (uint32_t g = 0; g < problem->group_count; g++)
            if (problem->groups[g].first <= step && problem->groups[g].last >= step)
                length = put(program, length, column_c(program, g), -1);
        add_row(program, length, GLP_FX, 0, 0);
    }
}

/* column >= x_to - x_from */
static void add_crossing(struct program *program, int column, uint32_t from, uint32_t to)
{
    int length = put(program, 0, column, 1);
    length = put(program, length, column_x(program, to), -1);
    length = put(program, length, column_x(program, from), 1);
    add_row(program, length, GLP_LO, 0, 0);
}

static void add_tensor(struct program *program, uint32_t index)
{
    const struct split_tensor *tensor = &program->problem->tensors[index];
    const int up = column_up(program, index), down = up + 1;
    for (uint32_t i = 0; i < tensor->other_count; i++) {
        const uint32_t other = tensor->others[i];
        add_crossing(program, tensor->is_gathered ? down : up, tensor->hub, other);
        add_crossing(program, tensor->is_gathered ? up : down, other, tensor->hub);
    }
}

static void add_changes(struct program *program)
{
    const struct split_load *load = &program->conditions->load;
    uint32_t cut = 0;
    for (uint32_t step = 0; step <= program->problem->count; step++) {
        const int enter = column_enter(program, step), leave = enter + 1;
        add_crossing(program, enter, step, step + 1);
        add_crossing(program, leave, step + 1, step);
        while (cut < load->cut_count && load->cut_layers[cut] < step)
            cut++;
        if (!load->cut_count || load->cut_layers[cut] == step)
            continue;
        int length = put(program, 0, column_x(program, step), 1);
        length = put(program, length, column_x(program, step + 1), -1);
        add_row(program, length, GLP_FX, 0, 0);
    }
}

/* GLPK's tolerances are meant for numbers near 1. */
static double scale_of(const struct program *program, enum quantity quantity)
{
    double largest = 0;
    for (int column = 1; column <= program->columns; column++)
        largest = fmax(largest, program->costs[quantity][column]);
    return largest > 0 ? 1 / largest : 1;
}

static void add_bound(struct program *program, enum quantity quantity, double bound)
{
    const double scale = bound > 0 ? 1 / bound : scale_of(program, quantity);
    int length = 0;
    if (isinf(bound))
        return;
    for (int column = 1; column <= program->columns; column++)
        if (program->costs[quantity][column] > 0)
            length = put(program, length, column, program->costs[quantity][column] * scale);
    if (length)
        add_row(program, length, GLP_UP, 0, bound * scale);
}

static void add_columns(struct program *program, enum quantity objective)
{
    const double scale = scale_of(program, objective);
    glp_add_cols(program->lp, program->columns);
    for (int column = 1; column <= program->columns; column++) {
        const bool is_binary = column <= (int)(2 * program->problem->group_count);
        glp_set_col_kind(program->lp, column, is_binary ? GLP_BV : GLP_CV);
        if (!is_binary)
            glp_set_col_bnds(program->lp, column, GLP_DB, 0, 1);
        glp_set_obj_coef(program->lp, column, program->costs[objective][column] * scale);
    }
}

static void read_parts(const struct program *program, struct split_plan *plan)
{
    plan->part_count = 0;
    for (uint32_t step = 1; step <= program->problem->count;) {
        const uint32_t before = step;
        for (uint32_t g = 0; g < program->problem->group_count; g++) {
            const struct split_group *group = &program->problem->groups[g];
            const bool is_mobile = glp_mip_col_val(program->lp, column_m(g)) > 0.5;
            if (group->first != step ||
                (!is_mobile && glp_mip_col_val(program->lp, column_c(program, g)) <= 0.5))
                continue;
            plan->parts[plan->part_count++] = (struct split_part){
                group->first, group->last, is_mobile ? SPLIT_MOBILE : SPLIT_CLOUD};
            step = group->last + 1;
            break;
        }
        if (step == before) /* no solution that GLPK gives: then none that has a cost */
            return;
    }
    split_evaluate(program->problem, program->conditions, plan->parts, plan->part_count,
                   &plan->totals);
}

/* Not all the groups of this solution together. */
static void exclude(struct program *program)
{
    int length = 0, chosen = 0;
    for (int column = 1; column <= (int)(2 * program->problem->group_count); column++) {
        if (glp_mip_col_val(program->lp, column) <= 0.5)
            continue;
        length = put(program, length, column, 1);
        chosen++;
    }
    add_row(program, length, GLP_UP, 0, chosen - 1);
}

static bool is_within(const struct split_totals *totals, const double bounds[QUANTITIES])
{
    bool is_met = true;
    for (int q = 0; q < QUANTITIES; q++)
        is_met &= value_of(totals, (enum quantity)q) <= bounds[q] * (1 + 1e-9);
    return is_met;
}

/* 0, -ENOENT: no plan meets the bounds, -E2BIG. */
static int search(struct program *program, const double bounds[QUANTITIES], struct split_plan *plan)
{
    glp_iocp options;
    glp_init_iocp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.presolve = GLP_ON;
    options.mip_gap = program->epsilon;
    for (int i = 0; i < MAX_EXCLUDED; i++) {
        const int err = glp_intopt(program->lp, &options);
        const int status = glp_mip_status(program->lp);
        if (err == GLP_ENOPFS || (!err && status == GLP_NOFEAS))
            return -ENOENT;
        if ((err && err != GLP_EMIPGAP) || (status != GLP_OPT && status != GLP_FEAS))
            return -E2BIG;
        read_parts(program, plan);
        if (is_within(&plan->totals, bounds))
            return 0;
        exclude(program);
    }
    return -E2BIG;
}

/* The least of one quantity within the bounds; what plan holds of a plan is replaced. */
static int minimise(struct program *program, enum quantity objective,
                    const double bounds[QUANTITIES], struct split_plan *plan)
{
    program->lp = glp_create_prob();
    if (!program->lp)
        return -ENOMEM;
    glp_set_obj_dir(program->lp, GLP_MIN);
    add_columns(program, objective);
    add_steps(program);
    for (uint32_t t = 0; t < program->problem->tensor_count; t++)
        add_tensor(program, t);
    add_changes(program);
    for (int q = 0; q < QUANTITIES; q++)
        add_bound(program, (enum quantity)q, bounds[q]);
    int err = search(program, bounds, plan);
    glp_delete_prob(program->lp);
    program->lp = NULL;
    return err;
}

/* The least value that the bound of this quantity could have. */
static int find_nearest(struct program *program, enum quantity quantity,
                        const double bounds[QUANTITIES], struct split_plan *plan,
                        struct split_nearest *nearest)
{
    const double none[QUANTITIES] = {INFINITY, INFINITY, INFINITY};
    double others[QUANTITIES];
    if (isinf(bounds[quantity]))
        return 0;
    int err = minimise(program, quantity, none, plan);
    if (err)
        return err;
    nearest->alone = value_of(&plan->totals, quantity);
    memcpy(others, bounds, sizeof(others));
    others[quantity] = INFINITY;
    err = minimise(program, quantity, others, plan);
    if (!err)
        nearest->beside_others = value_of(&plan->totals, quantity);
    return err == -ENOENT ? 0 : err;
}

/* Every step on one side, in its best groups: a shortest path over the steps. */
static void find_one_side(struct program *program, enum quantity objective, enum split_side side,
                          struct split_part *parts, struct split_totals *totals)
{
    const struct split_problem *problem = program->problem;
    double *least = program->values; /* to place the first steps; a row is never shorter */
    int *chosen = program->indices;
    for (uint32_t step = 0; step <= problem->count; step++)
        least[step] = step ? INFINITY : 0;
    for (uint32_t g = 0; g < problem->group_count; g++) {
        const int column = side == SPLIT_MOBILE ? column_m(g) : column_c(program, g);
        const double cost = least[problem->groups[g].first - 1] + program->costs[objective][column];
        if (cost >= least[problem->groups[g].last])
            continue;
        least[problem->groups[g].last] = cost;
        chosen[problem->groups[g].last] = (int)g;
    }
    uint32_t count = 0, first = problem->count; /* from the last group to the first */
    for (uint32_t last = problem->count; last; last = problem->groups[chosen[last]].first - 1)
        parts[first -= 1] = (struct split_part){problem->groups[chosen[last]].first, last, side};
    count = problem->count - first;
    memmove(parts, &parts[first], count * sizeof(*parts));
    split_evaluate(problem, program->conditions, parts, count, totals);
}

static int solve(struct program *program, const struct split_goal *goal, struct split_plan *plan)
{
    const enum quantity objective = goal->objective == SPLIT_LATENCY ? LATENCY : ENERGY;
    const double bounds[QUANTITIES] = {goal->max_latency_ms, goal->max_energy_mj,
                                       goal->max_cloud_ms};
    cost_groups(program);
    cost_transfers(program);
    find_one_side(program, objective, SPLIT_MOBILE, plan->parts, &plan->mobile_only);
    find_one_side(program, objective, SPLIT_CLOUD, plan->parts, &plan->cloud_only);
    int err = minimise(program, objective, bounds, plan);
    plan->is_feasible = !err;
    if (err != -ENOENT)
        return err;
    err = find_nearest(program, LATENCY, bounds, plan, &plan->latency_ms);
    if (!err)
        err = find_nearest(program, ENERGY, bounds, plan, &plan->energy_mj);
    if (!err)
        err = find_nearest(program, CLOUD, bounds, plan, &plan->cloud_ms);
    plan->part_count = 0;
    plan->totals = (struct split_totals){0};
    return err;
}

int split_ilp_solve(const struct split_problem *problem, const struct split_conditions *conditions,
                    const struct split_goal *goal, struct split_plan *plan,
                    struct split_error *error)
{
    int err = split_conditions_check(conditions, problem->layer_count, error);
    if (!err)
        err = split_goal_check(goal, error);
    if (err)
        return err;
    if (conditions->load.cut_count && problem->mode == SPLIT_TRAINING)
        return split_error_set(error, -EINVAL, "remaining_ms", "tells nothing of training");
    const struct split_nearest unknown = {INFINITY, INFINITY};
    *plan = (struct split_plan){.parts = plan->parts,
                                .latency_ms = unknown,
                                .energy_mj = unknown,
                                .cloud_ms = unknown,
                                .solver = "ilp"};
    struct program program = {problem, conditions, goal->epsilon, 0, {0}, NULL, NULL, NULL};
    program.columns = column_enter(&program, problem->count) + 1;
    const size_t length = (size_t)program.columns + 1;
    double *costs = calloc(QUANTITIES * length, sizeof(*costs));
    program.indices = calloc(length, sizeof(*program.indices));
    program.values = calloc(length, sizeof(*program.values));
    for (int q = 0; costs && q < QUANTITIES; q++)
        program.costs[q] = costs + (size_t)q * length;
    err = -ENOMEM;
    if (costs && program.indices && program.values)
        err = solve(&program, goal, plan);
    free(costs);
    free(program.indices);
    free(program.values);
    return err ? split_error_set(error, err, "layers", "are too much for GLPK") : 0;
}
