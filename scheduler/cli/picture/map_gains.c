/* What the plans gain: times better than the better of phone alone and server alone. */
#include "scheduler/cli/picture/map_gains.h"

#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/quantity.h"

#include <math.h>
#include <string.h>

/* Times better than the better of both extremes, by the objective; 0 where there is no plan. */
static double gain_of(const struct map_picture *picture, const struct split_plan *plan)
{
    if (!plan->is_feasible)
        return 0;
    const bool is_latency = picture->goal->objective == SPLIT_LATENCY;
    const double mobile = is_latency ? plan->mobile_only.latency_ms : plan->mobile_only.energy_mj;
    const double cloud = is_latency ? plan->cloud_only.latency_ms : plan->cloud_only.energy_mj;
    const double mine = is_latency ? plan->totals.latency_ms : plan->totals.energy_mj;
    const double rival = fmin(mobile, cloud);
    return mine > 0 ? rival / mine : rival > 0 ? INFINITY : 1;
}

/* White where nothing is gained, then ever darker blue; sand where the bounds cost something. */
static const struct gain {
    double from;
    const char *fill, *words;
} gains[] = {{0.9995, "#F4F6F8", "nothing gained"},
             {1.0005, "#D2E3F1", "up to 1.1×"},
             {1.1, "#A6CBE6", "1.1–1.5×"},
             {1.5, "#6FAAD6", "1.5–2×"},
             {2, "#3A84BF", "2–3×"},
             {3, "#0E5C9C", "3–5×"},
             {5, "#07335C", "over 5×"}};
#define GAIN_COUNT (sizeof(gains) / sizeof(gains[0]))
#define WORSE "#F3D9B1"

static const char *gain_fill(double gain)
{
    const char *fill = gain > 0 ? WORSE : PALETTE_NO_PLAN;
    for (size_t i = 0; i < GAIN_COUNT; i++)
        if (gain >= gains[i].from)
            fill = gains[i].fill;
    return fill;
}

void map_gains_draw(const struct map_panel *panel)
{
    const struct map_classes *map = panel->map;
    for (uint32_t row = 0; row < map->row_count; row++)
        for (uint32_t column = 0; column < map->column_count; column++) {
            const double gain =
                gain_of(panel->picture, map_classes_plan(map, panel->picture->table, row, column));
            const struct svg_box box = map_panel_box(panel, row, column);
            const char *fill = gain_fill(gain);
            struct text text;
            text_clear(&text);
            map_panel_add_place(&text, panel, row, column);
            text_add(&text, "\n");
            if (gain > 0)
                text_add_times(&text, gain);
            else
                text_add(&text, "no plan meets the bounds");
            map_panel_draw_cell(panel, "gain", row, column, fill, text.chars);
            text_clear(&text);
            text_add_times(&text, gain);
            if (gain <= 0 || (gain > 0.95 && gain < 1.05) || gain >= 1e4 ||
                text_width(text.chars, 10, false) + 4 > box.width || box.height < 13)
                continue;
            svg_text(panel->svg, box.x + box.width / 2, box.y + box.height / 2 + 3.5,
                     &(struct svg_font){
                         .size = 10, .fill = map_panel_text_on(fill), .anchor = SVG_MIDDLE},
                     text.chars);
        }
}

/* Only the steps that are on the map. */
double map_gains_draw_legend(const struct map_panel *panel, double y)
{
    bool is_used[GAIN_COUNT] = {false}, has_worse = false;
    const struct map_classes *map = panel->map;
    for (uint32_t cell = 0; cell < map->row_count * map->column_count; cell++) {
        const double gain = gain_of(panel->picture, map_classes_plan(map, panel->picture->table,
                                                                     cell / map->column_count,
                                                                     cell % map->column_count));
        const char *fill = gain_fill(gain);
        has_worse |= !strcmp(fill, WORSE);
        for (size_t i = 0; i < GAIN_COUNT; i++)
            is_used[i] |= fill == gains[i].fill;
    }
    const double left = panel->x[0], right = panel->x[map->column_count];
    const struct svg_font font = {.size = 11, .fill = PALETTE_QUIET_TEXT};
    double x = left;
    svg_text(panel->svg, left, y, &font, "than the better of phone alone and server alone:");
    y += 18;
    for (size_t i = 0; i < GAIN_COUNT + 1; i++) {
        if (i ? !is_used[i - 1] : !has_worse)
            continue;
        const char *words = i ? gains[i - 1].words : "the bounds cost";
        const double width = 16 + text_width(words, 11, false) + 14;
        if (x + width - 14 > right && x > left) {
            x = left;
            y += 17;
        }
        svg_rect(
            panel->svg, (struct svg_box){x, y - 9, 11, 11},
            &(struct svg_paint){.fill = i ? gains[i - 1].fill : WORSE, .stroke = PALETTE_RULE});
        svg_text(panel->svg, x + 16, y, &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT},
                 words);
        x += width;
    }
    return y;
}
