/* One panel of a map's picture: edges, axes, cells. */
#include "scheduler/cli/picture/map_panel.h"

#include "scheduler/cli/picture/map_words.h"
#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/quantity.h"

#include <math.h>
#include <stdlib.h>

/* Relative luminance of a channel, as WCAG 2 defines it. */
static double linear(unsigned long channel)
{
    const double share = (double)(channel & 255) / 255;
    return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

/* Where black and white have the same contrast, that is sqrt(21) = 4.58: nowhere is it less. */
const char *map_panel_text_on(const char *colour)
{
    const unsigned long rgb = strtoul(colour + 1, NULL, 16);
    const double luminance =
        0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
    return luminance > 0.179 ? "#000000" : "#FFFFFF";
}

/* Bandwidths lie on a log scale; a cell reaches half way to its neighbours. */
void map_panel_init(struct map_panel *panel, double left, double right, double top, double bottom)
{
    const struct map_classes *map = panel->map;
    const double *up = panel->picture->table->up_mbps;
    const uint32_t count = map->column_count;
    double edges[MAP_MAX_COLUMNS + 1] = {0, 1};
    for (uint32_t i = 1; i < count; i++)
        edges[i] = (log(up[map->columns[i - 1]]) + log(up[map->columns[i]])) / 2;
    if (count > 1) {
        edges[0] = 2 * log(up[map->columns[0]]) - edges[1];
        edges[count] = 2 * log(up[map->columns[count - 1]]) - edges[count - 1];
    }
    for (uint32_t i = 0; i <= count; i++)
        panel->x[i] = left + (right - left) * (edges[i] - edges[0]) / (edges[count] - edges[0]);
    for (uint32_t i = 0; i <= map->row_count; i++)
        panel->y[i] = bottom - (bottom - top) * i / map->row_count;
}

void map_panel_add_place(struct text *text, const struct map_panel *panel, uint32_t row,
                         uint32_t column)
{
    const struct map_picture *picture = panel->picture;
    const struct map_load_words words = {true, true};
    text_add_mbps(text, picture->table->up_mbps[panel->map->columns[column]]);
    text_add(text, " up, load ");
    map_words_add_load(text, &words, &picture->table->loads[panel->map->rows[row]]);
}

struct svg_box map_panel_box(const struct map_panel *panel, uint32_t row, uint32_t column)
{
    return (struct svg_box){panel->x[column], panel->y[row + 1],
                            panel->x[column + 1] - panel->x[column],
                            panel->y[row] - panel->y[row + 1]};
}

void map_panel_draw_cell(const struct map_panel *panel, const char *kind, uint32_t row,
                         uint32_t column, const char *colour, const char *tooltip)
{
    const struct split_plan *plan =
        map_classes_plan(panel->map, panel->picture->table, row, column);
    const struct split_table_load *load = &panel->picture->table->loads[panel->map->rows[row]];
    const struct svg_number numbers[] = {
        {"up-mbps", panel->picture->table->up_mbps[panel->map->columns[column]]},
        {"k", load->k},
        {"wait-ms", load->wait_ms},
        {"ms", plan->totals.latency_ms},
        {"mj", plan->totals.energy_mj}};
    svg_group_begin(panel->svg, kind, numbers, plan->is_feasible ? 5 : 3, tooltip);
    svg_rect(panel->svg, map_panel_box(panel, row, column),
             &(struct svg_paint){.fill = colour, .is_crisp = true});
    svg_group_end(panel->svg);
}

static void draw_bandwidth(const struct map_panel *panel, double x, double mbps, double *last_end)
{
    const double bottom = panel->y[0];
    const struct svg_font font = {.size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = SVG_MIDDLE};
    struct text text;
    text_clear(&text);
    text_add_number(&text, mbps);
    const double half = text_width(text.chars, font.size, false) / 2;
    if (x - half < *last_end + 8)
        return;
    *last_end = x + half;
    svg_line(panel->svg, x, bottom, x, bottom + 4, &(struct svg_paint){.stroke = PALETTE_RULE});
    svg_text(panel->svg, x, bottom + 16, &font, text.chars);
}

/* Of few columns each one; of many, where 1, 2, 5, 10, ... Mbit/s lie between them. */
void map_panel_draw_bandwidths(const struct map_panel *panel, const char *title)
{
    const struct map_classes *map = panel->map;
    const double *up = panel->picture->table->up_mbps;
    const double left = panel->x[0], right = panel->x[map->column_count];
    double last_end = -1;
    if (map->column_count <= 12) {
        for (uint32_t i = 0; i < map->column_count; i++)
            draw_bandwidth(panel, (panel->x[i] + panel->x[i + 1]) / 2, up[map->columns[i]],
                           &last_end);
    } else {
        const uint32_t last = map->column_count - 1;
        const double low = up[map->columns[0]], high = up[map->columns[last]];
        const double start = (panel->x[0] + panel->x[1]) / 2;
        const double width = (panel->x[last] + panel->x[last + 1]) / 2 - start;
        for (double mbps = quantity_round_up(low); mbps <= high;
             mbps = quantity_round_up(mbps * 1.5))
            draw_bandwidth(panel, start + width * log(mbps / low) / log(high / low), mbps,
                           &last_end);
    }
    svg_text(panel->svg, (left + right) / 2, panel->y[0] + 34,
             &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = SVG_MIDDLE},
             "uplink, Mbit/s (log scale)");
    svg_text(panel->svg, left, panel->y[map->row_count] - 8,
             &(struct svg_font){.size = 13, .fill = PALETTE_TEXT, .is_bold = true}, title);
}

void map_panel_draw_loads(const struct map_panel *panel)
{
    const struct map_classes *map = panel->map;
    const struct map_load_words words = map_words_of_loads(panel->picture->table);
    const struct svg_font font = {.size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = SVG_END};
    double last_y = INFINITY;
    for (uint32_t i = 0; i < map->row_count; i++) {
        const double y = (panel->y[i] + panel->y[i + 1]) / 2 + 4;
        if (y > last_y - 14)
            continue;
        last_y = y;
        struct text text;
        text_clear(&text);
        map_words_add_load(&text, &words, &panel->picture->table->loads[map->rows[i]]);
        svg_text(panel->svg, panel->x[0] - 8, y, &font, text.chars);
        svg_line(panel->svg, panel->x[0] - 4, y - 4, panel->x[0], y - 4,
                 &(struct svg_paint){.stroke = PALETTE_RULE});
    }
    static const char *const titles[] = {"server: times its", "server: queue", "server: slowdown,"};
    static const char *const more[] = {"unloaded times", "before it starts", "and its queue"};
    const int kind = words.has_k && words.has_wait ? 2 : words.has_wait ? 1 : 0;
    const double top = panel->y[map->row_count];
    svg_text(panel->svg, PICTURE_MARGIN, top - 22,
             &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT}, titles[kind]);
    svg_text(panel->svg, PICTURE_MARGIN, top - 8,
             &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT}, more[kind]);
}
