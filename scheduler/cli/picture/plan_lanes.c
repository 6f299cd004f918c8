/* The timeline: lanes from top to bottom as data goes, time from left to right. A block that is too
 * narrow for words has its number above it; however short, it is drawn two pixels wide. */
#include "scheduler/cli/picture/plan_lanes.h"

#include "scheduler/cli/picture/label_row.h"
#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/plan_words.h"
#include "scheduler/cli/picture/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define GUTTER 104.0 /* for the lanes' names */
#define TAG_HEIGHT 20.0 /* above the blocks, for numbers and their leader lines */
#define BLOCK_HEIGHT 38.0
#define LANE_PITCH (TAG_HEIGHT + BLOCK_HEIGHT + 4)
#define LEAST_WIDTH 2.0
#define PAD 6.0
#define TAG_SIZE 10.0

static const struct lane {
    const char *name, *about, *kind;
    const char *fill, *text;
} lanes[] = {
    [STRETCH_MOBILE] = {"Phone", "computes", "mobile", PALETTE_MOBILE, "#FFFFFF"},
    [STRETCH_UP] = {"Uplink", "phone to server", "up", PALETTE_UP, PALETTE_TEXT},
    [STRETCH_CLOUD] = {"Server", "computes", "cloud", PALETTE_CLOUD, "#FFFFFF"},
    [STRETCH_DOWN] = {"Downlink", "server to phone", "down", PALETTE_DOWN, PALETTE_TEXT},
};
#define LANE_COUNT 4

struct chart {
    struct svg *svg;
    const struct plan_picture *picture;
    const struct stretches *stretches;
    double left, right, top, most_ms; /* of the plot */
};

const char *plan_lanes_colour(enum stretch_kind kind)
{
    return lanes[kind].fill;
}

static double x_of(const struct chart *chart, double ms)
{
    const double share = ms / chart->most_ms;
    return chart->left + (chart->right - chart->left) * fmin(fmax(share, 0), 1);
}

static double block_top(const struct chart *chart, enum stretch_kind kind)
{
    return chart->top + LANE_PITCH * kind + TAG_HEIGHT;
}

/* From ms on for so long, in its lane; never too narrow to be seen, nor beyond the plot. */
static struct svg_box block_box(const struct chart *chart, enum stretch_kind kind, double start_ms,
                                double ms)
{
    const double start = x_of(chart, start_ms), end = x_of(chart, start_ms + ms);
    const double width = fmax(end - start, LEAST_WIDTH);
    return (struct svg_box){fmin(start, chart->right - width), block_top(chart, kind), width,
                            BLOCK_HEIGHT};
}

static void draw_frame(const struct chart *chart)
{
    struct svg *svg = chart->svg;
    const double bottom = chart->top + LANE_PITCH * LANE_COUNT;
    bool is_used[LANE_COUNT] = {false};
    for (uint32_t i = 0; i < chart->stretches->count; i++)
        is_used[chart->stretches->items[i].kind] = true;
    const struct unit *unit = quantity_time_unit(chart->most_ms);
    const double step = quantity_round_up(chart->most_ms / unit->size / 9) * unit->size;
    double last_end = -1;
    for (uint32_t i = 0; i < 12 && step * i <= chart->most_ms * (1 + 1e-9); i++) {
        const double x = x_of(chart, step * i);
        svg_line(svg, x, chart->top, x, bottom, &(struct svg_paint){.stroke = PALETTE_GRID});
        struct text text;
        text_clear(&text);
        text_add_number(&text, step * i / unit->size);
        text_add(&text, "\u00A0%s", unit->name);
        const double half = text_width(text.chars, 11, false) / 2;
        if (x - half < last_end + 8 || x + half > PICTURE_WIDTH)
            continue;
        svg_text(svg, x, bottom + 16,
                 &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = SVG_MIDDLE},
                 text.chars);
        last_end = x + half;
    }
    for (int i = 0; i < LANE_COUNT; i++) {
        const double y = block_top(chart, (enum stretch_kind)i);
        svg_text(svg, PICTURE_MARGIN, y + 16,
                 &(struct svg_font){.size = 13, .fill = PALETTE_TEXT, .is_bold = true},
                 lanes[i].name);
        svg_text(svg, PICTURE_MARGIN, y + 31,
                 &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT},
                 is_used[i] ? lanes[i].about : "not used");
        svg_line(svg, chart->left, y + BLOCK_HEIGHT, chart->right, y + BLOCK_HEIGHT,
                 &(struct svg_paint){.stroke = PALETTE_RULE});
    }
}

