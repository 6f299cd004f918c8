/* The layers between convolutions: gives each call's items to the kernels of its instruction set.
 */
#include "compute/kernels/spatial.h"

#include "compute/kernels/spatial_kernels.h"

/* What a row or pixel takes, from the floats that it moves. */
static double floats_ns(double floats)
{
    return floats * sizeof(float) / SPATIAL_BYTES_PER_NS;
}

void spatial_pool(enum isa isa, const struct pool_shape *shape, uint32_t images, const float *input,
                  size_t input_stride, float *output, size_t output_stride,
                  struct thread_pool *pool)
{
    struct pool_call call = {shape, input, input_stride, output, output_stride};
    double taps = (double)shape->kernel_height * shape->kernel_width;
    double row_ns = floats_ns((taps / 3 + 1) * shape->out_width * shape->channels);
    spatial_share(pool, (size_t)images * shape->out_height, row_ns, spatial_kernels(isa)->pool,
                  &call);
}

void spatial_global_average(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                            const float *input, size_t input_stride, float *output,
                            size_t output_stride, struct thread_pool *pool)
{
    struct average_call call = {channels, pixels, input, input_stride, output, output_stride};
    size_t blocks = ((size_t)channels + AVERAGE_CHANNELS - 1) / AVERAGE_CHANNELS;
    spatial_share(pool, images * blocks, floats_ns((double)pixels * AVERAGE_CHANNELS),
                  spatial_kernels(isa)->average, &call);
}

void spatial_lrn(enum isa isa, uint32_t channels, size_t pixels, uint32_t size, float alpha,
                 float beta, float bias, const float *input, size_t input_stride, float *output,
                 size_t output_stride, struct thread_pool *pool)
{
    struct lrn_call call = {channels,     size,   alpha / (float)size, beta, bias, input,
                            input_stride, output, output_stride};
    spatial_share(pool, pixels, floats_ns(4.0 * channels), spatial_kernels(isa)->lrn, &call);
}

void spatial_affine(enum isa isa, uint32_t channels, size_t pixels, const float *scale,
                    const float *shift, struct activation activation, const float *input,
                    size_t input_stride, float *output, size_t output_stride,
                    struct thread_pool *pool)
{
    struct affine_call call = {channels, scale,        shift,  activation,
                               input,    input_stride, output, output_stride};
    spatial_share(pool, pixels, floats_ns(2.0 * channels), spatial_kernels(isa)->affine, &call);
}

void spatial_combine(enum isa isa, uint32_t channels, size_t pixels, bool is_product,
                     struct activation activation, const float *a, size_t a_stride, const float *b,
                     size_t b_stride, float *output, size_t output_stride, struct thread_pool *pool)
{
    struct combine_call call = {channels, is_product, activation,   a, b, a_stride,
                                b_stride, output,     output_stride};
    spatial_share(pool, pixels, floats_ns(3.0 * channels), spatial_kernels(isa)->combine, &call);
}

void spatial_copy(enum isa isa, uint32_t channels, size_t pixels, const float *input,
                  size_t input_stride, float *output, size_t output_stride,
                  struct thread_pool *pool)
{
    struct copy_call call = {channels, input, input_stride, output, output_stride};
    spatial_share(pool, pixels, floats_ns(2.0 * channels), spatial_kernels(isa)->copy, &call);
}
