/* A plan's timeline as a row of stretches. */
#include "scheduler/cli/picture/stretches.h"

#include <errno.h>
#include <stdlib.h>

double stretch_all_ms(const struct stretch *stretch)
{
    return stretch->wait_ms + stretch->ms + stretch->round_trip_ms;
}

static void add(struct stretches *stretches, struct stretch stretch)
{
    stretch.start_ms = stretches->total_ms;
    stretches->total_ms += stretch_all_ms(&stretch);
    stretches->items[stretches->count++] = stretch;
}

static void add_crossing(struct stretches *stretches, const struct split_crossing *crossing,
                         enum stretch_kind kind)
{
    add(stretches, (struct stretch){.kind = kind,
                                    .ms = crossing->transfer_ms,
                                    .round_trip_ms = crossing->round_trip_ms,
                                    .mj = crossing->transfer_mj,
                                    .bytes = crossing->bytes,
                                    .weight_bytes = crossing->weight_bytes});
}

/* The wait that an entry to the cloud pays is drawn on the cloud, where it passes. */
static void add_segment(struct stretches *stretches, const struct split_segment *segment)
{
    const bool is_cloud = segment->side == SPLIT_CLOUD;
    add(stretches, (struct stretch){.kind = is_cloud ? STRETCH_CLOUD : STRETCH_MOBILE,
                                    .wait_ms = segment->entry.wait_ms,
                                    .ms = segment->compute_ms,
                                    .mj = segment->compute_mj,
                                    .first = segment->first,
                                    .last = segment->last,
                                    .first_part = segment->first_part,
                                    .part_count = segment->part_count});
}

static int by_length(const void *a, const void *b)
{
    const struct stretch *const *x = a, *const *y = b;
    const double first = stretch_all_ms(*x), second = stretch_all_ms(*y);
    if (first < second || first > second)
        return first > second ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

static int list_longest(struct stretches *stretches)
{
    struct stretch **order = calloc(stretches->count, sizeof(struct stretch *));
    if (!order)
        return -ENOMEM;
    for (uint32_t i = 0; i < stretches->count; i++)
        order[i] = &stretches->items[i];
    qsort(order, stretches->count, sizeof(struct stretch *), by_length);
    for (uint32_t i = 0; i < stretches->count && i < STRETCHES_MAX_LISTED; i++)
        order[i]->is_listed = true;
    free(order);
    return 0;
}

int stretches_init(struct stretches *stretches, const struct split_problem *problem,
                   const struct split_conditions *conditions, const struct split_plan *plan)
{
    *stretches = (struct stretches){0};
    if (!plan->is_feasible || !plan->part_count)
        return 0;
    struct split_timeline timeline;
    int err = split_timeline_init(&timeline, problem, conditions, plan->parts, plan->part_count);
    if (err)
        return err;
    stretches->items = calloc(2 * (size_t)timeline.segment_count + 1, sizeof(*stretches->items));
    if (!stretches->items) {
        split_timeline_fini(&timeline);
        return -ENOMEM;
    }
    enum split_side side = SPLIT_MOBILE;
    for (uint32_t i = 0; i < timeline.segment_count; i++) {
        const struct split_segment *segment = &timeline.segments[i];
        if (segment->side != side)
            add_crossing(stretches, &segment->entry,
                         segment->side == SPLIT_CLOUD ? STRETCH_UP : STRETCH_DOWN);
        add_segment(stretches, segment);
        side = segment->side;
    }
    if (side == SPLIT_CLOUD)
        add_crossing(stretches, &timeline.exit, STRETCH_DOWN);
    split_timeline_fini(&timeline);
    err = list_longest(stretches);
    if (err)
        stretches_fini(stretches);
    return err;
}

void stretches_fini(struct stretches *stretches)
{
    if (!stretches)
        return;
    free(stretches->items);
    *stretches = (struct stretches){0};
}
