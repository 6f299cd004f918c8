/* Where a pooling window lies and what it averages over. */
#ifndef COMPUTE_KERNELS_SPATIAL_POOL_H
#define COMPUTE_KERNELS_SPATIAL_POOL_H

#include "compute/kernels/spatial_kernels.h"

struct pool_window {
    int64_t y, x; /* of tap 0, in the image's coordinates */
    struct window rows, columns; /* taps inside the image */
    float share; /* average: one over the number of elements that count */
};

/* Elements of a window that lie in the image and its padding, not in what ceil_mode adds. */
static inline int64_t pool_padded_extent(int64_t start, uint32_t kernel, uint32_t size,
                                         uint32_t pad_end)
{
    int64_t end = start + kernel, limit = (int64_t)size + pad_end;
    return (end < limit ? end : limit) - start;
}

static inline struct pool_window pool_window_at(const struct pool_shape *shape, uint32_t out_y,
                                                uint32_t out_x)
{
    struct pool_window at = {.y = (int64_t)out_y * shape->stride_height - shape->pad_top,
                             .x = (int64_t)out_x * shape->stride_width - shape->pad_left};
    at.rows = window_clip(at.y, shape->kernel_height, shape->dilation_height, shape->in_height);
    at.columns = window_clip(at.x, shape->kernel_width, shape->dilation_width, shape->in_width);
    int64_t count = (int64_t)(at.rows.last - at.rows.first) * (at.columns.last - at.columns.first);
    if (shape->count_include_pad)
        count =
            pool_padded_extent(at.y, shape->kernel_height, shape->in_height, shape->pad_bottom) *
            pool_padded_extent(at.x, shape->kernel_width, shape->in_width, shape->pad_right);
    at.share = count > 0 ? 1.0f / (float)count : 0;
    return at;
}

#endif
