/* Copies between tensors whose dimensions lie differently: the engine of Transpose, Slice, Expand,
 * Tile, Concat, Split and the like.
 *
 * A copy is a nest of loops; each loop moves both sides by its own stride (in elements; may be
 * negative or 0 on the reading side). The last loop added is the innermost. */
#ifndef COMPUTE_OPS_STRIDED_H
#define COMPUTE_OPS_STRIDED_H

#include "compute/run/thread_pool.h"
#include "compute/tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>

enum { STRIDED_MAX_LOOPS = 16 };

struct strided {
    size_t element_bytes; /* 1, 4 or 8 */
    bool is_empty; /* one of the loops runs 0 times */
    uint32_t loops;
    size_t counts[STRIDED_MAX_LOOPS];
    ptrdiff_t in[STRIDED_MAX_LOOPS], out[STRIDED_MAX_LOOPS];
};

/* At most STRIDED_MAX_LOOPS adds. A loop that continues the one before it is merged with it. */
void strided_add(struct strided *copy, size_t count, ptrdiff_t in, ptrdiff_t out);

/* Runs the copy from in to out, shared out over the pool. */
void strided_run(const struct strided *copy, const void *in, void *out, struct thread_pool *pool);

/* Writes the input, repeated along every dimension that the output has and it has not, to out. */
void strided_broadcast(const struct tensor *input, const struct shape *output, void *out,
                       struct thread_pool *pool);

#endif
