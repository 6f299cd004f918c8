/* Compares the plan with the phone alone and the server alone: latency, energy, and the server's
 * time where that has a bound. Without a feasible plan the first bars show how near it could come.
 */
#include "scheduler/cli/picture/plan_bars.h"

#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/quantity.h"

#include <math.h>

#define BAR_HEIGHT 18.0
#define BAR_PITCH 24.0
#define PANEL_GAP 28.0
#define MAX_BARS 4

struct bar {
    const char *label, *kind; /* kind: for scripts */
    const char *fill;
    double value; /* INFINITY: there is none */
    bool is_bold;
};

struct panel {
    const char *title, *kind;
    void (*add)(struct text *text, double value); /* with its unit */
    uint32_t bar_count;
    struct bar bars[MAX_BARS];
    double bound; /* INFINITY: none */
    bool has_ratios; /* to the first bar */
    double x, width, label_width, value_width;
};

static void add_bar(struct panel *panel, struct bar bar)
{
    panel->bars[panel->bar_count++] = bar;
}

static void fill_panel(struct panel *panel, const struct split_plan *plan, double mine,
                       double mobile, double cloud, const struct split_nearest *nearest)
{
    panel->has_ratios = plan->is_feasible;
    if (plan->is_feasible) {
        add_bar(panel, (struct bar){"this plan", "plan", PALETTE_MOBILE, mine, true});
    } else if (isfinite(panel->bound)) {
        add_bar(panel,
                (struct bar){"least possible", "least", PALETTE_MOBILE, nearest->alone, true});
        if (nearest->beside_others > nearest->alone * (1 + 1e-9))
            add_bar(panel, (struct bar){"other bounds kept", "least-beside-others", PALETTE_DOWN,
                                        nearest->beside_others, true});
    }
    add_bar(panel, (struct bar){"phone alone", "mobile-only", PALETTE_OTHER, mobile, false});
    add_bar(panel, (struct bar){"server alone", "cloud-only", PALETTE_OTHER, cloud, false});
}

/* The right end of the scale: every bar fits, and so does a bound that is not far beyond. */
static double scale_of(const struct panel *panel)
{
    double most = 0;
    for (uint32_t i = 0; i < panel->bar_count; i++)
        if (isfinite(panel->bars[i].value))
            most = fmax(most, panel->bars[i].value);
    if (isfinite(panel->bound) && panel->bound <= 2 * most)
        most = fmax(most, panel->bound);
    return most > 0 ? most : 1;
}

static void add_value(struct text *text, const struct panel *panel, const struct bar *bar)
{
    if (isinf(bar->value)) {
        text_add(text, "no value would do");
        return;
    }
    panel->add(text, bar->value);
    const double ratio = bar->value / panel->bars[0].value;
    if (panel->has_ratios && bar != &panel->bars[0] && ratio >= 0.01 && ratio < 1e4) {
        text_add(text, " (");
        text_add_times(text, ratio);
        text_add(text, ")");
    }
}

/* Columns as wide as what stands in them. */
static void set_columns(struct panel *panel)
{
    for (uint32_t i = 0; i < panel->bar_count; i++) {
        const struct bar *bar = &panel->bars[i];
        struct text text;
        text_clear(&text);
        add_value(&text, panel, bar);
        panel->value_width =
            fmax(panel->value_width, text_width(text.chars, 12, bar->is_bold) + 10);
        panel->label_width = fmax(panel->label_width, text_width(bar->label, 12, bar->is_bold) + 8);
    }
}

static void draw_bar(struct svg *svg, const struct panel *panel, const struct bar *bar, double y,
                     double length)
{
    struct text text;
    text_clear(&text);
    add_value(&text, panel, bar);
    const double left = panel->x + panel->label_width;
    const struct svg_font label = {
        .size = 12, .fill = PALETTE_TEXT, .is_bold = bar->is_bold, .anchor = SVG_END};
    const struct svg_font value = {.size = 12, .fill = PALETTE_TEXT, .is_bold = bar->is_bold};
    const struct svg_number numbers[] = {{"value", isfinite(bar->value) ? bar->value : -1}};
    svg_group_begin(svg, bar->kind, numbers, 1, NULL);
    svg_text(svg, left - 8, y + 13, &label, bar->label);
    if (isfinite(bar->value))
        svg_rect(svg, (struct svg_box){left, y, fmax(length, 1), BAR_HEIGHT},
                 &(struct svg_paint){.fill = bar->fill});
    svg_text(svg, panel->x + panel->width - panel->value_width + 10, y + 13, &value, text.chars);
    svg_group_end(svg);
}

