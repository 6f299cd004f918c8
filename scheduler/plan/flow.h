/* Minimum cuts of a sparse network with capacities in double: memory once, any number of solves.
 *
 * Every node ends on one of two sides. An edge costs forward if `from` is on the source's side and
 * `to` on the sink's, backward if it is the other way round. A node's pull is the capacity from the
 * source less the capacity to the sink, so above 0 it costs that much to put the node on the sink's
 * side, below 0 to put it on the source's; +-INFINITY fixes it. */
#ifndef SCHEDULER_PLAN_FLOW_H
#define SCHEDULER_PLAN_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct split_flow_edge {
    uint32_t from, to; /* two nodes, counted from 0 */
    double forward, backward; /* finite, not negative */
};

struct split_flow_arc;

struct split_flow {
    uint32_t max_nodes, max_edges;
    uint32_t node_count, edge_count;
    struct split_flow_arc *arcs; /* by the node they leave */
    uint32_t *first; /* [nodes + 1], in arcs */
    uint32_t *arc_of; /* [edges], the forward one */
    double *excess; /* [nodes]; below 0: what the sink still takes */
    uint32_t *label; /* [nodes], a lower bound of the arcs to go to the sink, 1 at least */
    uint32_t *current; /* [nodes], the next arc to look at */
    uint32_t *next; /* [nodes], in the list of active nodes with the same label */
    uint32_t *active; /* [nodes + 1], the first of each list */
    uint32_t *queue; /* [nodes] */
    uint32_t highest; /* no active node has a label above this */
    uint64_t work; /* arcs looked at since init */
};

/* 0 or -ENOMEM. */
int split_flow_init(struct split_flow *flow, uint32_t max_nodes, uint32_t max_edges);
void split_flow_fini(struct split_flow *flow); /* accepts NULL and a zeroed object */

/* Lays out the network's shape; the capacities of the edges may change from solve to solve. */
void split_flow_build(struct split_flow *flow, uint32_t node_count, uint32_t edge_count,
                      const struct split_flow_edge *edges);

/* A minimum cut: of all, the one with the fewest nodes on the sink's side. Edges as laid out. */
void split_flow_solve(struct split_flow *flow, const struct split_flow_edge *edges,
                      const double *pulls);

/* Of the last solve. */
static inline bool split_flow_is_sink_side(const struct split_flow *flow, uint32_t node)
{
    return flow->label[node] <= flow->node_count;
}

/* By at least this much the cut would cost more with the node on the other side. */
static inline double split_flow_regret(const struct split_flow *flow, uint32_t node)
{
    const double excess = flow->excess[node];
    if (split_flow_is_sink_side(flow, node))
        return excess < 0 ? -excess : 0;
    return excess > 0 ? excess : 0;
}

#endif
