/* Resize and Upsample: an output element is a weighted sum over a few taps along each axis. */
#ifndef COMPUTE_OPS_RESIZE_H
#define COMPUTE_OPS_RESIZE_H

#include "compute/ops/op.h"

enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC };

/* How an output coordinate becomes an input coordinate. */
enum resize_coordinate {
    RESIZE_HALF_PIXEL,
    RESIZE_HALF_PIXEL_SYMMETRIC,
    RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS,
    RESIZE_ASYMMETRIC,
    RESIZE_TF_CROP_AND_RESIZE,
};

enum resize_nearest {
    RESIZE_ROUND_PREFER_FLOOR,
    RESIZE_ROUND_PREFER_CEIL,
    RESIZE_FLOOR,
    RESIZE_CEIL,
    RESIZE_SIMPLE, /* before opset 11: down when enlarging, up when shrinking */
};

struct resize_axis {
    int64_t in, out;
    float scale;
    float roi_begin, roi_end; /* in shares of the axis; RESIZE_TF_CROP_AND_RESIZE only */
    bool is_identity;
    size_t taps;
    /* In scratch, for tap t and output coordinate x at [t * out + x]. An index of -1: outside of
     * what the region holds. */
    size_t table_offset; /* bytes: out * taps indices, then as many weights */
};

/* call->params of both. */
struct resize_params {
    enum resize_mode mode;
    enum resize_coordinate coordinate;
    enum resize_nearest nearest;
    float cubic_coefficient;
    float extrapolation_value;
    bool exclude_outside, antialias;
    uint32_t rank;
    struct resize_axis axes[TENSOR_MAX_RANK];
};

/* Taps that an axis needs; sets is_identity and taps. */
void resize_axis_plan(const struct resize_params *params, struct resize_axis *axis);

/* Fills the axis' table: indices of the input and their weights. */
void resize_axis_fill(const struct resize_params *params, const struct resize_axis *axis,
                      int32_t *indices, float *weights);

void resize_compute(const struct op_call *call);

#endif