/* A line across the bars, and below it how much it is. */
static void draw_bound(struct svg *svg, const struct panel *panel, double top, double bottom,
                       double scale, double room)
{
    struct text text;
    text_clear(&text);
    text_add(&text, "bound ");
    panel->add(&text, panel->bound);
    const double left = panel->x + panel->label_width;
    const bool is_beyond = panel->bound > scale;
    const double x = left + (is_beyond ? room : room * panel->bound / scale);
    if (is_beyond)
        text_add(&text, ", beyond this scale");
    else
        svg_line(
            svg, x, top, x, bottom,
            &(struct svg_paint){.stroke = PALETTE_BOUND, .stroke_width = 1.5, .is_dashed = true});
    const double half = text_width(text.chars, 11, false) / 2;
    const double middle = fmin(fmax(x, panel->x + half), panel->x + panel->width - half);
    svg_text(svg, middle, bottom + 11,
             &(struct svg_font){.size = 11, .fill = PALETTE_BOUND, .anchor = SVG_MIDDLE},
             text.chars);
}

static void draw_panel(struct svg *svg, const struct panel *panel, double y, double bottom)
{
    const double scale = scale_of(panel);
    const double room = fmax(panel->width - panel->label_width - panel->value_width, 10);
    svg_group_begin(svg, panel->kind, NULL, 0, NULL);
    svg_text(svg, panel->x, y,
             &(struct svg_font){.size = 13, .fill = PALETTE_TEXT, .is_bold = true}, panel->title);
    for (uint32_t i = 0; i < panel->bar_count; i++) {
        const double value = panel->bars[i].value;
        draw_bar(svg, panel, &panel->bars[i], y + 10 + BAR_PITCH * i,
                 isfinite(value) ? room * (value / scale) : 0);
    }
    if (isfinite(panel->bound))
        draw_bound(svg, panel, y + 6, bottom, scale, room);
    svg_group_end(svg);
}

double plan_bars_draw(struct svg *svg, const struct plan_picture *picture, double y)
{
    const struct split_plan *plan = picture->plan;
    const struct split_totals *mine = &plan->totals;
    const struct split_totals *mobile = &plan->mobile_only, *cloud = &plan->cloud_only;
    const struct split_goal *goal = picture->goal;
    struct panel panels[3] = {{.title = "Latency",
                               .kind = "latency-bars",
                               .add = text_add_ms,
                               .bound = goal->max_latency_ms},
                              {.title = "The phone's energy",
                               .kind = "energy-bars",
                               .add = text_add_mj,
                               .bound = goal->max_energy_mj},
                              {.title = "The server's time",
                               .kind = "cloud-bars",
                               .add = text_add_ms,
                               .bound = goal->max_cloud_ms}};
    fill_panel(&panels[0], plan, mine->latency_ms, mobile->latency_ms, cloud->latency_ms,
               &plan->latency_ms);
    fill_panel(&panels[1], plan, mine->energy_mj, mobile->energy_mj, cloud->energy_mj,
               &plan->energy_mj);
    fill_panel(&panels[2], plan, mine->cloud_ms, mobile->cloud_ms, cloud->cloud_ms,
               &plan->cloud_ms);
    const uint32_t count = isfinite(goal->max_cloud_ms) ? 3 : 2;
    const double width =
        (PICTURE_WIDTH - 2 * PICTURE_MARGIN - PANEL_GAP * (count - 1)) / (double)count;
    uint32_t most = 0;
    bool has_bound = false;
    for (uint32_t i = 0; i < count; i++) {
        panels[i].width = width;
        panels[i].x = PICTURE_MARGIN + (width + PANEL_GAP) * i;
        set_columns(&panels[i]);
        most = panels[i].bar_count > most ? panels[i].bar_count : most;
        has_bound |= isfinite(panels[i].bound);
    }
    y += 14;
    const double bottom = y + 10 + BAR_PITCH * most;
    for (uint32_t i = 0; i < count; i++)
        draw_panel(svg, &panels[i], y, bottom);
    return bottom + (has_bound ? 16 : 0);
}
