/* Packed weights and blocks of GEMM tiles: what direct convolution, Winograd and fully connected
 * layers share. Layout of packed weights: kernels.h. */
#ifndef COMPUTE_KERNELS_GEMM_H
#define COMPUTE_KERNELS_GEMM_H

#include "compute/kernels/epilogue.h"
#include "compute/kernels/kernels.h"

/* Floats of a packed matrix [depth][columns]. */
size_t gemm_packed_floats(const struct kernels *kernels, size_t depth, size_t columns);
uint32_t gemm_panels(const struct kernels *kernels, size_t columns);

/* Weight (tap, k, column) is weights[tap * tap_stride + k * depth_stride + column * column_stride]
 * times alpha and, unless NULL, times scale[column]. */
struct gemm_source {
    const packable_float *weights;
    size_t tap_stride, depth_stride, column_stride;
    const float *scale;
    float alpha;
};

/* Writes one panel of the packed matrix [taps * depth][columns] that starts at packed. */
void gemm_pack(const struct kernels *kernels, const struct gemm_source *source, size_t taps,
               size_t depth, size_t columns, uint32_t panel, float *packed);

/* Rows are shared out over tiles evenly: the first `larger` tiles have one row more. */
struct gemm_split {
    uint32_t tiles, rows, larger;
};

struct gemm_split gemm_split(const struct kernels *kernels, uint32_t row_count);

struct gemm_job {
    enum isa isa;
    const struct kernels *kernels;
    /* Tile by tile (gemm_split): [taps][rows of the tile]. */
    const float *const *rows;
    size_t row_offset; /* floats, added to each pointer */
    uint32_t row_count;
    size_t taps, depth;
    const float *packed;
    size_t packed_depth; /* rows of the packed matrix, of which taps * depth from first_depth on */
    size_t first_depth; /*   are multiplied */
    size_t columns; /* of the packed matrix */
    uint32_t first_panel, end_panel;
    float *c; /* row 0, first column of first_panel */
    size_t c_stride;
    struct epilogue epilogue; /* residual: at row 0, column 0 */
    bool accumulates; /* starts from what c holds */
    bool is_partial; /* leaves the epilogue to a later job */
};

void gemm_run(const struct gemm_job *job);

/* Activations that are a clipping, done in registers. False: activation_span must follow. */
bool gemm_clip(struct activation activation, float *low, float *high);

#endif
