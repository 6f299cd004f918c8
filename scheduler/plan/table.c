/* Fills a grid of conditions with the best plans, and finds the nearest one. */
#include "scheduler/plan/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_up(const struct split_table_grid *grid, struct split_error *error)
{
    for (uint32_t i = 0; i < grid->up_count; i++) {
        char field[96];
        snprintf(field, sizeof(field), "up_mbps[%u]", i);
        if (!(grid->up_mbps[i] >= SPLIT_MIN_MBPS && grid->up_mbps[i] <= SPLIT_MAX_NUMBER))
            return split_error_set(error, -EINVAL, field, "is not from %g to %g", SPLIT_MIN_MBPS,
                                   SPLIT_MAX_NUMBER);
        if (i && grid->up_mbps[i] <= grid->up_mbps[i - 1])
            return split_error_set(error, -EINVAL, field, "is not above the one before it");
    }
    return 0;
}

static bool is_same_load(const struct split_table_load *a, const struct split_table_load *b)
{
    return a->wait_ms >= b->wait_ms && a->wait_ms <= b->wait_ms && a->k >= b->k && a->k <= b->k;
}

static int check_loads(const struct split_table_grid *grid, struct split_error *error)
{
    for (uint32_t i = 0; i < grid->load_count; i++) {
        const struct split_table_load *load = &grid->loads[i];
        char field[96];
        snprintf(field, sizeof(field), "loads[%u].k", i);
        if (!(load->k > 0 && load->k <= SPLIT_MAX_NUMBER))
            return split_error_set(error, -EINVAL, field, "is not above 0, up to %g",
                                   SPLIT_MAX_NUMBER);
        snprintf(field, sizeof(field), "loads[%u].wait_ms", i);
        if (!(load->wait_ms >= 0 && load->wait_ms <= SPLIT_MAX_NUMBER))
            return split_error_set(error, -EINVAL, field, "is not from 0 to %g", SPLIT_MAX_NUMBER);
        snprintf(field, sizeof(field), "loads[%u]", i);
        for (uint32_t k = 0; k < i; k++)
            if (is_same_load(&grid->loads[k], load))
                return split_error_set(error, -EINVAL, field, "is the same as loads[%u]", k);
    }
    return 0;
}

static int check_count(uint32_t count, const char *field, struct split_error *error)
{
    if (!count)
        return split_error_set(error, -EINVAL, field, "is empty");
    if (count > SPLIT_TABLE_MAX_AXIS)
        return split_error_set(error, -EINVAL, field, "are %u, more than %u", count,
                               (unsigned)SPLIT_TABLE_MAX_AXIS);
    return 0;
}

static int check_grid(const struct split_table_grid *grid, struct split_error *error)
{
    int err = check_count(grid->up_count, "up_mbps", error);
    if (!err)
        err = check_count(grid->load_count, "loads", error);
    if (!err)
        err = check_up(grid, error);
    return err ? err : check_loads(grid, error);
}

static int copy_grid(struct split_table *table, const struct split_table_grid *grid)
{
    table->has_fixed_down = grid->has_fixed_down;
    table->up_count = grid->up_count;
    table->load_count = grid->load_count;
    table->up_mbps = calloc(grid->up_count, sizeof(*table->up_mbps));
    table->loads = calloc(grid->load_count, sizeof(*table->loads));
    table->plans = calloc((size_t)grid->up_count * grid->load_count, sizeof(*table->plans));
    if (!table->up_mbps || !table->loads || !table->plans)
        return -ENOMEM;
    memcpy(table->up_mbps, grid->up_mbps, grid->up_count * sizeof(*table->up_mbps));
    memcpy(table->loads, grid->loads, grid->load_count * sizeof(*table->loads));
    return 0;
}

/* A copy with room for its own parts alone. */
static int copy_plan(struct split_plan *copy, const struct split_plan *plan)
{
    *copy = *plan;
    copy->parts = calloc((size_t)plan->part_count + 1, sizeof(*copy->parts));
    if (!copy->parts)
        return -ENOMEM;
    memcpy(copy->parts, plan->parts, plan->part_count * sizeof(*copy->parts));
    return 0;
}

struct split_network split_table_network(const struct split_table *table, uint32_t up)
{
    struct split_network network = table->network;
    network.up_mbps = table->up_mbps[up];
    if (!table->has_fixed_down)
        network.down_mbps *= table->up_mbps[up] / table->network.up_mbps;
    return network;
}

const struct split_plan *split_table_plan(const struct split_table *table, uint32_t up,
                                          uint32_t load)
{
    return &table->plans[(size_t)up * table->load_count + load];
}

/* What every place of the grid is solved with. */
struct filling {
    struct split_solver *solver;
    const struct split_conditions *conditions;
    const struct split_goal *goal;
    struct split_plan plan;
};

static int fill_place(struct split_table *table, struct filling *filling, size_t place,
                      struct split_error *error)
{
    const struct split_table_load *load = &table->loads[place % table->load_count];
    struct split_conditions conditions = *filling->conditions;
    conditions.network = split_table_network(table, (uint32_t)(place / table->load_count));
    conditions.load = (struct split_load){.wait_ms = load->wait_ms, .k = load->k};
    int err = split_solve(filling->solver, &conditions, filling->goal, &filling->plan, error);
    if (!err && copy_plan(&table->plans[place], &filling->plan))
        err = split_error_set(error, -ENOMEM, "plans", "out of memory");
    return err;
}

int split_table_solve(struct split_table *table, const struct split_problem *problem,
                      struct split_solver *solver, const struct split_table_grid *grid,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      split_progress *progress, void *progress_arg, struct split_error *error)
{
    *table = (struct split_table){.network = conditions->network};
    struct filling filling = {.solver = solver, .conditions = conditions, .goal = goal};
    int err = split_network_check(&conditions->network, error);
    if (!err)
        err = check_grid(grid, error);
    if (err)
        return err;
    if (copy_grid(table, grid) || split_plan_init(&filling.plan, problem))
        err = split_error_set(error, -ENOMEM, "plans", "out of memory");
    const size_t count = (size_t)grid->up_count * grid->load_count;
    for (size_t place = 0; !err && place < count; place++) {
        if (progress)
            progress(progress_arg, "solving", (double)place / (double)count);
        err = fill_place(table, &filling, place, error);
    }
    split_plan_fini(&filling.plan);
    if (err)
        split_table_fini(table);
    return err;
}

void split_table_fini(struct split_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; table->plans && i < (size_t)table->up_count * table->load_count; i++)
        split_plan_fini(&table->plans[i]);
    free(table->plans);
    free(table->loads);
    free(table->up_mbps);
    *table = (struct split_table){0};
}

static double load_distance(const struct split_table_load *a, const struct split_table_load *b)
{
    return fabs(log(a->k / b->k)) + fabs(log1p(a->wait_ms) - log1p(b->wait_ms));
}

const struct split_plan *split_table_lookup(const struct split_table *table, double up_mbps,
                                            const struct split_table_load *load, uint32_t *up,
                                            uint32_t *load_index)
{
    uint32_t best_up = 0, best_load = 0;
    for (uint32_t i = 1; i < table->up_count; i++)
        if (fabs(log(table->up_mbps[i] / up_mbps)) < fabs(log(table->up_mbps[best_up] / up_mbps)))
            best_up = i;
    for (uint32_t i = 1; i < table->load_count; i++)
        if (load_distance(&table->loads[i], load) < load_distance(&table->loads[best_load], load))
            best_load = i;
    if (up)
        *up = best_up;
    if (load_index)
        *load_index = best_load;
    return split_table_plan(table, best_up, best_load);
}
