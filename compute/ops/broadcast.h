/* Walks an output and the inputs that broadcast into it, in long runs without index arithmetic. */
#ifndef COMPUTE_OPS_BROADCAST_H
#define COMPUTE_OPS_BROADCAST_H

#include "compute/run/thread_pool.h"
#include "compute/tensor/tensor.h"

enum { BROADCAST_MAX_INPUTS = 3 };

/* Neighbouring dimensions that every input walks alike are merged, so that equal shapes and
 * scalars become one long run. */
struct broadcast {
    uint32_t input_count;
    uint32_t rank; /* at least 1 unless count is 0 */
    size_t count; /* elements of the output */
    size_t dims[TENSOR_MAX_RANK];
    size_t strides[BROADCAST_MAX_INPUTS][TENSOR_MAX_RANK]; /* elements; 0 where repeated */
};

/* Each input's shape broadcasts to output's. */
void broadcast_init(struct broadcast *broadcast, const struct shape *output, uint32_t input_count,
                    const struct shape *const *inputs);

/* n elements of the output from element `output` on; input k starts at element inputs[k] and
 * advances by steps[k], which is 0 or 1. */
typedef void broadcast_row(void *arg, size_t n, size_t output, const size_t *inputs,
                           const size_t *steps);

/* Calls row over all of the output, shared out over the pool in pieces of about grain elements. */
void broadcast_run(const struct broadcast *broadcast, struct thread_pool *pool, size_t grain,
                   broadcast_row *row, void *arg);

enum { BROADCAST_GRAIN = 16384 }; /* elements of plain arithmetic worth handing to a thread */

#endif