/* What the signs in the blocks mean, where there are any; on the heading's line. */
static void draw_legend(const struct chart *chart, double y)
{
    bool has_idle = false, has_seams = false;
    for (uint32_t i = 0; i < chart->stretches->count; i++) {
        const struct stretch *stretch = &chart->stretches->items[i];
        has_idle |= stretch->wait_ms > 0 || stretch->round_trip_ms > 0;
        has_seams |= stretch->part_count > 1;
    }
    const struct svg_font font = {.size = 11, .fill = PALETTE_QUIET_TEXT};
    double x = chart->right;
    if (has_idle) {
        static const char words[] = "waiting: the server's queue, half a round trip";
        x -= text_width(words, font.size, false);
        svg_text(chart->svg, x, y, &font, words);
        x -= 28;
        svg_rect(chart->svg, (struct svg_box){x, y - 10, 22, 12},
                 &(struct svg_paint){
                     .fill = PALETTE_WAIT, .stroke = PALETTE_QUIET_TEXT, .is_dashed = true});
        x -= 24;
    }
    if (!has_seams)
        return;
    static const char words[] = "white marks: where one part ends and the next begins";
    svg_text(chart->svg, x - text_width(words, font.size, false), y, &font, words);
}

/* From the end of each stretch to the start of the next one, where the lane changes. */
static void draw_hand_overs(const struct chart *chart)
{
    for (uint32_t i = 1; i < chart->stretches->count; i++) {
        const struct stretch *next = &chart->stretches->items[i];
        const enum stretch_kind from = chart->stretches->items[i - 1].kind;
        const double x = x_of(chart, next->start_ms);
        const enum stretch_kind upper = from < next->kind ? from : next->kind;
        const enum stretch_kind lower = from < next->kind ? next->kind : from;
        svg_line(chart->svg, x, block_top(chart, upper) + BLOCK_HEIGHT, x, block_top(chart, lower),
                 &(struct svg_paint){.stroke = "#8A8A8A", .is_dashed = true});
    }
}

/* What lies under the mouse: everything about the stretch. */
static void add_tooltip(struct text *text, const struct chart *chart, uint32_t index)
{
    const struct stretch *stretch = &chart->stretches->items[index];
    text_add(text, "%u. %s ", index + 1, lanes[stretch->kind].name);
    plan_words_add_deed(text, chart->picture, stretch, 80);
    text_add(text, "\n");
    if (stretch->wait_ms > 0) {
        text_add(text, "waits ");
        text_add_ms(text, stretch->wait_ms);
        text_add(text, ", then ");
    }
    text_add_ms(text, stretch->ms);
    if (stretch->round_trip_ms > 0) {
        text_add(text, ", then half a round trip: ");
        text_add_ms(text, stretch->round_trip_ms);
    }
    if (stretch->kind != STRETCH_CLOUD) {
        text_add(text, "\n");
        text_add_mj(text, stretch->mj);
        text_add(text, " of the phone");
    }
}

/* Time in which nothing is computed or sent: the server's queue, the way of the signal. */
static void draw_idle(const struct chart *chart, const struct stretch *stretch, double start_ms,
                      double ms, const char *words)
{
    if (ms <= 0)
        return;
    const struct svg_box box = block_box(chart, stretch->kind, start_ms, ms);
    svg_rect(chart->svg, box,
             &(struct svg_paint){.fill = PALETTE_WAIT,
                                 .stroke = lanes[stretch->kind].fill,
                                 .stroke_width = 1,
                                 .is_dashed = true});
    struct text text;
    text_clear(&text);
    text_add_ms(&text, ms);
    const double wide = fmax(text_width(words, 11, false), text_width(text.chars, 11, false));
    if (wide + 2 * PAD > box.width)
        return;
    const struct svg_font font = {.size = 11, .fill = PALETTE_TEXT, .anchor = SVG_MIDDLE};
    svg_text(chart->svg, box.x + box.width / 2, box.y + 16, &font, words);
    svg_text(chart->svg, box.x + box.width / 2, box.y + 30, &font, text.chars);
}

/* The parts of the plan in a stretch: a white mark where one ends, and what it is under the mouse.
 * Those too narrow to be pointed at are left to the stretch. */
