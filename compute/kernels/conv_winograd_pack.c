/* Transforms and packs the weights of Winograd convolution: U = G g G^T, in double precision, for
 * a panel of output channels at a time. */
#include "compute/kernels/conv_winograd.h"
#include "compute/kernels/gemm.h"

#define CHUNK_CHANNELS 64 /* input channels of a task */
#define AHEAD_CHANNELS 6 /* of the prefetch: each output channel's weights lie far apart */
#define MAX_WIDTH (2 * GEMM_MAX_LANES)

typedef double lanes[MAX_WIDTH];

size_t conv_winograd_packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                                  const struct conv_shape *shape)
{
    struct winograd_matrices matrices;
    winograd_matrices(winograd_kind_of(algorithm), &matrices);
    size_t depth = (size_t)matrices.points * matrices.points * shape->in_channels;
    return gemm_packed_floats(kernels_of(isa), depth, shape->out_channels) * sizeof(float);
}

struct packing {
    const struct conv_shape *shape;
    const struct kernels *kernels;
    struct winograd_matrices matrices;
    const packable_float *weights;
    const float *scale;
    float *packed;
    uint32_t chunks;
};

/* The r x r taps of one input channel for count output channels; zero in the other lanes. */
static void load_taps(const struct packing *packing, size_t channel, size_t first_column,
                      size_t count, lanes *g)
{
    const size_t square = packing->matrices.taps * packing->matrices.taps;
    for (size_t n = 0; n < MAX_WIDTH; n++) {
        const packable_float *from = packing->weights;
        float factor = 0;
        if (n < count) {
            from += ((first_column + n) * packing->shape->in_channels + channel) * square;
            factor = packing->scale ? packing->scale[first_column + n] : 1;
        }
        __builtin_prefetch(from + AHEAD_CHANNELS * square);
        for (size_t tap = 0; tap < square; tap++)
            g[tap][n] = n < count ? (double)from[tap] * (double)factor : 0;
    }
}

static void pack_chunk(void *arg, uint32_t task, uint32_t thread)
{
    const struct packing *packing = arg;
    const struct winograd_matrices *m = &packing->matrices;
    const uint32_t channels = packing->shape->in_channels;
    const size_t first_column = (size_t)(task / packing->chunks) * 2 * packing->kernels->lanes;
    const size_t left = packing->shape->out_channels - first_column;
    const size_t width =
        left <= packing->kernels->lanes ? packing->kernels->lanes : 2 * packing->kernels->lanes;
    const size_t count = left < width ? left : width;
    float *panel = packing->packed + first_column * m->points * m->points * channels;
    uint32_t first = task % packing->chunks * CHUNK_CHANNELS;
    uint32_t end = first + CHUNK_CHANNELS < channels ? first + CHUNK_CHANNELS : channels;
    for (uint32_t c = first; c < end; c++) {
        lanes g[WINOGRAD_MAX_TAPS * WINOGRAD_MAX_TAPS];
        load_taps(packing, c, first_column, count, g);
        struct winograd_weight weight = {
            m, g[0], MAX_WIDTH, width, panel + c * width, channels * width};
        packing->kernels->winograd_weight(&weight);
    }
}

void conv_winograd_pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
                        const packable_float *weights, const float *scale, void *packed,
                        struct thread_pool *pool)
{
    struct packing packing = {
        .shape = shape,
        .kernels = kernels_of(isa),
        .weights = weights,
        .scale = scale,
        .packed = packed,
        .chunks = (shape->in_channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS,
    };
    winograd_matrices(winograd_kind_of(algorithm), &packing.matrices);
    uint32_t panels = gemm_panels(packing.kernels, shape->out_channels);
    thread_pool_run(pool, panels * packing.chunks, pack_chunk, &packing);
}
