/* Depthwise convolution: packing of its weights, and its rows shared out over threads. */
#include "compute/kernels/conv_depthwise.h"

#include "compute/kernels/conv_ops.h"

static bool depthwise_supports(enum conv_algorithm algorithm, enum isa isa,
                               const struct conv_shape *shape)
{
    (void)algorithm;
    (void)isa;
    return shape->groups == shape->in_channels && shape->groups == shape->out_channels;
}

static size_t depthwise_packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                                     const struct conv_shape *shape)
{
    (void)algorithm;
    (void)isa;
    size_t blocks = ((size_t)shape->out_channels + DEPTHWISE_BLOCK - 1) / DEPTHWISE_BLOCK;
    return blocks * DEPTHWISE_BLOCK * depthwise_taps(shape) * sizeof(float);
}

static void depthwise_pack(enum conv_algorithm algorithm, enum isa isa,
                           const struct conv_shape *shape, const packable_float *weights,
                           const float *scale, void *packed, struct thread_pool *pool)
{
    (void)algorithm;
    (void)isa;
    (void)pool; /* a few hundred kilobytes at most: not worth a task */
    size_t taps = depthwise_taps(shape);
    float *to = packed;
    for (size_t block = 0; block < shape->out_channels; block += DEPTHWISE_BLOCK)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t c = block; c < block + DEPTHWISE_BLOCK; c++) {
                bool is_channel = c < shape->out_channels;
                float factor = is_channel && scale ? scale[c] : 1;
                *to++ = is_channel ? weights[c * taps + tap] * factor : 0;
            }
}

static size_t depthwise_scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                                      const struct conv_shape *shape, uint32_t images,
                                      uint32_t threads)
{
    (void)algorithm;
    (void)isa;
    (void)shape;
    (void)images;
    (void)threads;
    return 0;
}

static void depthwise_run(const struct conv_call *call, struct thread_pool *pool)
{
    const struct conv_shape *shape = &call->shape;
    double floats = (double)shape->out_width * shape->out_channels;
    double row_ns = floats * (0.5 + (double)depthwise_taps(shape) / 32);
    spatial_share(pool, (size_t)call->images * shape->out_height, row_ns,
                  spatial_kernels(call->isa)->depthwise, call);
}

const struct conv_ops conv_depthwise_ops = {
    .supports = depthwise_supports,
    .packed_bytes = depthwise_packed_bytes,
    .pack = depthwise_pack,
    .scratch_bytes = depthwise_scratch_bytes,
    .run = depthwise_run,
};
