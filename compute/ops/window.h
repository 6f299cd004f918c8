/* The sliding window that convolutions and pools share: its attributes, checked and resolved. */
#ifndef COMPUTE_OPS_WINDOW_H
#define COMPUTE_OPS_WINDOW_H

#include "compute/ops/op.h"

#define WINDOW_MAX_RANK (TENSOR_MAX_RANK - 2)

/* One entry per spatial axis. Every number is below 2^31, kernel, stride and dilation are at least
 * 1 and pads at least 0, so that position * stride + tap * dilation cannot overflow. */
struct window {
    uint32_t spatial_rank;
    int64_t kernel[WINDOW_MAX_RANK];
    int64_t stride[WINDOW_MAX_RANK];
    int64_t dilation[WINDOW_MAX_RANK];
    int64_t pad_begin[WINDOW_MAX_RANK];
    int64_t pad_end[WINDOW_MAX_RANK];
};

/* Reads kernel_shape, strides, dilations, pads and auto_pad of the node for an input of this shape
 * (batch, channels, spatial axes). kernel is the window as the weights have it, which kernel_shape
 * must repeat if it is there, or NULL where kernel_shape must be there. auto_pad is resolved into
 * pads. 0, or -EINVAL through op_fail. */
int window_parse(const struct op_call *call, const struct shape *input, const int64_t *kernel,
                 struct window *window);

/* The same for a transposed convolution, with output_padding and output_shape. The spatial axes of
 * the output go to output[spatial_rank]; pads are resolved so that position * stride - pad_begin +
 * tap * dilation is the output coordinate. */
int window_parse_transposed(const struct op_call *call, const struct shape *input,
                            const int64_t *kernel, struct window *window, int64_t *output);

/* Extent of the window along an axis, dilation included. */
int64_t window_extent(const struct window *window, uint32_t axis);

/* How many positions the window takes along an axis; 0 when it does not fit. ceil_mode adds a last
 * one that runs over the end, if it starts inside the input or the padding before it. */
int64_t window_positions(const struct window *window, uint32_t axis, int64_t input, bool ceil_mode);

/* Number of taps: the product of the kernel's axes. */
size_t window_taps(const struct window *window);

/* Positions x of [0, count) for which start + x * stride lies in [0, size): [*first, *last). */
static inline void window_clip(int64_t start, int64_t stride, int64_t size, int64_t count,
                               int64_t *first, int64_t *last)
{
    int64_t low = start < 0 ? (-start + stride - 1) / stride : 0;
    int64_t high = start < size ? (size - 1 - start) / stride + 1 : 0;
    *last = high < count ? high : count;
    *first = low < *last ? low : *last;
}

#endif
