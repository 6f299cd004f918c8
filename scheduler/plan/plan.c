/* A plan: its memory, and what it costs by the definition. */
#include "scheduler/plan/plan.h"

#include <errno.h>
#include <stdlib.h>

int split_plan_init(struct split_plan *plan, const struct split_problem *problem)
{
    *plan = (struct split_plan){.parts = calloc(problem->count, sizeof(*plan->parts))};
    return plan->parts ? 0 : -ENOMEM;
}

void split_plan_fini(struct split_plan *plan)
{
    if (!plan)
        return;
    free(plan->parts);
    *plan = (struct split_plan){0};
}

/* A plan under evaluation: the side of a step is found through its part. */
struct walk {
    const struct split_problem *problem;
    const struct split_conditions *conditions;
    const struct split_part *parts;
    uint32_t part_count;
    uint32_t near; /* the part last looked at: steps are asked for mostly in order */
    struct split_totals *totals;
};

static bool holds(const struct split_part *part, uint32_t step)
{
    return part->first <= step && step <= part->last;
}

static enum split_side side_of(struct walk *walk, uint32_t step)
{
    if (step == 0 || step > walk->problem->count)
        return SPLIT_MOBILE;
    if (holds(&walk->parts[walk->near], step))
        return walk->parts[walk->near].side;
    if (walk->near + 1 < walk->part_count && holds(&walk->parts[walk->near + 1], step))
        return walk->parts[++walk->near].side;
    uint32_t low = 0, high = walk->part_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (walk->parts[middle].first <= step)
            low = middle;
        else
            high = middle;
    }
    walk->near = low;
    return walk->parts[low].side;
}

/* The server's figure for layers before `layer` still to come; between two cuts the whole stretch
 * counts as that of its first layer. */
static double remaining_ms(const struct split_load *load, uint32_t layer)
{
    uint32_t low = 0, high = load->cut_count - 1; /* the first cut not before the layer */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (load->cut_layers[middle] < layer)
            low = middle + 1;
        else
            high = middle;
    }
    return load->remaining_ms[low];
}

static double cloud_ms(const struct split_load *load, const struct split_group *group)
{
    if (!load->cut_count)
        return group->cost.cloud_ms * load->k;
    return remaining_ms(load, group->first - 1) - remaining_ms(load, group->last);
}

struct split_cost split_part_cost(const struct split_problem *problem,
                                  const struct split_conditions *conditions, uint32_t first,
                                  uint32_t last)
{
    const struct split_group *group = split_problem_group(problem, first, last);
    struct split_cost sum = {0};
    for (uint32_t step = first; step <= last; step++) {
        const struct split_group *part = group ? group : split_problem_group(problem, step, step);
        sum.mobile_ms += part->cost.mobile_ms;
        sum.mobile_mj += part->cost.mobile_mj;
        sum.cloud_ms += cloud_ms(&conditions->load, part);
        sum.cloud_down_bytes += part->cost.cloud_down_bytes;
        if (group)
            break;
    }
    return sum;
}

static void add_part(const struct walk *walk, const struct split_part *part)
{
    const struct split_cost cost =
        split_part_cost(walk->problem, walk->conditions, part->first, part->last);
    struct split_totals *totals = walk->totals;
    if (part->side == SPLIT_MOBILE) {
        totals->latency_ms += cost.mobile_ms;
        totals->energy_mj += cost.mobile_mj;
    } else {
        totals->latency_ms += cost.cloud_ms;
        totals->cloud_ms += cost.cloud_ms;
        totals->download_bytes += cost.cloud_down_bytes;
        totals->weight_bytes += cost.cloud_down_bytes;
    }
}

static void add_tensor(struct walk *walk, const struct split_tensor *tensor)
{
    enum split_side hub = side_of(walk, tensor->hub);
    bool crosses = false;
    for (uint32_t i = 0; i < tensor->other_count; i++)
        crosses |= side_of(walk, tensor->others[i]) != hub;
    if (!crosses)
        return;
    if ((hub == SPLIT_MOBILE) != tensor->is_gathered)
        walk->totals->upload_bytes += tensor->bytes;
    else
        walk->totals->download_bytes += tensor->bytes;
}

static void add_transfers(const struct walk *walk)
{
    const struct split_network *network = &walk->conditions->network;
    const bool has_base = walk->conditions->has_radio_base;
    struct split_totals *totals = walk->totals;
    double up_ms = split_network_up_ms(network, totals->upload_bytes);
    double down_ms = split_network_down_ms(network, totals->download_bytes);
    totals->latency_ms += up_ms + down_ms;
    totals->energy_mj += up_ms * split_network_up_mw(network, has_base) / 1e3 +
                         down_ms * split_network_down_mw(network, has_base) / 1e3;
}

static void add_changes_of_side(struct walk *walk)
{
    enum split_side before = SPLIT_MOBILE, after;
    for (uint32_t step = 0; step <= walk->problem->count; step++, before = after) {
        after = side_of(walk, step + 1);
        if (before == after)
            continue;
        walk->totals->transfers++;
        walk->totals->latency_ms += walk->conditions->network.rtt_ms / 2;
        if (after == SPLIT_CLOUD)
            walk->totals->latency_ms += walk->conditions->load.wait_ms;
    }
}

void split_evaluate(const struct split_problem *problem, const struct split_conditions *conditions,
                    const struct split_part *parts, uint32_t part_count,
                    struct split_totals *totals)
{
    *totals = (struct split_totals){0};
    struct walk walk = {problem, conditions, parts, part_count, 0, totals};
    for (uint32_t i = 0; i < part_count; i++)
        add_part(&walk, &parts[i]);
    for (uint32_t i = 0; i < problem->tensor_count; i++)
        add_tensor(&walk, &problem->tensors[i]);
    add_transfers(&walk);
    add_changes_of_side(&walk);
}
