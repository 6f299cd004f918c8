/* The picture of a plan, section by section from top to bottom. */
#include "scheduler/cli/picture/plan_picture.h"

#include "scheduler/cli/picture/palette.h"
#include "scheduler/cli/picture/plan_bars.h"
#include "scheduler/cli/picture/plan_lanes.h"
#include "scheduler/cli/picture/plan_rows.h"
#include "scheduler/cli/picture/plan_words.h"
#include "scheduler/cli/picture/quantity.h"

#include <math.h>

#define ROOM (PICTURE_WIDTH - 2 * PICTURE_MARGIN)

static void draw_heading(struct svg *svg, const struct plan_picture *picture,
                         const struct text *headline, double *y)
{
    const struct svg_font quiet = {.size = 12, .fill = PALETTE_QUIET_TEXT};
    *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 24,
                       &(struct svg_font){.size = 18, .fill = PALETTE_TEXT, .is_bold = true},
                       headline->chars);
    *y += 6;
    void (*const add[])(struct text *, const struct plan_picture *) = {
        plan_words_add_model, plan_words_add_conditions, plan_words_add_goal};
    for (int i = 0; i < 3; i++) {
        struct text text;
        text_clear(&text);
        add[i](&text, picture);
        *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 17, &quiet, text.chars);
    }
    *y += 14;
}

static void draw_remedy(struct svg *svg, const char *what, double bound,
                        const struct split_nearest *nearest, bool has_others,
                        void (*add)(struct text *text, double value), double *y)
{
    if (!isfinite(bound))
        return;
    struct text text;
    text_clear(&text);
    text_add(&text, "•  %s: ", what);
    if (isfinite(nearest->beside_others)) {
        text_add(&text, "at least ");
        add(&text, nearest->beside_others);
        text_add(&text, " instead of ");
        add(&text, bound);
        text_add(&text, has_others ? ", the other bounds as they are" : "");
    } else if (has_others) {
        text_add(&text, "no value would do, the other bounds as they are");
        if (isfinite(nearest->alone)) {
            text_add(&text, "; without them, ");
            add(&text, nearest->alone);
        }
    } else {
        text_add(&text, "no value would do");
    }
    *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 20,
                       &(struct svg_font){.size = 13, .fill = PALETTE_TEXT}, text.chars);
}

/* How far each bound would have to move. */
static void draw_remedies(struct svg *svg, const struct plan_picture *picture, double *y)
{
    const struct split_goal *goal = picture->goal;
    const struct split_plan *plan = picture->plan;
    const int bounds = isfinite(goal->max_latency_ms) + isfinite(goal->max_energy_mj) +
                       isfinite(goal->max_cloud_ms);
    *y = svg_paragraph(svg, PICTURE_MARGIN, *y, ROOM, 14,
                       &(struct svg_font){.size = 13, .fill = PALETTE_TEXT, .is_bold = true},
                       bounds > 1 ? "What would do: one of these" : "What would do");
    draw_remedy(svg, "latency", goal->max_latency_ms, &plan->latency_ms, bounds > 1, text_add_ms,
                y);
    draw_remedy(svg, "the phone's energy", goal->max_energy_mj, &plan->energy_mj, bounds > 1,
                text_add_mj, y);
    draw_remedy(svg, "the server's time", goal->max_cloud_ms, &plan->cloud_ms, bounds > 1,
                text_add_ms, y);
}

static int draw(struct svg *svg, const struct plan_picture *picture,
                const struct stretches *stretches, const struct text *headline, double *y)
{
    *y = 12;
    draw_heading(svg, picture, headline, y);
    *y = plan_bars_draw(svg, picture, *y) + 22;
    if (!stretches->count) {
        draw_remedies(svg, picture, y);
        return 0;
    }
    int err = plan_lanes_draw(svg, picture, stretches, y);
    if (!err)
        *y = plan_rows_draw(svg, picture, stretches, *y + 12);
    return err;
}

int plan_picture_save(const struct plan_picture *picture, FILE *file)
{
    struct svg svg;
    struct stretches stretches;
    int err = stretches_init(&stretches, picture->problem, picture->conditions, picture->plan);
    if (err)
        return err;
    err = svg_init(&svg);
    if (!err) {
        struct text headline;
        double y;
        text_clear(&headline);
        plan_words_add_headline(&headline, picture, &stretches);
        err = draw(&svg, picture, &stretches, &headline, &y);
        if (!err)
            err = svg_save(&svg, PICTURE_WIDTH, y + PICTURE_MARGIN - 6, headline.chars, file);
        svg_fini(&svg);
    }
    stretches_fini(&stretches);
    return err;
}
