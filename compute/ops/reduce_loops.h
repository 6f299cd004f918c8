/* The inner loops of the reductions: whole rows of elements into rows of accumulators. */
#ifndef COMPUTE_OPS_REDUCE_LOOPS_H
#define COMPUTE_OPS_REDUCE_LOOPS_H

#include "compute/tensor/tensor.h"

enum reduce_kind {
    REDUCE_SUM,
    REDUCE_ABS, /* sum of magnitudes */
    REDUCE_SQUARE, /* sum of squares */
    REDUCE_PRODUCT,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_EXP, /* sum of e^(x - shift); floats only */
    REDUCE_KINDS,
};

enum { REDUCE_LANES = 64 };

/* Floats accumulate in double, so that long sums keep their digits; integers in 64 bits, wrapping
 * around. */
struct reduce_lanes {
    union {
        double real[REDUCE_LANES];
        int64_t whole[REDUCE_LANES];
    };
    double shift[REDUCE_LANES]; /* REDUCE_EXP */
};

/* lane[j] takes in x[r * stride + j] for r < rows, j < n <= REDUCE_LANES. */
typedef void reduce_loop(const void *x, size_t rows, size_t stride, size_t n,
                         struct reduce_lanes *lanes);

/* NULL where there is none for this type. */
reduce_loop *reduce_loop_find(enum reduce_kind kind, enum tensor_type type);

/* The first n lanes hold nothing yet. */
void reduce_lanes_clear(struct reduce_lanes *lanes, enum reduce_kind kind, enum tensor_type type,
                        size_t n);

/* All of the first n >= 1 lanes into lane 0. */
void reduce_lanes_join(struct reduce_lanes *lanes, enum reduce_kind kind, enum tensor_type type,
                       size_t n);

#endif
