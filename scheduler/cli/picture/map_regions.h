/* The regions of a map: cells of one class that touch, and the rectangles inside each where its
 * label may go. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_REGIONS_H
#define SCHEDULER_CLI_PICTURE_MAP_REGIONS_H

#include "scheduler/cli/picture/map_classes.h"
#include "scheduler/cli/picture/svg.h"

struct map_region {
    uint32_t class;
    struct svg_box room; /* the largest, in pixels */
    struct svg_box wide; /* the largest for one line of text */
};

/* x[0..column_count] and y[0..row_count] are the cells' edges, x rising, y falling (the first row
 * is the lowest). regions has room for every cell. 0 or -ENOMEM. */
int map_regions_find(const struct map_classes *map, const double *x, const double *y,
                     struct map_region *regions, uint32_t *region_count);

#endif
