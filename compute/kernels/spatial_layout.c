/* Layout changes between planes and channels last, as transposes of blocks of pixels. */
#include "compute/kernels/spatial_kernels.h"

#define BLOCK_PIXELS 64

struct layout_call {
    const struct spatial_kernels *kernels;
    size_t channels, pixels;
    const float *const *planes_in; /* to channels last */
    float *const *planes_out; /* from channels last */
    const float *input;
    float *output;
    size_t stride;
};

/* Items: blocks of pixels, over all images. Does the part of [first, last) that lies in one image;
 * returns the first item after it. */
static size_t next_run(const struct layout_call *call, size_t first, size_t last, size_t *image,
                       size_t *pixel, size_t *count)
{
    size_t blocks = (call->pixels + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
    *image = first / blocks;
    size_t end = (*image + 1) * blocks < last ? (*image + 1) * blocks : last;
    *pixel = first % blocks * BLOCK_PIXELS;
    size_t past = (end - *image * blocks) * BLOCK_PIXELS;
    *count = (past < call->pixels ? past : call->pixels) - *pixel;
    return end;
}

static void to_range(const void *argument, size_t first, size_t last)
{
    const struct layout_call *call = argument;
    while (first < last) {
        size_t image, pixel, count;
        first = next_run(call, first, last, &image, &pixel, &count);
        float *output = call->output + (image * call->pixels + pixel) * call->stride;
        call->kernels->transpose(call->channels, count, call->planes_in[image] + pixel,
                                 call->pixels, output, call->stride);
    }
}

static void from_range(const void *argument, size_t first, size_t last)
{
    const struct layout_call *call = argument;
    while (first < last) {
        size_t image, pixel, count;
        first = next_run(call, first, last, &image, &pixel, &count);
        const float *input = call->input + (image * call->pixels + pixel) * call->stride;
        call->kernels->transpose(count, call->channels, input, call->stride,
                                 call->planes_out[image] + pixel, call->pixels);
    }
}

static void share_layout(struct thread_pool *pool, uint32_t images, const struct layout_call *call,
                         spatial_range *range)
{
    size_t blocks = (call->pixels + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
    double block_ns =
        2 * sizeof(float) * BLOCK_PIXELS * (double)call->channels / SPATIAL_BYTES_PER_NS;
    if (call->channels > 0)
        spatial_share(pool, images * blocks, block_ns, range, call);
}

void spatial_to_channels_last(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                              const float *const *input, float *output, size_t output_stride,
                              struct thread_pool *pool)
{
    struct layout_call call = {.kernels = spatial_kernels(isa),
                               .channels = channels,
                               .pixels = pixels,
                               .planes_in = input,
                               .output = output,
                               .stride = output_stride};
    share_layout(pool, images, &call, to_range);
}

void spatial_from_channels_last(enum isa isa, uint32_t channels, size_t pixels, uint32_t images,
                                const float *input, size_t input_stride, float *const *output,
                                struct thread_pool *pool)
{
    struct layout_call call = {.kernels = spatial_kernels(isa),
                               .channels = channels,
                               .pixels = pixels,
                               .input = input,
                               .planes_out = output,
                               .stride = input_stride};
    share_layout(pool, images, &call, from_range);
}