static void draw_parts(const struct chart *chart, const struct stretch *stretch)
{
    const struct plan_picture *picture = chart->picture;
    const double top = block_top(chart, stretch->kind);
    double now_ms = stretch->start_ms + stretch->wait_ms, marked_x = x_of(chart, now_ms);
    for (uint32_t i = 0; i < stretch->part_count && stretch->part_count > 1; i++) {
        const struct split_part *part = &picture->plan->parts[stretch->first_part + i];
        const struct split_cost cost =
            split_part_cost(picture->problem, picture->conditions, part->first, part->last);
        const bool is_mobile = part->side == SPLIT_MOBILE;
        const double ms = is_mobile ? cost.mobile_ms : cost.cloud_ms;
        const double start = x_of(chart, now_ms), end = x_of(chart, now_ms + ms);
        now_ms += ms;
        if (end - start >= 3) {
            struct text tooltip;
            text_clear(&tooltip);
            plan_words_add_steps(&tooltip, picture, part->first, part->last, 80);
            text_add(&tooltip, "\n");
            text_add_ms(&tooltip, ms);
            if (is_mobile) {
                text_add(&tooltip, " · ");
                text_add_mj(&tooltip, cost.mobile_mj);
            }
            svg_group_begin(chart->svg, "part", NULL, 0, tooltip.chars);
            svg_rect(chart->svg, (struct svg_box){start, top, end - start, BLOCK_HEIGHT},
                     &(struct svg_paint){.fill = lanes[stretch->kind].fill});
            svg_group_end(chart->svg);
        }
        if (i + 1 == stretch->part_count || end < marked_x + 4)
            continue;
        marked_x = end;
        svg_line(chart->svg, end, top + BLOCK_HEIGHT - 5, end, top + BLOCK_HEIGHT,
                 &(struct svg_paint){.stroke = "#FFFFFF"});
    }
}

/* Two lines in the block, as much as fits; false: not even the number does. */
static bool draw_words(const struct chart *chart, uint32_t index, struct svg_box box)
{
    const struct stretch *stretch = &chart->stretches->items[index];
    const char *colour = lanes[stretch->kind].text;
    const double middle = box.x + box.width / 2;
    const struct svg_font bold = {
        .size = 12, .fill = colour, .is_bold = true, .anchor = SVG_MIDDLE};
    const struct svg_font plain = {.size = 12, .fill = colour, .anchor = SVG_MIDDLE};
    struct text first, second;
    static const size_t lengths[] = {40, 24, 16, 12, 9};
    for (size_t i = 0; i < 5; i++) {
        text_clear(&first);
        text_clear(&second);
        text_add(&first, "%u. ", index + 1);
        if (stretch->kind == STRETCH_MOBILE || stretch->kind == STRETCH_CLOUD)
            plan_words_add_steps(&first, chart->picture, stretch->first, stretch->last, lengths[i]);
        else
            text_add_bytes(&first, stretch->bytes);
        text_add_ms(&second, stretch->ms);
        if (i < 4 && stretch->kind != STRETCH_CLOUD) {
            text_add(&second, " · ");
            text_add_mj(&second, stretch->mj);
        }
        if (text_width(first.chars, 12, true) + 2 * PAD <= box.width &&
            text_width(second.chars, 12, false) + 2 * PAD <= box.width) {
            svg_text(chart->svg, middle, box.y + 16, &bold, first.chars);
            svg_text(chart->svg, middle, box.y + 30, &plain, second.chars);
            return true;
        }
    }
    text_clear(&first);
    text_add(&first, "%u", index + 1);
    if (text_width(first.chars, 12, true) + 4 > box.width)
        return false;
    text_clear(&second);
    text_add_ms(&second, stretch->ms);
    const bool has_second = text_width(second.chars, 12, false) + 4 <= box.width;
    svg_text(chart->svg, middle, box.y + (has_second ? 16 : 23), &bold, first.chars);
    if (has_second)
        svg_text(chart->svg, middle, box.y + 30, &plain, second.chars);
    return true;
}

/* Draws a stretch; returns whether it needs a number above it. */
static bool draw_stretch(const struct chart *chart, uint32_t index, struct svg_box *work)
{
    const struct stretch *stretch = &chart->stretches->items[index];
    const struct svg_number numbers[] = {{"ms", stretch->ms},
                                         {"wait-ms", stretch->wait_ms},
                                         {"round-trip-ms", stretch->round_trip_ms},
                                         {"mj", stretch->mj},
                                         {"bytes", stretch->bytes},
                                         {"first", stretch->first},
                                         {"last", stretch->last}};
    const bool is_crossing = stretch->kind == STRETCH_UP || stretch->kind == STRETCH_DOWN;
    struct text tooltip;
    text_clear(&tooltip);
    add_tooltip(&tooltip, chart, index);
    svg_group_begin(chart->svg, lanes[stretch->kind].kind, numbers, is_crossing ? 5 : 7,
                    tooltip.chars);
    draw_idle(chart, stretch, stretch->start_ms, stretch->wait_ms, "waits");
    const double start_ms = stretch->start_ms + stretch->wait_ms;
    *work = block_box(chart, stretch->kind, start_ms, stretch->ms);
    svg_rect(chart->svg, *work, &(struct svg_paint){.fill = lanes[stretch->kind].fill});
    draw_idle(chart, stretch, start_ms + stretch->ms, stretch->round_trip_ms, "½ round trip");
    draw_parts(chart, stretch);
    const bool has_words = draw_words(chart, index, *work);
    svg_group_end(chart->svg);
    return !has_words && stretch->is_listed;
}

