/* Passes over the graph that change no result: what constants alone decide is computed once, what
 * nobody uses is dropped. */
#ifndef COMPUTE_PLAN_FOLD_H
#define COMPUTE_PLAN_FOLD_H

#include "compute/graph/graph.h"

/* Evaluates nodes whose inputs are all constants; their outputs become constants of the graph. */
int fold_constants(struct graph *graph, struct graph_error *error);

/* Aligns every constant but those that only a matrix kernel packs: the weights of Conv, Gemm and
 * MatMul, which can be most of the file. Operators may then read what they find. 0 or -ENOMEM. */
int fold_align(struct graph *graph);

/* Removes nodes none of whose outputs is used. Value numbers stay; node numbers close up. */
int fold_dead_nodes(struct graph *graph);

#endif
