/* A plan as it happens: merges parts into segments and finds where each tensor crosses. */
#include "scheduler/plan/timeline.h"

#include <errno.h>
#include <stdlib.h>

/* Segments are numbered from 0; the mobile before the first one is BEFORE, the mobile after the
 * last one is segment_count, and so is the crossing that leads there. */
#define BEFORE UINT32_MAX

static void merge_parts(struct split_timeline *timeline, const struct split_problem *problem,
                        const struct split_conditions *conditions, const struct split_part *parts,
                        uint32_t part_count)
{
    struct split_segment *segment = NULL;
    for (uint32_t i = 0; i < part_count; i++) {
        const struct split_cost cost =
            split_part_cost(problem, conditions, parts[i].first, parts[i].last);
        if (!segment || segment->side != parts[i].side) {
            segment = &timeline->segments[timeline->segment_count++];
            *segment = (struct split_segment){
                .side = parts[i].side, .first = parts[i].first, .first_part = i};
        }
        segment->last = parts[i].last;
        segment->part_count++;
        if (segment->side == SPLIT_MOBILE) {
            segment->compute_ms += cost.mobile_ms;
            segment->compute_mj += cost.mobile_mj;
        } else {
            segment->compute_ms += cost.cloud_ms;
        }
    }
}

static uint32_t segment_of(const struct split_timeline *timeline, uint32_t step)
{
    uint32_t low = 0, high = timeline->segment_count;
    if (step == 0)
        return BEFORE;
    if (step > timeline->segments[high - 1].last)
        return high;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (timeline->segments[middle].first <= step)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum split_side side_of(const struct split_timeline *timeline, uint32_t segment)
{
    return segment < timeline->segment_count ? timeline->segments[segment].side : SPLIT_MOBILE;
}

static struct split_crossing *crossing_to(struct split_timeline *timeline, uint32_t segment)
{
    return segment < timeline->segment_count ? &timeline->segments[segment].entry : &timeline->exit;
}

static void add_tensor(struct split_timeline *timeline, const struct split_tensor *tensor)
{
    const uint32_t hub = segment_of(timeline, tensor->hub);
    for (uint32_t i = 0; i < tensor->other_count; i++) {
        uint32_t other = segment_of(timeline, tensor->others[i]);
        if (side_of(timeline, other) == side_of(timeline, hub))
            continue;
        crossing_to(timeline, tensor->is_gathered ? hub : other)->bytes += tensor->bytes;
        return;
    }
}

/* Weights follow the cloud's segment that made them. */
static void add_weights(struct split_timeline *timeline, const struct split_problem *problem,
                        const struct split_conditions *conditions, const struct split_part *parts)
{
    for (uint32_t i = 0; i < timeline->segment_count; i++) {
        const struct split_segment *segment = &timeline->segments[i];
        if (segment->side == SPLIT_MOBILE)
            continue;
        struct split_crossing *next = crossing_to(timeline, i + 1);
        for (uint32_t k = 0; k < segment->part_count; k++) {
            const struct split_part *part = &parts[segment->first_part + k];
            double bytes =
                split_part_cost(problem, conditions, part->first, part->last).cloud_down_bytes;
            next->bytes += bytes;
            next->weight_bytes += bytes;
        }
    }
}

static void add_costs(struct split_crossing *crossing, const struct split_conditions *conditions,
                      enum split_side to)
{
    const struct split_network *network = &conditions->network;
    const bool is_up = to == SPLIT_CLOUD;
    const double mw = is_up ? split_network_up_mw(network, conditions->has_radio_base)
                            : split_network_down_mw(network, conditions->has_radio_base);
    crossing->transfer_ms = is_up ? split_network_up_ms(network, crossing->bytes)
                                  : split_network_down_ms(network, crossing->bytes);
    crossing->transfer_mj = crossing->transfer_ms * mw / 1e3;
    crossing->round_trip_ms = network->rtt_ms / 2;
    crossing->wait_ms = is_up ? conditions->load.wait_ms : 0;
}

int split_timeline_init(struct split_timeline *timeline, const struct split_problem *problem,
                        const struct split_conditions *conditions, const struct split_part *parts,
                        uint32_t part_count)
{
    *timeline = (struct split_timeline){
        .segments = calloc((size_t)part_count + 1, sizeof(*timeline->segments))};
    if (!timeline->segments)
        return -ENOMEM;
    if (!part_count)
        return 0;
    merge_parts(timeline, problem, conditions, parts, part_count);
    for (uint32_t i = 0; i < problem->tensor_count; i++)
        add_tensor(timeline, &problem->tensors[i]);
    add_weights(timeline, problem, conditions, parts);
    for (uint32_t i = 0; i <= timeline->segment_count; i++) {
        enum split_side before = i ? side_of(timeline, i - 1) : SPLIT_MOBILE;
        enum split_side after = side_of(timeline, i);
        if (before != after)
            add_costs(crossing_to(timeline, i), conditions, after);
    }
    return 0;
}

void split_timeline_fini(struct split_timeline *timeline)
{
    if (!timeline)
        return;
    free(timeline->segments);
    *timeline = (struct split_timeline){0};
}
