/* Depthwise convolution's packed weights and the place of an output row, for its kernels. */
#ifndef COMPUTE_KERNELS_CONV_DEPTHWISE_H
#define COMPUTE_KERNELS_CONV_DEPTHWISE_H

#include "compute/kernels/spatial_kernels.h"

/* Packed: for each block of DEPTHWISE_BLOCK channels, for each tap (row by row), the block's
 * weights; channels beyond the last have weight zero. The same for every instruction set. */
#define DEPTHWISE_BLOCK 16

static inline size_t depthwise_taps(const struct conv_shape *shape)
{
    return (size_t)shape->kernel_height * shape->kernel_width;
}

/* The weights of tap 0 for this channel and those after it in its block. */
static inline const float *depthwise_weights(const struct conv_call *call, size_t channel)
{
    return (const float *)call->packed +
           channel / DEPTHWISE_BLOCK * depthwise_taps(&call->shape) * DEPTHWISE_BLOCK +
           channel % DEPTHWISE_BLOCK;
}

/* One row of the output. */
struct depthwise_row {
    int64_t y; /* of the kernel's first row, in the image's coordinates */
    struct window taps; /* kernel rows inside the image */
    const float *image;
    float *output;
    const float *residual; /* or NULL */
};

static inline struct depthwise_row depthwise_row_at(const struct conv_call *call, size_t row)
{
    const struct conv_shape *shape = &call->shape;
    size_t image = row / shape->out_height, pixel = row * shape->out_width;
    int64_t y = (int64_t)(row % shape->out_height) * shape->stride_height - shape->pad_top;
    const float *residual = call->epilogue.residual;
    return (struct depthwise_row){
        .y = y,
        .taps = window_clip(y, shape->kernel_height, shape->dilation_height, shape->in_height),
        .image = call->input + image * shape->in_height * shape->in_width * call->input_stride,
        .output = call->output + pixel * call->output_stride,
        .residual = residual ? residual + pixel * call->epilogue.residual_stride : NULL,
    };
}

#endif
