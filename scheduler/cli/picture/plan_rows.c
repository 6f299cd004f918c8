/* The timeline as a table: number, lane, what happens, when, how long, and what the phone pays. */
#include "scheduler/cli/picture/plan_rows.h"

#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/plan_lanes.h"
#include "scheduler/cli/picture/plan_words.h"
#include "scheduler/cli/picture/quantity.h"

#define ROW_PITCH 19.0

/* Where the columns stand: the left edges of words, the right edges of numbers. */
#define NUMBER_RIGHT (PICTURE_MARGIN + 24)
#define CHIP_LEFT (PICTURE_MARGIN + 31)
#define LANE_LEFT (PICTURE_MARGIN + 49)
#define DEED_LEFT (PICTURE_MARGIN + 118)
#define START_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN - 190)
#define TAKES_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN - 100)
#define ENERGY_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN - 4)
#define DEED_WIDTH (START_RIGHT - 70 - DEED_LEFT)

static const char *const lane_names[] = {[STRETCH_MOBILE] = "Phone",
                                         [STRETCH_UP] = "Uplink",
                                         [STRETCH_CLOUD] = "Server",
                                         [STRETCH_DOWN] = "Downlink"};

static const struct svg_font plain = {.size = 12, .fill = PALETTE_TEXT};
static const struct svg_font right = {.size = 12, .fill = PALETTE_TEXT, .anchor = SVG_END};
static const struct svg_font head = {.size = 11, .fill = PALETTE_QUIET_TEXT};
static const struct svg_font head_right = {
    .size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = SVG_END};

static void draw_quantity(struct svg *svg, double x, double y, bool is_bold,
                          void (*add)(struct text *text, double value), double value)
{
    struct text text;
    text_clear(&text);
    add(&text, value);
    svg_text(
        svg, x, y,
        &(struct svg_font){.size = 12, .fill = PALETTE_TEXT, .is_bold = is_bold, .anchor = SVG_END},
        text.chars);
}

static void add_deed(struct text *text, const struct plan_picture *picture,
                     const struct stretch *stretch)
{
    if (stretch->wait_ms > 0) {
        text_add(text, "waits ");
        text_add_ms(text, stretch->wait_ms);
        text_add(text, ", ");
    }
    plan_words_add_deed(text, picture, stretch, 32);
    if (stretch->round_trip_ms > 0) {
        text_add(text, ", half a round trip of ");
        text_add_ms(text, stretch->round_trip_ms);
    }
}

static void draw_row(struct svg *svg, const struct plan_picture *picture,
                     const struct stretch *stretch, uint32_t index, double y)
{
    struct text text, line;
    const char *rest;
    text_clear(&text);
    text_add(&text, "%u", index + 1);
    svg_text(svg, NUMBER_RIGHT, y, &right, text.chars);
    svg_rect(svg, (struct svg_box){CHIP_LEFT, y - 9.5, 11, 11},
             &(struct svg_paint){.fill = plan_lanes_colour(stretch->kind)});
    svg_text(svg, LANE_LEFT, y, &plain, lane_names[stretch->kind]);
    text_clear(&text);
    add_deed(&text, picture, stretch);
    text_take_line(&line, text.chars, 12, false, DEED_WIDTH - 12, &rest);
    if (rest)
        text_add(&line, "…");
    svg_text(svg, DEED_LEFT, y, &plain, line.chars);
    draw_quantity(svg, START_RIGHT, y, false, text_add_ms, stretch->start_ms);
    draw_quantity(svg, TAKES_RIGHT, y, false, text_add_ms, stretch_all_ms(stretch));
    if (stretch->kind != STRETCH_CLOUD)
        draw_quantity(svg, ENERGY_RIGHT, y, false, text_add_mj, stretch->mj);
}

/* One row for all that are not listed. */
static void draw_shorter(struct svg *svg, const struct stretches *stretches, double y)
{
    double ms = 0, mj = 0;
    for (uint32_t i = 0; i < stretches->count; i++) {
        const struct stretch *stretch = &stretches->items[i];
        ms += stretch->is_listed ? 0 : stretch_all_ms(stretch);
        mj += stretch->is_listed ? 0 : stretch->mj;
    }
    struct text text;
    text_clear(&text);
    text_add(&text, "and %u shorter ones; in a browser, point at a block to see what it is",
             stretches->count - STRETCHES_MAX_LISTED);
    svg_text(svg, LANE_LEFT, y, &plain, text.chars);
    draw_quantity(svg, TAKES_RIGHT, y, false, text_add_ms, ms);
    draw_quantity(svg, ENERGY_RIGHT, y, false, text_add_mj, mj);
}

double plan_rows_draw(struct svg *svg, const struct plan_picture *picture,
                      const struct stretches *stretches, double y)
{
    y += 14;
    svg_text(svg, LANE_LEFT, y, &head, "where");
    svg_text(svg, DEED_LEFT, y, &head, "what");
    svg_text(svg, START_RIGHT, y, &head_right, "starts at");
    svg_text(svg, TAKES_RIGHT, y, &head_right, "takes");
    svg_text(svg, ENERGY_RIGHT, y, &head_right, "phone's energy");
    const struct svg_paint rule = {.stroke = PALETTE_RULE};
    svg_line(svg, PICTURE_MARGIN, y + 6, PICTURE_WIDTH - PICTURE_MARGIN, y + 6, &rule);
    y += 2;
    for (uint32_t i = 0; i < stretches->count; i++) {
        if (!stretches->items[i].is_listed)
            continue;
        y += ROW_PITCH;
        draw_row(svg, picture, &stretches->items[i], i, y);
    }
    if (stretches->count > STRETCHES_MAX_LISTED) {
        y += ROW_PITCH;
        draw_shorter(svg, stretches, y);
    }
    svg_line(svg, PICTURE_MARGIN, y + 6, PICTURE_WIDTH - PICTURE_MARGIN, y + 6, &rule);
    y += ROW_PITCH + 3;
    svg_text(svg, LANE_LEFT, y,
             &(struct svg_font){.size = 12, .fill = PALETTE_TEXT, .is_bold = true}, "Together");
    draw_quantity(svg, TAKES_RIGHT, y, true, text_add_ms, picture->plan->totals.latency_ms);
    draw_quantity(svg, ENERGY_RIGHT, y, true, text_add_mj, picture->plan->totals.energy_mj);
    return y + 8;
}
