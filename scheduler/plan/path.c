/* A way through a graph, from its source to its sink. */
#include "scheduler/plan/path.h"

void split_path_clear(struct split_path *path)
{
    path->part_count = 0;
    path->amounts = (struct split_weights){0};
}

void split_path_add_turn(struct split_path *path, const struct split_node *from,
                         enum split_side side)
{
    path->amounts.up_bytes += from->turns[side].up_bytes;
    path->amounts.down_bytes += from->turns[side].down_bytes;
    if (side != from->side && side == SPLIT_CLOUD)
        path->amounts.to_cloud++;
    else if (side != from->side)
        path->amounts.to_mobile++;
}

void split_path_add_arc(struct split_path *path, const struct split_costs *costs, uint32_t arc)
{
    const struct split_graph *graph = costs->graph;
    const struct split_node *tail = &graph->nodes[graph->tails[arc]];
    path->parts[path->part_count++] =
        (struct split_part){tail->step, graph->nodes[graph->heads[arc]].step, tail->side};
    if (tail->side == SPLIT_MOBILE) {
        path->amounts.mobile_ms += costs->ms[arc];
        path->amounts.mobile_mj += graph->mj_or_bytes[arc];
    } else {
        path->amounts.cloud_ms += costs->ms[arc];
        path->amounts.weight_bytes += graph->mj_or_bytes[arc];
    }
    if (graph->up_bytes) {
        path->amounts.up_bytes += graph->up_bytes[arc];
        path->amounts.down_bytes += graph->down_bytes[arc];
    }
}

void split_path_of_arcs(struct split_path *path, const struct split_costs *costs,
                        const uint32_t *arcs, size_t arc_count)
{
    const struct split_graph *graph = costs->graph;
    const struct split_node *node = &graph->nodes[0];
    split_path_clear(path);
    for (size_t i = 0; i < arc_count; i++) {
        split_path_add_turn(path, node, graph->nodes[graph->tails[arcs[i]]].side);
        split_path_add_arc(path, costs, arcs[i]);
        node = &graph->nodes[graph->heads[arcs[i]]];
    }
    split_path_add_turn(path, node, SPLIT_MOBILE);
}
