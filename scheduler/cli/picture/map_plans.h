/* The panel of a map's picture that shows which plan is best, region by region. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_PLANS_H
#define SCHEDULER_CLI_PICTURE_MAP_PLANS_H

#include "scheduler/cli/picture/map_panel.h"

/* Cividis, from the map's last feasible class (dark) to its first (light); grey: no plan. */
void map_plans_colour(const struct map_classes *map, uint32_t class, char colour[8]);

/* "A", "B", ... "AA": the name of a class on the map and in the legend. */
void map_plans_add_letter(struct text *text, uint32_t class);

int map_plans_draw(const struct map_panel *panel); /* 0 or -ENOMEM */

#endif
