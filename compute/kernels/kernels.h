/* The inner kernels of one instruction set, behind function pointers.
 *
 * Packed weights of a matrix [depth][columns] are cut into panels of two vectors of columns (the
 * last panel has one when the count of vectors is odd), each panel [depth][columns of the panel],
 * zero beyond the last column:
 *
 *     |  panel 0  |  panel 1  | 2 |      one vector = lanes floats
 *     | k=0: 2 v. | k=0: 2 v. |1 v|      panels lie one after the other
 *     | k=1: 2 v. | ...       |   |
 */
#ifndef COMPUTE_KERNELS_KERNELS_H
#define COMPUTE_KERNELS_KERNELS_H

#include "compute/kernels/cpu.h"
#include "compute/kernels/winograd.h"

#define GEMM_MAX_VECTORS 4
#define GEMM_MAX_ROWS 12
#define GEMM_MAX_LANES 16

/* c[r][n] (+)= sum over taps t and k < depth of (rows[t][r] + row_offset)[k] * b[t * depth + k][n],
 * then bias, residual and clipping unless NULL, NULL, false. */
struct gemm_tile {
    const float *const *rows; /* [taps][row_count] */
    size_t row_offset;
    size_t taps, depth;
    uint32_t row_count; /* 1 .. max_rows[vectors] */
    uint32_t vectors; /* ceil(columns / lanes), 1 .. max_vectors */
    uint32_t columns;
    const float *b; /* the first panel: two vectors wide, one if vectors is 1 */
    const float *b_next; /* the panel with vectors 2 and 3, for vectors > 2 */
    float *c;
    size_t c_stride;
    const float *bias;
    const float *residual;
    size_t residual_stride;
    float low, high;
    bool is_clipped;
    bool accumulates; /* starts from what c holds */
};

struct kernels {
    uint32_t lanes;
    uint32_t max_vectors;
    uint8_t max_rows[GEMM_MAX_VECTORS + 1]; /* by vectors */
    void (*gemm)(const struct gemm_tile *tile);
    void (*winograd_weight)(const struct winograd_weight *weight);
    void (*winograd_input)(enum winograd_kind kind, const struct winograd_input *input);
    void (*winograd_output)(enum winograd_kind kind, const struct winograd_output *output);
};

/* NULL where this build does not have isa. */
const struct kernels *kernels_of(enum isa isa);

#endif
