/* float32 by OpenBLAS, the larger side of the result cut over the threads; integers by loops. */
#include "compute/ops/product.h"

#include "compute/ops/range.h"

#include <cblas.h>
#include <string.h>

struct product_run {
    const struct product *product;
    const void *a, *b;
    void *c;
};

/* A float's integer part, kept inside what an int64 holds. */
static int64_t to_whole(double x)
{
    if (x >= 0x1p63)
        return INT64_MAX;
    if (x <= -0x1p63)
        return INT64_MIN;
    return x != x ? 0 : (int64_t)x;
}

/* One row of the result. */
#define WHOLE_ROW(T, U)                                                                            \
    do {                                                                                           \
        const T *a = run->a, *b = run->b;                                                          \
        T *c = (T *)run->c + i * g->n;                                                             \
        for (size_t j = 0; j < g->n; j++) {                                                        \
            U sum = 0;                                                                             \
            for (size_t p = 0; p < g->k; p++)                                                      \
                sum += (U)a[i * a_row + p * a_step] * (U)b[p * b_row + j * b_step];                \
            T total = (T)sum;                                                                      \
            if (g->alpha != 1)                                                                     \
                total = (T)to_whole((double)g->alpha * (double)total);                             \
            U rest = 0;                                                                            \
            if (g->beta == 1)                                                                      \
                rest = (U)c[j];                                                                    \
            else if (g->beta != 0)                                                                 \
                rest = (U)to_whole((double)g->beta * (double)c[j]);                                \
            c[j] = (T)((U)total + rest);                                                           \
        }                                                                                          \
    } while (0)

static void whole_rows(void *arg, size_t first, size_t last)
{
    const struct product_run *run = arg;
    const struct product *g = run->product;
    size_t a_row = g->is_a_transposed ? 1 : g->k, a_step = g->is_a_transposed ? g->m : 1;
    size_t b_row = g->is_b_transposed ? 1 : g->n, b_step = g->is_b_transposed ? g->k : 1;
    for (size_t i = first; i < last; i++) {
        if (g->type == TENSOR_I64)
            WHOLE_ROW(int64_t, uint64_t);
        else
            WHOLE_ROW(int32_t, uint32_t);
    }
}

/* Rows [row, row + m) and columns [column, column + n) of the result. */
static void float_part(const struct product_run *run, size_t row, size_t m, size_t column, size_t n)
{
    const struct product *g = run->product;
    const float *a = (const float *)run->a + (g->is_a_transposed ? row : row * g->k);
    const float *b = (const float *)run->b + (g->is_b_transposed ? column * g->k : column);
    float *c = (float *)run->c + row * g->n + column;
    cblas_sgemm(CblasRowMajor, g->is_a_transposed ? CblasTrans : CblasNoTrans,
                g->is_b_transposed ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n,
                (blasint)g->k, g->alpha, a, (blasint)(g->is_a_transposed ? g->m : g->k), b,
                (blasint)(g->is_b_transposed ? g->k : g->n), g->beta, c, (blasint)g->n);
}

static void float_rows(void *arg, size_t first, size_t last)
{
    const struct product_run *run = arg;
    float_part(run, first, last - first, 0, run->product->n);
}

static void float_columns(void *arg, size_t first, size_t last)
{
    const struct product_run *run = arg;
    float_part(run, 0, run->product->m, first, last - first);
}

static void scale(float *c, size_t count, float beta)
{
    for (size_t i = 0; i < count; i++)
        c[i] = beta == 0 ? 0 : c[i] * beta;
}

void product_run(const struct product *product, const void *a, const void *b, void *c,
                 struct thread_pool *pool)
{
    struct product_run run = {.product = product, .a = a, .b = b, .c = c};
    if (product->m == 0 || product->n == 0)
        return;
    if (product->type != TENSOR_F32) {
        range_run(pool, product->m, 16384 / (product->n * (product->k + 1)) + 1, whole_rows, &run);
        return;
    }
    if (product->k == 0) {
        scale(c, product->m * product->n, product->beta);
        return;
    }
    /* A few large parts: each packs its own copy of what the parts share. */
    size_t work = product->m * product->n * product->k, threads = thread_pool_threads(pool);
    size_t side = product->m > product->n ? product->m : product->n;
    size_t grain = work < 1u << 18 ? side : side / threads;
    range_run(pool, side, grain, product->m > product->n ? float_rows : float_columns, &run);
}
