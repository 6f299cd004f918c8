/* Cuts: the boundaries between layers at which few enough tensors are alive, and how the rows of a
 * batch lie in those tensors. */
#ifndef COMPUTE_PLAN_CUTS_H
#define COMPUTE_PLAN_CUTS_H

#include "compute/plan/instance.h"
#include "compute/plan/layers.h"

/* How the rows of a batch lie in a value. */
enum row_kind {
    ROWS_SHARED, /* the value does not grow with the batch */
    ROWS_LEADING, /* the batch is outermost in memory: row i is the i-th equal part */
    ROWS_AXIS, /* along another axis */
    ROWS_MIXED, /* cannot be told apart */
};

struct value_rows {
    enum row_kind kind;
    uint32_t axis; /* ROWS_AXIS, ROWS_LEADING: the dimension that grows with the batch */
};

struct cut {
    uint32_t boundary; /* layers before it */
    uint32_t count; /* of values that cross it */
    uint32_t *values;
};

struct cuts {
    uint32_t count;
    struct cut *items;
    /* Per value: the boundary from which it exists and the last layer that reads it (layer count
     * for graph outputs); first > last where it never crosses a boundary. */
    uint32_t *first, *last;
    struct value_rows *rows;
};

/* one: the instance at batch 1; two: at batch 2, or NULL where the graph has no batch dimension.
 * 0 or -ENOMEM. */
int cuts_init(struct cuts *cuts, const struct graph *graph, const struct layers *layers,
              const struct instance *one, const struct instance *two, uint32_t max_tensors);
void cuts_fini(struct cuts *cuts);

#endif
