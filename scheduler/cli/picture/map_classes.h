/* Which places of a table have one and the same plan: the classes that a map colours alike.
 *
 * A large table is thinned to what a picture can show: columns and rows are spread evenly over it,
 * its edges included. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_CLASSES_H
#define SCHEDULER_CLI_PICTURE_MAP_CLASSES_H

#include "scheduler/plan/table.h"

#define MAP_MAX_COLUMNS 48
#define MAP_MAX_ROWS 24

struct map_class {
    const struct split_plan *plan; /* one of them */
    uint32_t mobile_steps; /* before the first hand-over; all of them without any */
    uint32_t all_mobile_steps;
    uint32_t cell_count;
    double least_ms, most_ms, least_mj, most_mj; /* over its places */
};

struct map_classes {
    uint32_t column_count, row_count;
    uint32_t columns[MAP_MAX_COLUMNS]; /* numbers of bandwidths in the table, rising */
    uint32_t rows[MAP_MAX_ROWS]; /* numbers of loads, the least load first */
    uint32_t class_count;
    struct map_class *classes; /* the longest on the mobile first, the infeasible last */
    uint32_t *class_of; /* [row][column] */
};

int map_classes_init(struct map_classes *map, const struct split_table *table); /* 0 or -ENOMEM */
void map_classes_fini(struct map_classes *map); /* accepts NULL and a zeroed object */

const struct split_plan *map_classes_plan(const struct map_classes *map,
                                          const struct split_table *table, uint32_t row,
                                          uint32_t column);

#endif
