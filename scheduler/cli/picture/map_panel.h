/* One panel of a map's picture: where its cells' edges are, its axes, its cells. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_PANEL_H
#define SCHEDULER_CLI_PICTURE_MAP_PANEL_H

#include "scheduler/cli/picture/map_classes.h"
#include "scheduler/cli/picture/map_picture.h"
#include "scheduler/cli/picture/svg.h"
#include "scheduler/cli/picture/text.h"

struct map_panel {
    struct svg *svg;
    const struct map_picture *picture;
    const struct map_classes *map;
    double x[MAP_MAX_COLUMNS + 1]; /* edges, rising */
    double y[MAP_MAX_ROWS + 1]; /* edges, falling: the least load is the lowest row */
};

/* Sets the edges of a panel whose other fields are set. */
void map_panel_init(struct map_panel *panel, double left, double right, double top, double bottom);

struct svg_box map_panel_box(const struct map_panel *panel, uint32_t row, uint32_t column);

/* kind as svg_group_begin() takes it. */
void map_panel_draw_cell(const struct map_panel *panel, const char *kind, uint32_t row,
                         uint32_t column, const char *colour, const char *tooltip);

/* The title above, the bandwidths below; the loads to the left. */
void map_panel_draw_bandwidths(const struct map_panel *panel, const char *title);
void map_panel_draw_loads(const struct map_panel *panel);

/* "5.85 Mbit/s up, load 1.3×, 9 ms". */
void map_panel_add_place(struct text *text, const struct map_panel *panel, uint32_t row,
                         uint32_t column);

/* The colour of text on a colour: black on the light ones, white on the dark ones. */
const char *map_panel_text_on(const char *colour);

#endif
