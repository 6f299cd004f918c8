/* Winograd's minimal filtering F(m x m, r x r): the transforms of one tile.
 *
 * A tile of n x n input pixels (n = m + r - 1) gives m x m output pixels:
 *     Y = A^T [ (G g G^T) . (B^T d B) ] A
 * The product in the middle is, for each of the n x n points, a GEMM over channels.
 *
 * The matrices interpolate polynomials at n - 1 numbers and infinity. For n = 6 these are
 * 0, +-3/4, +-3/2: symmetric, exact in binary, and with a fifth of the error of the usual
 * 0, +-1, +-2, because their powers stay near 1 (measured over 256 channels: largest error
 * 2.8e-6 of the largest magnitude against 1.3e-5; +-sqrt(1/2), +-sqrt(2) are equal to it). */
#ifndef COMPUTE_KERNELS_WINOGRAD_H
#define COMPUTE_KERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum winograd_kind {
    WINOGRAD_2_3, /* F(2x2, 3x3) */
    WINOGRAD_4_3, /* F(4x4, 3x3) */
    WINOGRAD_2_5, /* F(2x2, 5x5) */
    WINOGRAD_KINDS,
};

#define WINOGRAD_MAX_POINTS 6 /* n */
#define WINOGRAD_MAX_OUTPUTS 4 /* m */
#define WINOGRAD_MAX_TAPS 5 /* r */

/* The interpolation points of n = 6 are 0, +-A, +-B and infinity, in this order. */
#define WINOGRAD_POINT_A 0.75f
#define WINOGRAD_POINT_B 1.5f

/* The matrices of one dimension, row by row. */
struct winograd_matrices {
    uint32_t points, outputs, taps; /* n, m, r */
    double input[WINOGRAD_MAX_POINTS][WINOGRAD_MAX_POINTS]; /* B^T: n x n */
    double weight[WINOGRAD_MAX_POINTS][WINOGRAD_MAX_TAPS]; /* G: n x r */
    double output[WINOGRAD_MAX_OUTPUTS][WINOGRAD_MAX_POINTS]; /* A^T: m x n */
};

void winograd_matrices(enum winograd_kind kind, struct winograd_matrices *matrices);

/* u[p * point_stride + n] = (G g G^T)[p] of lane n, where tap t of lane n is g[t * g_stride + n].
 */
struct winograd_weight {
    const struct winograd_matrices *matrices;
    const double *g;
    size_t g_stride;
    size_t lanes; /* a multiple of the vector's */
    float *u;
    size_t point_stride;
};

/* v[p * point_stride + c] = (B^T d B)[p][c] where d[i] is the pixel at pixels[i]. Whole vectors of
 * v are written, beyond the last channel too. */
struct winograd_input {
    const float *const *pixels; /* n x n */
    size_t channels;
    float *v;
    size_t point_stride;
};

/* The first rows x columns of the m x m outputs of one tile, with their epilogue. */
struct winograd_output {
    const float *m; /* [n x n] at point_stride */
    size_t point_stride;
    size_t channels;
    uint32_t rows, columns; /* how many outputs lie inside the image */
    float *y;
    size_t row_stride, column_stride;
    const float *bias; /* or NULL */
    const float *residual; /* or NULL */
    size_t residual_row_stride, residual_column_stride;
    float low, high;
    bool is_clipped;
};

#endif
