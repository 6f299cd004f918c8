/* What the network costs between its cuts, from a profile's layers and blocks. */
#include "scheduler/client/device_costs.h"
#include "scheduler/plan/problem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int device_costs_init(struct device_costs *costs, uint32_t step_count)
{
    *costs = (struct device_costs){.step_count = step_count,
                                   .steps = calloc(step_count, sizeof(*costs->steps))};
    return costs->steps ? 0 : -ENOMEM;
}

void device_costs_fini(struct device_costs *costs)
{
    if (!costs)
        return;
    free(costs->steps);
    free(costs->blocks);
    *costs = (struct device_costs){0};
}

/* The least that the layers up to each one take, on either side by itself. */
struct reach {
    double mobile_ms, mobile_mj, cloud_ms;
};

/* From one layer to another, over every grouping of the profile: a group leads from before its
 * first layer to its last, and those that end earlier stand earlier. reach[layer_count + 1]. */
static void walk(const struct split_problem *problem, uint32_t begin, uint32_t end,
                 struct reach *reach)
{
    for (uint32_t layer = begin; layer <= end; layer++)
        reach[layer] = (struct reach){INFINITY, 0, INFINITY};
    reach[begin] = (struct reach){0, 0, 0};
    for (uint32_t i = 0; i < problem->group_count && problem->groups[i].last <= end; i++) {
        const struct split_group *group = &problem->groups[i];
        if (group->first <= begin)
            continue;
        const struct reach *before = &reach[group->first - 1];
        struct reach *after = &reach[group->last];
        if (before->mobile_ms + group->cost.mobile_ms < after->mobile_ms) {
            after->mobile_ms = before->mobile_ms + group->cost.mobile_ms;
            after->mobile_mj = before->mobile_mj + group->cost.mobile_mj;
        }
        after->cloud_ms = fmin(after->cloud_ms, before->cloud_ms + group->cost.cloud_ms);
    }
}

/* Every range that begins at cut a. */
static void take_ranges(struct device_costs *costs, const struct reach *reach,
                        const uint32_t *cut_layers, uint32_t a, double batch)
{
    const uint32_t last = costs->blocks ? costs->step_count : a + 1;
    for (uint32_t b = a + 1; b <= last; b++) {
        const struct reach *end = &reach[cut_layers[b]];
        const struct split_block range = {.first = a + 1,
                                          .last = b,
                                          .mobile_ms = end->mobile_ms / batch,
                                          .mobile_mj = end->mobile_mj / batch,
                                          .cloud_ms = end->cloud_ms / batch};
        if (costs->blocks)
            costs->blocks[costs->block_count++] = range;
        if (b == a + 1)
            costs->steps[a] =
                (struct device_step){range.mobile_ms, range.mobile_mj, range.cloud_ms};
    }
}

static int take(struct device_costs *costs, const struct split_problem *problem,
                const uint32_t *cut_layers, uint32_t batch, bool has_blocks)
{
    const size_t count = costs->step_count;
    struct reach *reach = calloc(problem->count + 1u, sizeof(*reach));
    if (reach && has_blocks)
        costs->blocks = calloc(count * (count + 1) / 2, sizeof(*costs->blocks));
    if (!reach || (has_blocks && !costs->blocks)) {
        free(reach);
        return -ENOMEM;
    }
    for (uint32_t a = 0; a < count; a++) {
        walk(problem, cut_layers[a], cut_layers[has_blocks ? count : a + 1], reach);
        take_ranges(costs, reach, cut_layers, a, batch);
        costs->has_energy |= costs->steps[a].mobile_mj > 0;
    }
    free(reach);
    return 0;
}

int device_costs_take(struct device_costs *costs, const struct split_profile *profile,
                      const uint32_t *cut_layers, uint32_t step_count)
{
    struct split_problem problem;
    struct split_error error;
    const bool has_blocks = profile->block_count > 0 && step_count <= DEVICE_COSTS_MAX_STEPS;
    int rc = device_costs_init(costs, step_count);
    if (rc)
        return rc;
    rc = split_problem_init(&problem, profile, SPLIT_INFERENCE, &error);
    if (rc == 0) {
        rc = take(costs, &problem, cut_layers, profile->batch, has_blocks);
        split_problem_fini(&problem);
    }
    if (rc)
        device_costs_fini(costs);
    return rc;
}
