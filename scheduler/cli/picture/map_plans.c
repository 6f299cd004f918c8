/* Which plan is best: cells coloured by class, borders between classes, a label in each region. */
#include "scheduler/cli/picture/map_plans.h"

#include "scheduler/cli/picture/map_regions.h"
#include "scheduler/cli/picture/map_words.h"
#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cividis (Nunez, Anderton, Renslow 2018) at nine places. */
static const uint8_t cividis[][3] = {{0, 34, 78},     {29, 56, 107},   {66, 78, 108},
                                     {97, 100, 112},  {125, 124, 120}, {155, 149, 118},
                                     {188, 175, 111}, {222, 203, 97},  {254, 232, 56}};

static void mix(double share, char colour[8])
{
    const double at = fmin(fmax(share, 0), 1) * 8;
    const int low = at >= 8 ? 7 : (int)at;
    int rgb[3];
    for (int i = 0; i < 3; i++)
        rgb[i] =
            (int)lround(cividis[low][i] + (at - low) * (cividis[low + 1][i] - cividis[low][i]));
    snprintf(colour, 8, "#%02X%02X%02X", (unsigned)rgb[0] & 255, (unsigned)rgb[1] & 255,
             (unsigned)rgb[2] & 255);
}

void map_plans_colour(const struct map_classes *map, uint32_t class, char colour[8])
{
    uint32_t feasible = map->class_count;
    if (feasible && !map->classes[feasible - 1].plan->is_feasible)
        feasible--;
    if (class >= feasible)
        memcpy(colour, PALETTE_NO_PLAN, 8);
    else
        mix(feasible > 1 ? 1 - class / (feasible - 1.0) : 0.75, colour);
}

void map_plans_add_letter(struct text *text, uint32_t class)
{
    if (class >= 26)
        text_add(text, "%c", 'A' + (int)(class / 26 - 1) % 26);
    text_add(text, "%c", 'A' + (int)(class % 26));
}

static void add_costs(struct text *text, const char *who, const struct split_totals *totals)
{
    text_add(text, "\n%s: ", who);
    text_add_ms(text, totals->latency_ms);
    text_add(text, ", ");
    text_add_mj(text, totals->energy_mj);
}

static void add_tooltip(struct text *text, const struct map_panel *panel, uint32_t row,
                        uint32_t column)
{
    const struct split_plan *plan =
        map_classes_plan(panel->map, panel->picture->table, row, column);
    const uint32_t class = panel->map->class_of[row * panel->map->column_count + column];
    map_panel_add_place(text, panel, row, column);
    text_add(text, "\n");
    map_words_add_class(text, panel->picture, &panel->map->classes[class]);
    if (plan->is_feasible)
        add_costs(text, "this plan", &plan->totals);
    add_costs(text, "phone alone", &plan->mobile_only);
    add_costs(text, "server alone", &plan->cloud_only);
}

/* Lines where the class changes, a little longer than the cells, so that they join. */
static void draw_borders(const struct map_panel *panel)
{
    const struct map_classes *map = panel->map;
    const struct svg_paint line = {.stroke = "#FFFFFF", .stroke_width = 2, .is_crisp = true};
    for (uint32_t row = 0; row < map->row_count; row++)
        for (uint32_t column = 0; column < map->column_count; column++) {
            const uint32_t *cell = &map->class_of[row * map->column_count + column];
            const struct svg_box box = map_panel_box(panel, row, column);
            const double right = box.x + box.width;
            if (column + 1 < map->column_count && cell[0] != cell[1])
                svg_line(panel->svg, right, box.y - 1, right, box.y + box.height + 1, &line);
            if (row + 1 < map->row_count && cell[0] != cell[map->column_count])
                svg_line(panel->svg, box.x - 1, box.y, right + 1, box.y, &line);
        }
}

static bool fits(const struct text *text, const struct svg_box *box)
{
    return text_width(text->chars, 12, true) + 6 <= box->width && box->height >= 14;
}

/* The longest words that fit: letter and words, or the letter alone. */
static void draw_region_label(const struct map_panel *panel, const struct map_region *region)
{
    char colour[8];
    map_plans_colour(panel->map, region->class, colour);
    static const size_t lengths[] = {24, 12, 0};
    for (size_t i = 0; i < 3; i++) {
        struct text text;
        text_clear(&text);
        map_plans_add_letter(&text, region->class);
        if (lengths[i]) {
            text_add(&text, ": ");
            map_words_add_label(&text, panel->picture, &panel->map->classes[region->class],
                                lengths[i]);
        }
        const struct svg_box *box = fits(&text, &region->room) ? &region->room : &region->wide;
        if (!fits(&text, box))
            continue;
        svg_text(panel->svg, box->x + box->width / 2, box->y + box->height / 2 + 4.5,
                 &(struct svg_font){.size = 12,
                                    .fill = map_panel_text_on(colour),
                                    .is_bold = true,
                                    .anchor = SVG_MIDDLE},
                 text.chars);
        return;
    }
}

int map_plans_draw(const struct map_panel *panel)
{
    const struct map_classes *map = panel->map;
    for (uint32_t row = 0; row < map->row_count; row++)
        for (uint32_t column = 0; column < map->column_count; column++) {
            char colour[8];
            map_plans_colour(map, map->class_of[row * map->column_count + column], colour);
            struct text tooltip;
            text_clear(&tooltip);
            add_tooltip(&tooltip, panel, row, column);
            map_panel_draw_cell(panel, "place", row, column, colour, tooltip.chars);
        }
    draw_borders(panel);
    uint32_t region_count;
    struct map_region *regions =
        calloc((size_t)map->row_count * map->column_count, sizeof(*regions));
    if (!regions)
        return -ENOMEM;
    int err = map_regions_find(map, panel->x, panel->y, regions, &region_count);
    for (uint32_t i = 0; i < region_count && !err; i++)
        draw_region_label(panel, &regions[i]);
    free(regions);
    return err;
}
