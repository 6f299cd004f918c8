/* Passes over the graph that change no result: what constants alone decide is computed once, what
 * nobody uses is dropped. */
#ifndef COMPUTE_PLAN_FOLD_H
#define COMPUTE_PLAN_FOLD_H

#include "compute/graph/graph.h"

/* Evaluates nodes whose inputs are all constants; their outputs become constants of the graph. */
int fold_constants(struct graph *graph, struct graph_error *error);

/* Removes nodes none of whose outputs is used. Value numbers stay; node numbers close up. */
int fold_dead_nodes(struct graph *graph);

#endif
