/* The least that is still to come at every node of a graph, under one set of weights. */
#include "scheduler/plan/to_go.h"

#include <math.h>

/* The side that comes after x's exit on the best way to the end; staying wins a tie. */
static enum split_side best_turn(const struct split_costs *costs,
                                 const struct split_weights *weights, const double *at_entry,
                                 uint32_t x, double *least)
{
    const struct split_node *node = &costs->graph->nodes[x];
    const enum split_side other = node->side == SPLIT_MOBILE ? SPLIT_CLOUD : SPLIT_MOBILE;
    *least = INFINITY;
    if (split_turn_exists(costs, node, node->side))
        *least =
            split_turn_cost(weights, node, node->side) + at_entry[node->turns[node->side].node];
    if (!split_turn_exists(costs, node, other))
        return node->side;
    double turned = split_turn_cost(weights, node, other) + at_entry[node->turns[other].node];
    if (turned >= *least)
        return node->side;
    *least = turned;
    return other;
}

/* The arcs into y, each a chance for its tail. The one loop that counts: two products an arc. */
static void relax_arcs(struct split_to_go *to_go, const struct split_costs *costs, uint32_t y,
                       double rest)
{
    const struct split_graph *graph = costs->graph;
    const struct split_weights *weights = &to_go->weights;
    const bool is_mobile = graph->nodes[y].side == SPLIT_MOBILE;
    const double per_ms = is_mobile ? weights->mobile_ms : weights->cloud_ms;
    const double per_other = is_mobile ? weights->mobile_mj : weights->weight_bytes;
    const double *ms = costs->ms, *others = graph->mj_or_bytes;
    const uint32_t end = graph->arc_starts[y + 1];
    for (uint32_t arc = graph->arc_starts[y]; arc < end; arc++) {
        double cost = rest + per_ms * ms[arc] + per_other * others[arc];
        if (graph->up_bytes)
            cost += weights->up_bytes * graph->up_bytes[arc] +
                    weights->down_bytes * graph->down_bytes[arc];
        const uint32_t tail = graph->tails[arc];
        if (cost < to_go->at_entry[tail]) {
            to_go->at_entry[tail] = cost;
            to_go->next_arc[tail] = arc;
        }
    }
}

void split_to_go_fill(struct split_to_go *to_go, const struct split_costs *costs,
                      const struct split_weights *weights)
{
    const struct split_graph *graph = costs->graph;
    const uint32_t sink = graph->node_count - 1;
    to_go->weights = *weights;
    for (uint32_t x = 0; x < sink; x++)
        to_go->at_entry[x] = INFINITY;
    to_go->at_entry[sink] = to_go->at_exit[sink] = 0;
    for (uint32_t y = sink; y-- > 0;) {
        best_turn(costs, &to_go->weights, to_go->at_entry, y, &to_go->at_exit[y]);
        if (to_go->at_exit[y] < INFINITY)
            relax_arcs(to_go, costs, y, to_go->at_exit[y]);
    }
}

void split_to_go_path(const struct split_to_go *to_go, const struct split_costs *costs,
                      struct split_path *path)
{
    const struct split_graph *graph = costs->graph;
    split_path_clear(path);
    for (uint32_t x = 0;;) {
        double least;
        enum split_side side = best_turn(costs, &to_go->weights, to_go->at_entry, x, &least);
        split_path_add_turn(path, &graph->nodes[x], side);
        x = graph->nodes[x].turns[side].node;
        if (x == graph->node_count - 1)
            return;
        split_path_add_arc(path, costs, to_go->next_arc[x]);
        x = graph->heads[to_go->next_arc[x]];
    }
}
