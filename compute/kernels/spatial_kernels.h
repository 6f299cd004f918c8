/* One table of single-threaded kernels per instruction set, and how a kernel's items (rows, pixels,
 * blocks) are shared out over threads. For the sources of this folder only. */
#ifndef COMPUTE_KERNELS_SPATIAL_KERNELS_H
#define COMPUTE_KERNELS_SPATIAL_KERNELS_H

#include "compute/kernels/conv.h"
#include "compute/kernels/spatial.h"

/* Does items [first, last) of a call, whose type the table below names. */
typedef void spatial_range(const void *call, size_t first, size_t last);

/* Items: rows of the output, over all images. */
struct pool_call {
    const struct pool_shape *shape;
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
};

/* Items: blocks of AVERAGE_CHANNELS channels, over all images. */
#define AVERAGE_CHANNELS 64
struct average_call {
    uint32_t channels;
    size_t pixels;
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
};

/* Items: pixels. */
struct lrn_call {
    uint32_t channels, size;
    float alpha, beta, bias; /* alpha is divided by size already */
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
};

/* Items: pixels. */
struct affine_call {
    uint32_t channels;
    const float *scale, *shift; /* or NULL */
    struct activation activation;
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
};

/* Items: pixels. */
struct combine_call {
    uint32_t channels;
    bool is_product;
    struct activation activation;
    const float *a, *b;
    size_t a_stride, b_stride;
    float *output;
    size_t output_stride;
};

/* Items: pixels. */
struct copy_call {
    uint32_t channels;
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
};

struct spatial_kernels {
    void (*activate)(struct activation activation, const float *input, float *output, size_t count);
    spatial_range *pool;
    spatial_range *average;
    spatial_range *lrn;
    spatial_range *affine;
    spatial_range *combine;
    spatial_range *copy;
    /* output[c * output_stride + r] = input[r * input_stride + c] */
    void (*transpose)(size_t rows, size_t columns, const float *input, size_t input_stride,
                      float *output, size_t output_stride);
    spatial_range *depthwise; /* of struct conv_call; items: rows of the output, over all images */
};

/* The table of isa, or the plain one where this build has none. */
const struct spatial_kernels *spatial_kernels(enum isa isa);

extern const struct spatial_kernels spatial_kernels_plain;
extern const struct spatial_kernels spatial_kernels_neon;
extern const struct spatial_kernels spatial_kernels_avx2;
extern const struct spatial_kernels spatial_kernels_avx512;

/* Runs range over [0, items) on the pool, in tasks of some ten microseconds or more, given what one
 * item takes in nanoseconds at a guess. */
void spatial_share(struct thread_pool *pool, size_t items, double item_ns, spatial_range *range,
                   const void *call);

/* A guess for moving bytes through one core. */
#define SPATIAL_BYTES_PER_NS 12.0

/* The window of a kernel at one position, clipped to the image: its first and last + 1 tap inside.
 * start is the position of tap 0 and may be negative. */
struct window {
    uint32_t first, last;
};

static inline struct window window_clip(int64_t start, uint32_t kernel, uint32_t dilation,
                                        uint32_t size)
{
    int64_t step = dilation;
    int64_t first = start >= 0 ? 0 : (-start + step - 1) / step;
    int64_t last = (int64_t)size <= start ? 0 : ((int64_t)size - start + step - 1) / step;
    if (last > kernel)
        last = kernel;
    if (first > last)
        first = last;
    return (struct window){(uint32_t)first, (uint32_t)last};
}

#endif
