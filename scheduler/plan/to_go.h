/* The least that is still to come at every node of a graph, under one set of weights: the shortest
 * path, and the completion bounds of a search. */
#ifndef SCHEDULER_PLAN_TO_GO_H
#define SCHEDULER_PLAN_TO_GO_H

#include "scheduler/plan/path.h"

/* Filled by split_to_go_fill(); memory of the caller. */
struct split_to_go {
    double *at_entry, *at_exit; /* [node_count]; INFINITY: no way to the end */
    uint32_t *next_arc; /* [node_count] from a node's entry */
    struct split_weights weights;
};

/* One pass over the graph from its end: linear in nodes and arcs. */
void split_to_go_fill(struct split_to_go *to_go, const struct split_costs *costs,
                      const struct split_weights *weights);

/* The least weighted path. Of equal ones, the one that turns later: deterministic. */
void split_to_go_path(const struct split_to_go *to_go, const struct split_costs *costs,
                      struct split_path *path);

#endif
