/* Unrolls windows of an image into the columns of a matrix, and adds columns back (any rank).
 *
 * An image is [channels][axes...] in C order; a grid holds the window's positions in C order.
 * columns[row][position - first], where row = (channel, tap) in C order, is the image's element at
 * position * stride - pad_begin + tap * dilation, or 0 outside of the image. */
#ifndef COMPUTE_OPS_IM2COL_H
#define COMPUTE_OPS_IM2COL_H

#include "compute/ops/window.h"

struct im2col {
    const struct window *window;
    const int64_t *image; /* length of each spatial axis */
    const int64_t *grid; /* positions along each axis */
};

/* columns for positions [first, first + count); count floats lie between rows. */
void im2col_unroll(const struct im2col *shape, size_t channels, const float *image, size_t first,
                   size_t count, float *columns);

/* The transpose: adds each column element to the image's element that it stands for. */
void im2col_add(const struct im2col *shape, size_t channels, const float *columns, size_t first,
                size_t count, float *image);

#endif