/* The numbers of one lane's narrow blocks, side by side above them, each with its leader line. */
static int draw_tags(const struct chart *chart, enum stretch_kind kind, const struct svg_box *boxes,
                     const bool *has_tag)
{
    const uint32_t count = chart->stretches->count;
    struct label *labels = calloc(count, sizeof(*labels));
    if (!labels)
        return -ENOMEM;
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct stretch *stretch = &chart->stretches->items[i];
        if (stretch->kind != kind || !has_tag[i])
            continue;
        struct text text;
        text_clear(&text);
        text_add(&text, "%u", i + 1);
        labels[used++] = (struct label){.wanted = boxes[i].x + boxes[i].width / 2,
                                        .width = text_width(text.chars, TAG_SIZE, true) + 6,
                                        .weight = stretch_all_ms(stretch)};
    }
    int err = label_row_place(labels, used, chart->left - 10, chart->right + 14);
    const double top = block_top(chart, kind) - TAG_HEIGHT;
    for (uint32_t i = 0, k = 0; i < count && !err; i++) {
        if (chart->stretches->items[i].kind != kind || !has_tag[i])
            continue;
        const struct label *label = &labels[k++];
        if (!label->is_placed)
            continue;
        struct text text;
        text_clear(&text);
        text_add(&text, "%u", i + 1);
        svg_rect(
            chart->svg,
            (struct svg_box){label->placed - label->width / 2 + 1, top + 1, label->width - 2, 11},
            &(struct svg_paint){.fill = "#FFFFFF"});
        svg_text(chart->svg, label->placed, top + 10,
                 &(struct svg_font){
                     .size = TAG_SIZE, .fill = PALETTE_TEXT, .is_bold = true, .anchor = SVG_MIDDLE},
                 text.chars);
        svg_line(chart->svg, label->placed, top + 12, label->wanted, top + TAG_HEIGHT,
                 &(struct svg_paint){.stroke = PALETTE_QUIET_TEXT});
    }
    free(labels);
    return err;
}

/* A line at the moment of the bound, where that is on the axis. */
static void draw_bound(const struct chart *chart)
{
    const double bound = chart->picture->goal->max_latency_ms;
    if (bound > chart->most_ms)
        return;
    const double x = x_of(chart, bound), bottom = chart->top + LANE_PITCH * LANE_COUNT;
    svg_line(chart->svg, x, chart->top - 4, x, bottom,
             &(struct svg_paint){.stroke = PALETTE_BOUND, .stroke_width = 1.5, .is_dashed = true});
    struct text text;
    text_clear(&text);
    text_add(&text, "bound ");
    text_add_ms(&text, bound);
    svg_text(chart->svg, fmin(x, PICTURE_WIDTH - text_width(text.chars, 11, false) / 2 - 4),
             chart->top - 6,
             &(struct svg_font){.size = 11, .fill = PALETTE_BOUND, .anchor = SVG_MIDDLE},
             text.chars);
}

int plan_lanes_draw(struct svg *svg, const struct plan_picture *picture,
                    const struct stretches *stretches, double *y)
{
    const double bound = picture->goal->max_latency_ms, total = stretches->total_ms;
    struct chart chart = {.svg = svg,
                          .picture = picture,
                          .stretches = stretches,
                          .left = PICTURE_MARGIN + GUTTER,
                          .right = PICTURE_WIDTH - PICTURE_MARGIN,
                          .top = *y + (bound <= 1.5 * total ? 42 : 30),
                          .most_ms = fmax(bound <= 1.5 * total ? fmax(bound, total) : total, 1e-9)};
    struct svg_box *boxes = calloc(stretches->count, sizeof(*boxes));
    bool *has_tag = calloc(stretches->count, sizeof(*has_tag));
    int err = boxes && has_tag ? 0 : -ENOMEM;
    if (!err) {
        draw_legend(&chart, *y + 14);
        svg_text(svg, PICTURE_MARGIN, *y + 14,
                 &(struct svg_font){.size = 13, .fill = PALETTE_TEXT, .is_bold = true},
                 "What happens when");
        draw_frame(&chart);
        draw_hand_overs(&chart);
        for (uint32_t i = 0; i < stretches->count; i++)
            has_tag[i] = draw_stretch(&chart, i, &boxes[i]);
        for (int kind = 0; kind < LANE_COUNT && !err; kind++)
            err = draw_tags(&chart, (enum stretch_kind)kind, boxes, has_tag);
        draw_bound(&chart);
    }
    free(boxes);
    free(has_tag);
    *y = chart.top + LANE_PITCH * LANE_COUNT + 20;
    return err;
}
