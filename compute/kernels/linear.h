/* Fully connected: output[rows][columns] = input[rows][depth] times packed weights, with epilogue.
 *
 * Batch aware: the weights are streamed from memory once per run whatever the rows (up to a cache
 * full of them). Rows are given by pointer, so rows of several clients need no gather copy. */
#ifndef COMPUTE_KERNELS_LINEAR_H
#define COMPUTE_KERNELS_LINEAR_H

#include "compute/kernels/cpu.h"
#include "compute/kernels/epilogue.h"
#include "compute/run/thread_pool.h"

struct linear_shape {
    size_t depth, columns;
};

size_t linear_packed_bytes(enum isa isa, const struct linear_shape *shape);

/* Packs weights, where element (k, n) is weights[k * depth_stride + n * column_stride], times
 * scale[n] (NULL: 1) and times alpha. */
void linear_pack(enum isa isa, const struct linear_shape *shape, const packable_float *weights,
                 size_t depth_stride, size_t column_stride, const float *scale, float alpha,
                 void *packed, struct thread_pool *pool);

struct linear_call {
    enum isa isa;
    struct linear_shape shape;
    size_t rows;
    const float *const *input; /* rows pointers to depth floats */
    float *const *output; /* rows pointers to columns floats */
    const void *packed;
    struct epilogue epilogue; /* residual row r at residual + r * residual_stride */
};

void linear_run(const struct linear_call *call, struct thread_pool *pool);

#endif
