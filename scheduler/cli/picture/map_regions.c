/* The regions of a map: flood fill, then the best rectangles by trying each pair of rows. */
#include "scheduler/cli/picture/map_regions.h"

#include <errno.h>
#include <stdlib.h>

#define NO_REGION UINT32_MAX

struct filling {
    const struct map_classes *map;
    uint32_t *region_of; /* by cell */
    uint32_t *stack;
};

/* Returns the last row of the region; its first is that of start, the first cell in reading order.
 */
static uint32_t fill(const struct filling *filling, uint32_t start, uint32_t region)
{
    const struct map_classes *map = filling->map;
    const uint32_t columns = map->column_count, class = map->class_of[start];
    uint32_t depth = 0, last_row = start / columns;
    filling->stack[depth++] = start;
    filling->region_of[start] = region;
    while (depth) {
        const uint32_t cell = filling->stack[--depth];
        const uint32_t row = cell / columns, column = cell % columns;
        last_row = row > last_row ? row : last_row;
        const uint32_t around[] = {
            row ? cell - columns : cell, row + 1 < map->row_count ? cell + columns : cell,
            column ? cell - 1 : cell, column + 1 < columns ? cell + 1 : cell};
        for (int i = 0; i < 4; i++) {
            if (filling->region_of[around[i]] != NO_REGION || map->class_of[around[i]] != class)
                continue;
            filling->region_of[around[i]] = region;
            filling->stack[depth++] = around[i];
        }
    }
    return last_row;
}

/* Heights that nothing is written into are not counted. */
static double worth(const struct svg_box *box, double most_height)
{
    return box->width * (box->height < most_height ? box->height : most_height);
}

static bool is_column_inside(const struct filling *filling, uint32_t region, uint32_t low,
                             uint32_t high, uint32_t column)
{
    for (uint32_t row = low; row <= high; row++)
        if (filling->region_of[row * filling->map->column_count + column] != region)
            return false;
    return true;
}

static struct svg_box largest(const struct filling *filling, uint32_t region, uint32_t first_row,
                              uint32_t last_row, const double *x, const double *y,
                              double most_height)
{
    const struct map_classes *map = filling->map;
    struct svg_box best = {0};
    for (uint32_t low = first_row; low <= last_row; low++)
        for (uint32_t high = low; high <= last_row; high++)
            for (uint32_t column = 0, start = 0; column <= map->column_count; column++) {
                if (column < map->column_count &&
                    is_column_inside(filling, region, low, high, column))
                    continue;
                const struct svg_box box = {x[start], y[high + 1], x[column] - x[start],
                                            y[low] - y[high + 1]};
                if (column > start && worth(&box, most_height) > worth(&best, most_height))
                    best = box;
                start = column + 1;
            }
    return best;
}

int map_regions_find(const struct map_classes *map, const double *x, const double *y,
                     struct map_region *regions, uint32_t *region_count)
{
    const uint32_t cell_count = map->row_count * map->column_count;
    const struct filling filling = {map, calloc(cell_count, sizeof(uint32_t)),
                                    calloc(cell_count, sizeof(uint32_t))};
    *region_count = 0;
    int err = filling.region_of && filling.stack ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < cell_count && !err; i++)
        filling.region_of[i] = NO_REGION;
    for (uint32_t i = 0; i < cell_count && !err; i++) {
        if (filling.region_of[i] != NO_REGION)
            continue;
        const uint32_t last_row = fill(&filling, i, *region_count);
        regions[*region_count] = (struct map_region){.class = map->class_of[i]};
        const uint32_t first_row = i / map->column_count;
        regions[*region_count].room =
            largest(&filling, *region_count, first_row, last_row, x, y, 60);
        regions[*region_count].wide =
            largest(&filling, *region_count, first_row, last_row, x, y, 18);
        ++*region_count;
    }
    free(filling.region_of);
    free(filling.stack);
    return err;
}
