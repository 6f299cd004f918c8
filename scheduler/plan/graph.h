/* Every plan of a problem as a path: the paper's shortest-path graph, made explicit once.
 *
 * A node of step k says on which side step k runs and where each tensor is that a later step still
 * needs: on the mobile, on the cloud, or on both (of a gathered tensor: where there are parts of
 * it). A chain has two nodes a step; each skip over a step multiplies them, as the paper's doubled
 * chains do. A path goes through a node twice, or enters it and leaves another:
 *
 *            entry of x ──arc: steps k..m as one group, on x's side──> exit of y
 *            (crossings for step k are paid)                           (step m is done)
 *            exit of y ──turn: step m + 1 stays, or changes side, and what it needs crosses──>
 *            entry of z, a node of step m + 1
 *
 * Node 0 is the mobile with the input (its exit starts every path), the last node the mobile that
 * wants the result (its entry ends it). Node numbers rise with steps; arcs stand by their head,
 * then by their tail. Read-only once built. */
#ifndef SCHEDULER_PLAN_GRAPH_H
#define SCHEDULER_PLAN_GRAPH_H

#include "scheduler/plan/problem.h"

#define SPLIT_NO_NODE UINT32_MAX

struct split_turn {
    double up_bytes, down_bytes;
    uint32_t node; /* SPLIT_NO_NODE: there is no such turn */
};

struct split_node {
    uint32_t step;
    enum split_side side;
    struct split_turn turns[2]; /* by the side that comes next */
};

struct split_graph {
    uint32_t step_count;
    uint32_t node_count;
    uint32_t *layer_starts; /* [step_count + 3]: step k has the nodes from [k] to below [k + 1] */
    struct split_node *nodes;
    uint32_t
        *turn_starts; /* [node_count + 1]: the turns into node x are from [x] to below [x + 1] */
    uint32_t *turns_from; /* their nodes */
    uint32_t *arc_starts; /* [node_count + 1]: the arcs into node y */
    uint32_t *tails, *heads; /* [arc_count] */
    double *ms; /* of the group, on the side of the arc's nodes */
    double *mj_or_bytes; /* mobile: the group's energy; cloud: the weights it downloads */
    double *up_bytes, *down_bytes; /* crossings inside the group; NULL if no arc has any */
};

/* 0, -ENOMEM, -E2BIG: it would take more than max_bytes. The problem may go once this returns. */
int split_graph_init(struct split_graph *graph, const struct split_problem *problem,
                     size_t max_bytes);
void split_graph_fini(struct split_graph *graph); /* accepts NULL and a zeroed object */

#endif
