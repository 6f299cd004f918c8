/* The layers between convolutions, over channels-last images (layout as in conv.h): pooling, local
 * response normalisation, per-channel affine, activations, element sums, layout changes.
 * All strides are floats between the starts of neighbouring pixels. All share their work out over
 * the pool and take the instruction set first. */
#ifndef COMPUTE_KERNELS_SPATIAL_H
#define COMPUTE_KERNELS_SPATIAL_H

#include "compute/kernels/cpu.h"
#include "compute/kernels/epilogue.h"
#include "compute/run/thread_pool.h"

struct pool_shape {
    uint32_t channels;
    uint32_t in_height, in_width;
    uint32_t out_height, out_width;
    uint32_t kernel_height, kernel_width;
    uint32_t stride_height, stride_width;
    uint32_t dilation_height, dilation_width; /* max pooling only; 1 for average */
    uint32_t pad_top, pad_left, pad_bottom, pad_right;
    bool is_average; /* otherwise maximum */
    bool count_include_pad; /* average: padding (but not what ceil_mode adds beyond it) counts */
};

void spatial_pool(enum isa isa, const struct pool_shape *shape, uint32_t images, const float *input,
                  size_t input_stride, float *output, size_t output_stride,
                  struct thread_pool *pool);

/* Mean over all pixels of each channel: output[image * output_stride + channel]. */
void spatial_global_average(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                            const float *input, size_t input_stride, float *output,
                            size_t output_stride, struct thread_pool *pool);

/* ONNX LRN across channels: y = x / (bias + alpha/size * sum of squares in the window)^beta. */
void spatial_lrn(enum isa isa, uint32_t channels, size_t pixels, uint32_t size, float alpha,
                 float beta, float bias, const float *input, size_t input_stride, float *output,
                 size_t output_stride, struct thread_pool *pool);

/* y[p][c] = activation(x[p][c] * scale[c] + shift[c]); scale and shift may be NULL. In place
 * allowed. */
void spatial_affine(enum isa isa, uint32_t channels, size_t pixels, const float *scale,
                    const float *shift, struct activation activation, const float *input,
                    size_t input_stride, float *output, size_t output_stride,
                    struct thread_pool *pool);

/* y = activation(a + b), or a * b where is_product. In place allowed. */
void spatial_combine(enum isa isa, uint32_t channels, size_t pixels, bool is_product,
                     struct activation activation, const float *a, size_t a_stride, const float *b,
                     size_t b_stride, float *output, size_t output_stride,
                     struct thread_pool *pool);

/* [images][channels][pixels], each image at its own pointer, to channels last, and back. */
void spatial_to_channels_last(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                              const float *const *input, float *output, size_t output_stride,
                              struct thread_pool *pool);
void spatial_from_channels_last(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                                const float *input, size_t input_stride, float *const *output,
                                struct thread_pool *pool);

/* Copies channels of each pixel (a slice into or out of a wider tensor). */
void spatial_copy(enum isa isa, uint32_t channels, size_t pixels, const float *input,
                  size_t input_stride, float *output, size_t output_stride,
                  struct thread_pool *pool);

/* y[i] = activation(x[i]) over count contiguous floats; in place allowed. Largest error against
 * the C library's double functions: 4 ulp or 1e-7 absolute. */
void activation_run(enum isa isa, struct activation activation, const float *input, float *output,
                    size_t count, struct thread_pool *pool);

#endif
