/* Layers: fused groups of nodes in a fixed order, numbered from the graph alone.
 *
 * A layer starts with a node that cannot join an earlier one and takes in the nodes that only
 * change what it has just made: batch norm, element sums with something made earlier, activations,
 * constants per channel, changes of shape. Its intermediate values are seen by nobody else, so it
 * may be computed as one.
 *
 * Numbering, version 1 (ENGINE_NUMBERING_VERSION): take the nodes in the graph's order, without
 * those that follow from shapes or constants alone. A node joins the layer of one of its inputs if
 * it is of a joining kind, that input is the layer's present result, nobody else reads it (who
 * wants only its shape does not count), it is not a graph output, and every other input is a
 * constant or made by an earlier layer (or by the same one); with two such inputs, the later layer.
 * Otherwise it opens a new layer. */
#ifndef COMPUTE_PLAN_LAYERS_H
#define COMPUTE_PLAN_LAYERS_H

#include "compute/graph/graph.h"

struct layer {
    uint32_t node_count;
    uint32_t *nodes; /* in order; the first one is the root */
    char *name; /* the root's */
    char *type; /* op types joined by '+' */
};

struct layers {
    uint32_t count;
    struct layer *items;
    uint32_t *layer_of_node; /* GRAPH_NONE for static nodes */
    uint32_t *nodes; /* all layers' node lists, one after another */
};

/* 0 or -ENOMEM. */
int layers_init(struct layers *layers, const struct graph *graph, const bool *is_static);
void layers_fini(struct layers *layers);

#endif
