/* The picture of a table of plans, section by section from top to bottom. */
#include "scheduler/cli/picture/map_picture.h"

#include "scheduler/cli/picture/map_gains.h"
#include "scheduler/cli/picture/map_plans.h"
#include "scheduler/cli/picture/map_words.h"
#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/plan_words.h"
#include "scheduler/cli/picture/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (PICTURE_WIDTH - 2 * PICTURE_MARGIN)
#define GUTTER 92.0 /* for the loads' names */
#define PANEL_GAP 36.0
#define PLANS_WIDTH 480.0
#define LEAST_HEIGHT 170.0
#define MOST_HEIGHT 340.0
#define MAX_ENTRIES 16
#define ENTRY_PITCH 19.0
#define SHARE_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN - 330)
#define LATENCY_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN - 160)
#define ENERGY_RIGHT (PICTURE_WIDTH - PICTURE_MARGIN)

static void draw_heading(struct svg *svg, const struct map_picture *picture,
                         const struct map_classes *map, const struct text *headline, double *y)
{
    const struct plan_picture words = {.profile = picture->profile,
                                       .problem = picture->problem,
                                       .conditions = picture->conditions,
                                       .goal = picture->goal};
    struct text text;
    text_clear(&text);
    *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 24,
                       &(struct svg_font){.size = 18, .fill = PALETTE_TEXT, .is_bold = true},
                       headline->chars);
    map_words_add_course(&text, picture, map);
    *y = svg_paragraph(svg, PICTURE_MARGIN, *y + 4, ROOM, 19,
                       &(struct svg_font){.size = 14, .fill = PALETTE_TEXT}, text.chars);
    *y += 6;
    for (int i = 0; i < 3; i++) {
        text_clear(&text);
        if (i == 0)
            plan_words_add_model(&text, &words);
        else if (i == 1)
            map_words_add_conditions(&text, picture);
        else
            plan_words_add_goal(&text, &words);
        *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 17,
                           &(struct svg_font){.size = 12, .fill = PALETTE_QUIET_TEXT}, text.chars);
    }
}

static int draw_panels(struct svg *svg, const struct map_picture *picture,
                       const struct map_classes *map, double *y)
{
    const double height = fmin(fmax(26.0 * map->row_count, LEAST_HEIGHT), MOST_HEIGHT);
    const double top = *y + 36, bottom = top + height, left = PICTURE_MARGIN + GUTTER;
    struct map_panel plans = {.svg = svg, .picture = picture, .map = map}, gains = plans;
    map_panel_init(&plans, left, left + PLANS_WIDTH, top, bottom);
    map_panel_init(&gains, left + PLANS_WIDTH + PANEL_GAP, PICTURE_WIDTH - PICTURE_MARGIN, top,
                   bottom);
    int err = map_plans_draw(&plans);
    if (err)
        return err;
    map_panel_draw_bandwidths(&plans, "Which plan is best");
    map_panel_draw_loads(&plans);
    map_gains_draw(&gains);
    map_panel_draw_bandwidths(&gains, picture->goal->objective == SPLIT_LATENCY
                                          ? "How many times faster it is"
                                          : "How many times less energy");
    *y = map_gains_draw_legend(&gains, bottom + 54) + 4;
    return 0;
}

/* "70.5 – 132 ms"; one value where both read the same. */
static void draw_range(struct svg *svg, double x, double y,
                       void (*add)(struct text *text, double value), double least, double most)
{
    struct text text, end;
    text_clear(&text);
    text_clear(&end);
    add(&text, least);
    add(&end, most);
    if (strcmp(text.chars, end.chars))
        text_add(&text, " – %s", end.chars);
    svg_text(svg, x, y, &(struct svg_font){.size = 12, .fill = PALETTE_TEXT, .anchor = SVG_END},
             text.chars);
}

