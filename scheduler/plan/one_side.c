/* The best groups where every step runs on one side: least[j] = min least[i - 1] + cost(i, j). */
#include "scheduler/plan/one_side.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct ending {
    double cost,
        second; /* of two groupings that cost the same, the better by the other criterion */
    uint32_t first; /* of the last group */
};

static struct ending with_group(const struct ending *before, const struct split_group *group,
                                enum split_side side, enum split_objective objective)
{
    const struct split_cost *cost = &group->cost;
    struct ending ending = {before->cost, before->second, group->first};
    if (side == SPLIT_CLOUD) {
        ending.cost += cost->cloud_ms;
    } else {
        ending.cost += objective == SPLIT_LATENCY ? cost->mobile_ms : cost->mobile_mj;
        ending.second += objective == SPLIT_LATENCY ? cost->mobile_mj : cost->mobile_ms;
    }
    return ending;
}

static bool is_better(const struct ending *a, const struct ending *b)
{
    return a->cost < b->cost || (a->cost <= b->cost && a->second < b->second);
}

int split_one_side_init(struct split_one_side *one_side, const struct split_problem *problem,
                        enum split_side side, enum split_objective objective)
{
    *one_side = (struct split_one_side){.parts = calloc(problem->count, sizeof(*one_side->parts))};
    struct ending *endings = calloc((size_t)problem->count + 1, sizeof(*endings));
    if (!one_side->parts || !endings) {
        free(endings);
        split_one_side_fini(one_side);
        return -ENOMEM;
    }
    for (uint32_t step = 1; step <= problem->count; step++)
        endings[step].cost = INFINITY;
    for (uint32_t g = 0; g < problem->group_count; g++) { /* by last: what is before is final */
        const struct split_group *group = &problem->groups[g];
        struct ending ending = with_group(&endings[group->first - 1], group, side, objective);
        if (is_better(&ending, &endings[group->last]))
            endings[group->last] = ending;
    }
    for (uint32_t last = problem->count; last; last = endings[last].first - 1)
        one_side->part_count++;
    uint32_t at = one_side->part_count;
    for (uint32_t last = problem->count; last; last = endings[last].first - 1)
        one_side->parts[--at] = (struct split_part){endings[last].first, last, side};
    free(endings);
    return 0;
}

void split_one_side_fini(struct split_one_side *one_side)
{
    if (!one_side)
        return;
    free(one_side->parts);
    *one_side = (struct split_one_side){0};
}
