/* Which places of a table have one and the same plan. */
#include "scheduler/cli/picture/map_classes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

const struct split_plan *map_classes_plan(const struct map_classes *map,
                                          const struct split_table *table, uint32_t row,
                                          uint32_t column)
{
    return &table->plans[(size_t)map->columns[column] * table->load_count + map->rows[row]];
}

/* Evenly spread over 0..count - 1, both ends included. */
static uint32_t thin(uint32_t count, uint32_t most, uint32_t *kept)
{
    const uint32_t used = count < most ? count : most;
    for (uint32_t i = 0; i < used; i++)
        kept[i] = used > 1 ? (uint32_t)((uint64_t)i * (count - 1) / (used - 1)) : 0;
    return used;
}

struct ranked_load {
    struct split_table_load load;
    uint32_t number;
};

static int by_load(const void *a, const void *b)
{
    const struct ranked_load *x = a, *y = b;
    if (x->load.k < y->load.k || x->load.k > y->load.k)
        return x->load.k < y->load.k ? -1 : 1;
    if (x->load.wait_ms < y->load.wait_ms || x->load.wait_ms > y->load.wait_ms)
        return x->load.wait_ms < y->load.wait_ms ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int choose_places(struct map_classes *map, const struct split_table *table)
{
    struct ranked_load *loads = calloc(table->load_count, sizeof(*loads));
    if (!loads)
        return -ENOMEM;
    for (uint32_t i = 0; i < table->load_count; i++)
        loads[i] = (struct ranked_load){table->loads[i], i};
    qsort(loads, table->load_count, sizeof(*loads), by_load);
    map->column_count = thin(table->up_count, MAP_MAX_COLUMNS, map->columns);
    map->row_count = thin(table->load_count, MAP_MAX_ROWS, map->rows);
    for (uint32_t i = 0; i < map->row_count; i++)
        map->rows[i] = loads[map->rows[i]].number;
    free(loads);
    return 0;
}

/* The last step of the run on one side that starts with this part; *part moves behind it. */
static uint32_t end_of_run(const struct split_plan *plan, uint32_t *part)
{
    const enum split_side side = plan->parts[*part].side;
    while (*part < plan->part_count && plan->parts[*part].side == side)
        (*part)++;
    return plan->parts[*part - 1].last;
}

/* The same step on the same side; how the steps are grouped does not matter. */
static bool is_same(const struct split_plan *a, const struct split_plan *b)
{
    if (!a->is_feasible || !b->is_feasible)
        return a->is_feasible == b->is_feasible;
    uint32_t i = 0, j = 0;
    if (a->parts[0].side != b->parts[0].side)
        return false;
    while (i < a->part_count && j < b->part_count)
        if (end_of_run(a, &i) != end_of_run(b, &j))
            return false;
    return i == a->part_count && j == b->part_count;
}

static struct map_class class_of(const struct split_plan *plan)
{
    struct map_class class = {
        .plan = plan, .least_ms = INFINITY, .least_mj = INFINITY, .most_ms = 0, .most_mj = 0};
    bool is_before = true;
    for (uint32_t i = 0; plan->is_feasible && i < plan->part_count; i++) {
        const struct split_part *part = &plan->parts[i];
        is_before &= part->side == SPLIT_MOBILE;
        if (part->side == SPLIT_MOBILE)
            class.all_mobile_steps += part->last - part->first + 1;
        if (is_before)
            class.mobile_steps += part->last - part->first + 1;
    }
    return class;
}

static void count_cell(struct map_class *class, const struct split_plan *plan)
{
    class->cell_count++;
    if (!plan->is_feasible)
        return;
    class->least_ms = fmin(class->least_ms, plan->totals.latency_ms);
    class->most_ms = fmax(class->most_ms, plan->totals.latency_ms);
    class->least_mj = fmin(class->least_mj, plan->totals.energy_mj);
    class->most_mj = fmax(class->most_mj, plan->totals.energy_mj);
}

/* Cells point into classes as these are found; sorting them later renames the cells. */
static void find_classes(struct map_classes *map, const struct split_table *table)
{
    for (uint32_t cell = 0; cell < map->row_count * map->column_count; cell++) {
        const struct split_plan *plan =
            map_classes_plan(map, table, cell / map->column_count, cell % map->column_count);
        /* The neighbour before it most often has the same plan. */
        uint32_t found = cell ? map->class_of[cell - 1] : 0;
        if (!cell || !is_same(map->classes[found].plan, plan))
            for (found = 0; found < map->class_count; found++)
                if (is_same(map->classes[found].plan, plan))
                    break;
        if (found == map->class_count)
            map->classes[map->class_count++] = class_of(plan);
        count_cell(&map->classes[found], plan);
        map->class_of[cell] = found;
    }
}

static int by_mobile_steps(const void *a, const void *b)
{
    const struct map_class *x = a, *y = b;
    if (x->plan->is_feasible != y->plan->is_feasible)
        return x->plan->is_feasible ? -1 : 1;
    if (x->mobile_steps != y->mobile_steps)
        return x->mobile_steps > y->mobile_steps ? -1 : 1;
    if (x->all_mobile_steps != y->all_mobile_steps)
        return x->all_mobile_steps > y->all_mobile_steps ? -1 : 1;
    return x->plan < y->plan ? -1 : x->plan > y->plan;
}

static void sort_classes(struct map_classes *map)
{
    qsort(map->classes, map->class_count, sizeof(*map->classes), by_mobile_steps);
}

int map_classes_init(struct map_classes *map, const struct split_table *table)
{
    *map = (struct map_classes){0};
    int err = choose_places(map, table);
    if (err)
        return err;
    const size_t cell_count = (size_t)map->row_count * map->column_count;
    map->classes = calloc(cell_count, sizeof(*map->classes));
    map->class_of = calloc(cell_count, sizeof(*map->class_of));
    const struct split_plan **representative = calloc(cell_count, sizeof(*representative));
    if (!map->classes || !map->class_of || !representative) {
        free(representative);
        map_classes_fini(map);
        return -ENOMEM;
    }
    find_classes(map, table);
    for (size_t i = 0; i < cell_count; i++)
        representative[i] = map->classes[map->class_of[i]].plan;
    sort_classes(map);
    for (size_t i = 0; i < cell_count; i++)
        while (map->classes[map->class_of[i]].plan != representative[i])
            map->class_of[i] = (map->class_of[i] + 1) % map->class_count;
    free(representative);
    return 0;
}

void map_classes_fini(struct map_classes *map)
{
    if (!map)
        return;
    free(map->classes);
    free(map->class_of);
    *map = (struct map_classes){0};
}
