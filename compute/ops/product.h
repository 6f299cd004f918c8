/* Plain matrix products of any type, shared out over a pool. */
#ifndef COMPUTE_OPS_PRODUCT_H
#define COMPUTE_OPS_PRODUCT_H

#include "compute/run/thread_pool.h"
#include "compute/tensor/tensor.h"

/* c[m][n] = alpha a[m][k] b[k][n] + beta c[m][n]; all dense; a is stored [k][m] where
 * is_a_transposed, b [n][k] where is_b_transposed. With a beta of 0, c is not read. */
struct product {
    enum tensor_type type; /* float32, int32 or int64 (integers wrap around) */
    size_t m, n, k; /* each at most INT32_MAX for float32 */
    bool is_a_transposed, is_b_transposed;
    float alpha, beta;
};

void product_run(const struct product *product, const void *a, const void *b, void *c,
                 struct thread_pool *pool);

#endif