static void draw_entry(struct svg *svg, const struct map_picture *picture,
                       const struct map_classes *map, uint32_t class, double y)
{
    const struct map_class *entry = &map->classes[class];
    const struct svg_font plain = {.size = 12, .fill = PALETTE_TEXT};
    char colour[8];
    struct text text, line;
    const char *rest;
    map_plans_colour(map, class, colour);
    svg_group_begin(svg, "entry", NULL, 0, NULL);
    svg_rect(svg, (struct svg_box){PICTURE_MARGIN, y - 10.5, 22, 13},
             &(struct svg_paint){.fill = colour, .stroke = PALETTE_RULE});
    text_clear(&text);
    map_plans_add_letter(&text, class);
    svg_text(svg, PICTURE_MARGIN + 30, y,
             &(struct svg_font){.size = 12, .fill = PALETTE_TEXT, .is_bold = true}, text.chars);
    text_clear(&text);
    map_words_add_class(&text, picture, entry);
    text_take_line(&line, text.chars, 12, false, SHARE_RIGHT - 80 - (PICTURE_MARGIN + 56), &rest);
    if (rest)
        text_add(&line, " …");
    svg_text(svg, PICTURE_MARGIN + 56, y, &plain, line.chars);
    text_clear(&text);
    text_add_number(&text,
                    round(1000.0 * entry->cell_count / (map->row_count * map->column_count)) / 10);
    text_add(&text, " %%");
    svg_text(svg, SHARE_RIGHT, y,
             &(struct svg_font){.size = 12, .fill = PALETTE_TEXT, .anchor = SVG_END}, text.chars);
    if (entry->plan->is_feasible) {
        draw_range(svg, LATENCY_RIGHT, y, text_add_ms, entry->least_ms, entry->most_ms);
        draw_range(svg, ENERGY_RIGHT, y, text_add_mj, entry->least_mj, entry->most_mj);
    }
    svg_group_end(svg);
}

static int by_count(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x > y ? -1 : x < y;
}

/* How many places a class must have to be among the MAX_ENTRIES most common. */
static int least_count(const struct map_classes *map, uint32_t *least)
{
    *least = 0;
    if (map->class_count <= MAX_ENTRIES)
        return 0;
    uint32_t *counts = calloc(map->class_count, sizeof(*counts));
    if (!counts)
        return -ENOMEM;
    for (uint32_t i = 0; i < map->class_count; i++)
        counts[i] = map->classes[i].cell_count;
    qsort(counts, map->class_count, sizeof(*counts), by_count);
    *least = counts[MAX_ENTRIES - 1];
    free(counts);
    return 0;
}

static int draw_entries(struct svg *svg, const struct map_picture *picture,
                        const struct map_classes *map, double *y)
{
    static const struct {
        double x;
        enum svg_anchor anchor;
        const char *words;
    } heads[] = {{PICTURE_MARGIN + 56, SVG_START, "what runs where"},
                 {SHARE_RIGHT, SVG_END, "of the map"},
                 {LATENCY_RIGHT, SVG_END, "latency there"},
                 {ENERGY_RIGHT, SVG_END, "phone's energy there"}};
    uint32_t least, drawn = 0;
    int err = least_count(map, &least);
    if (err)
        return err;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        svg_text(
            svg, heads[i].x, *y,
            &(struct svg_font){.size = 11, .fill = PALETTE_QUIET_TEXT, .anchor = heads[i].anchor},
            heads[i].words);
    svg_line(svg, PICTURE_MARGIN, *y + 6, PICTURE_WIDTH - PICTURE_MARGIN, *y + 6,
             &(struct svg_paint){.stroke = PALETTE_RULE});
    *y += 3;
    for (uint32_t i = 0; i < map->class_count && drawn < MAX_ENTRIES; i++) {
        if (map->classes[i].cell_count < least)
            continue;
        *y += ENTRY_PITCH;
        draw_entry(svg, picture, map, i, *y);
        drawn++;
    }
    if (drawn == map->class_count)
        return 0;
    struct text text;
    text_clear(&text);
    text_add(&text, "and %u rarer ones; in a browser, point at a place to see its plan",
             map->class_count - drawn);
    *y += ENTRY_PITCH;
    svg_text(svg, PICTURE_MARGIN + 56, *y, &(struct svg_font){.size = 12, .fill = PALETTE_TEXT},
             text.chars);
    return 0;
}

int map_picture_save(const struct map_picture *picture, FILE *file)
{
    struct map_classes map;
    struct svg svg = {0};
    int err = map_classes_init(&map, picture->table);
    if (err)
        return err;
    err = svg_init(&svg);
    if (!err) {
        struct text headline;
        double y = 12;
        text_clear(&headline);
        map_words_add_headline(&headline, picture, &map);
        draw_heading(&svg, picture, &map, &headline, &y);
        y += 14;
        err = draw_panels(&svg, picture, &map, &y);
        if (!err) {
            y += 26;
            err = draw_entries(&svg, picture, &map, &y);
        }
        if (!err)
            err = svg_save(&svg, PICTURE_WIDTH, y + PICTURE_MARGIN - 6, headline.chars, file);
    }
    svg_fini(&svg);
    map_classes_fini(&map);
    return err;
}
