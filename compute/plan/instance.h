/* A graph at one batch size: the type and shape of every value, each operator's parameters, and the
 * values that follow from shapes alone, computed. */
#ifndef COMPUTE_PLAN_INSTANCE_H
#define COMPUTE_PLAN_INSTANCE_H

#include "compute/graph/graph.h"
#include "compute/ops/op.h"

/* Numbers for the symbols in the shapes of a graph's inputs. */
struct instance_symbols {
    const char *batch_symbol; /* NULL: the graph has no batch dimension */
    int64_t batch;
    size_t count; /* other symbols */
    const char *const *names;
    const int64_t *values;
};

struct instance {
    const struct graph *graph;
    int64_t batch;
    struct tensor *tensors; /* one per value; data is set for constants and static values only */
    void **params; /* one per node, NULL where its operator has none */
    size_t *scratch_bytes; /* one per node */
    size_t static_bytes; /* of all computed values */
    /* Memory that dies with the instance. */
    size_t owned_count, owned_capacity;
    void **owned;
};

/* Static values that take more than this together are a sign of a hostile file. */
#define INSTANCE_STATIC_BYTES_MAX ((size_t)256 << 20)

/* Marks the nodes whose outputs follow from shapes and constants alone; is_static has node_count
 * entries. A property of the graph, whatever the batch. */
void instance_mark_static(const struct graph *graph, bool *is_static);

/* Infers every shape and computes the static nodes. is_static as from instance_mark_static.
 * 0 or a negative errno with error set; a failed init leaves nothing to undo. */
int instance_init(struct instance *instance, const struct graph *graph, const bool *is_static,
                  const struct instance_symbols *symbols, struct graph_error *error);
void instance_fini(struct instance *instance);

/* The symbol that stands for the batch, or NULL: the first input's first dimension if it is
 * symbolic, otherwise a symbol named batch, batch_size or N, otherwise the only symbol there is.
 * "" for an unnamed one; of an input's unnamed dimensions only the first is the batch then. */
const char *graph_batch_symbol(const struct graph *graph);

/* How an open dimension is called from outside: its symbol, or INPUT:AXIS where it has no name. */
#define GRAPH_SYMBOL_BYTES 256
const char *graph_symbol(const struct value *value, uint32_t axis, char text[GRAPH_SYMBOL_BYTES]);

/* A call of one node over the tensors of an instance. inputs and outputs have room for the node's
 * own counts. */
void instance_call(const struct instance *instance, uint32_t node, struct op_call *call,
                   const struct tensor **inputs, struct tensor **outputs);

#endif
