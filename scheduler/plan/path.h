/* A way through a graph, from its source to its sink: a whole plan, and what it is made of. */
#ifndef SCHEDULER_PLAN_PATH_H
#define SCHEDULER_PLAN_PATH_H

#include "scheduler/plan/graph.h"
#include "scheduler/plan/plan.h"
#include "scheduler/plan/weights.h"

/* A graph as it is under some conditions. */
struct split_costs {
    const struct split_graph *graph;
    const double *ms; /* of each arc: the graph's, or with the server's own figures */
    const bool *can_turn; /* by step: may the side change after it; NULL: everywhere */
};

struct split_path {
    struct split_part *parts; /* room for step_count; memory of the caller */
    uint32_t part_count;
    struct split_weights amounts;
};

void split_path_clear(struct split_path *path);
void split_path_add_turn(struct split_path *path, const struct split_node *from,
                         enum split_side side);
void split_path_add_arc(struct split_path *path, const struct split_costs *costs, uint32_t arc);

/* The path that has these arcs in this order. */
void split_path_of_arcs(struct split_path *path, const struct split_costs *costs,
                        const uint32_t *arcs, size_t arc_count);

static inline bool split_turn_exists(const struct split_costs *costs, const struct split_node *from,
                                     enum split_side side)
{
    return from->turns[side].node != SPLIT_NO_NODE &&
           (from->side == side || !costs->can_turn || costs->can_turn[from->step]);
}

static inline double split_turn_cost(const struct split_weights *weights,
                                     const struct split_node *from, enum split_side side)
{
    const struct split_turn *turn = &from->turns[side];
    double cost = weights->up_bytes * turn->up_bytes + weights->down_bytes * turn->down_bytes;
    if (from->side != side)
        cost += side == SPLIT_CLOUD ? weights->to_cloud : weights->to_mobile;
    return cost;
}

static inline double split_arc_cost(const struct split_costs *costs,
                                    const struct split_weights *weights, enum split_side side,
                                    uint32_t arc)
{
    const struct split_graph *graph = costs->graph;
    const bool is_mobile = side == SPLIT_MOBILE;
    double cost =
        (is_mobile ? weights->mobile_ms : weights->cloud_ms) * costs->ms[arc] +
        (is_mobile ? weights->mobile_mj : weights->weight_bytes) * graph->mj_or_bytes[arc];
    if (graph->up_bytes)
        cost +=
            weights->up_bytes * graph->up_bytes[arc] + weights->down_bytes * graph->down_bytes[arc];
    return cost;
}

#endif
