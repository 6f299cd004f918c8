/* The panel of a map's picture that shows what the plans gain over the better extreme. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_GAINS_H
#define SCHEDULER_CLI_PICTURE_MAP_GAINS_H

#include "scheduler/cli/picture/map_panel.h"

/* Cells and, where they have room, their numbers. */
void map_gains_draw(const struct map_panel *panel);

/* Draws what the colours mean, the first line at y; returns the last line's. */
double map_gains_draw_legend(const struct map_panel *panel, double y);

#endif
