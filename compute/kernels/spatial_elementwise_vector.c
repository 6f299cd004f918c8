/* Affine, sum or product of two tensors, and copies: one pass over each pixel's channels. */
#include <string.h>

#include "compute/kernels/activation.h"
#include "compute/kernels/spatial_kernels_vector.h"

/* Calls do(c, is_whole, lanes) for each vector of count channels. */
#define FOR_EACH_VECTOR(count, statement)                                                          \
    do {                                                                                           \
        struct vector_lanes lanes = vector_lanes_range(0, VECTOR_FLOATS);                          \
        size_t c = 0;                                                                              \
        for (; c + VECTOR_FLOATS <= (count); c += VECTOR_FLOATS)                                   \
            statement(true);                                                                       \
        if (c < (count)) {                                                                         \
            lanes = vector_lanes_left(c, count);                                                   \
            statement(false);                                                                      \
        }                                                                                          \
    } while (0)

void VECTOR_NAME(affine)(const void *argument, size_t first, size_t last)
{
    const struct affine_call *call = argument;
    const float *scale = call->scale, *shift = call->shift;
    struct clamp clamp = activation_clamp(call->activation);
    const vector low = vector_set(clamp.low), high = vector_set(clamp.high);
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
#define AFFINE(is_whole)                                                                           \
    do {                                                                                           \
        vector x = vector_fetch(input + c, is_whole, lanes);                                       \
        vector factor = scale ? vector_fetch(scale + c, is_whole, lanes) : vector_set(1);          \
        vector term = shift ? vector_fetch(shift + c, is_whole, lanes) : vector_set(0);            \
        vector y = vector_min(high, vector_max(low, vector_fma(x, factor, term)));                 \
        vector_put(output + c, y, is_whole, lanes);                                                \
    } while (0)
        FOR_EACH_VECTOR(call->channels, AFFINE);
        if (!clamp.is_all)
            VECTOR_NAME(activation)(call->activation, output, output, call->channels);
    }
}

VECTOR_INLINE void combine_span(const float *a, const float *b, float *output, size_t count,
                                bool is_product, struct clamp clamp)
{
    const vector low = vector_set(clamp.low), high = vector_set(clamp.high);
#define COMBINE(is_whole)                                                                          \
    do {                                                                                           \
        vector x = vector_fetch(a + c, is_whole, lanes), z = vector_fetch(b + c, is_whole, lanes); \
        vector y = vector_min(high, vector_max(low, is_product ? x * z : x + z));                  \
        vector_put(output + c, y, is_whole, lanes);                                                \
    } while (0)
    FOR_EACH_VECTOR(count, COMBINE);
}

/* Pixels whose channels all follow each other are one long pixel, cut so that a second pass for the
 * activation finds it in the first cache. */
#define SPAN_FLOATS 2048

void VECTOR_NAME(combine)(const void *argument, size_t first, size_t last)
{
    const struct combine_call *call = argument;
    struct clamp clamp = activation_clamp(call->activation);
    size_t channels = call->channels;
    bool is_dense =
        call->a_stride == channels && call->b_stride == channels && call->output_stride == channels;
    size_t span = is_dense ? SPAN_FLOATS : channels;
    size_t from = is_dense ? first * channels : 0;
    size_t total = (last - first) * channels;
    size_t pixel = first;
    for (size_t done = 0; done < total; done += span, pixel++) {
        size_t count = total - done < span ? total - done : span;
        size_t a = is_dense ? from + done : pixel * call->a_stride;
        size_t b = is_dense ? from + done : pixel * call->b_stride;
        float *output = call->output + (is_dense ? from + done : pixel * call->output_stride);
        if (call->is_product)
            combine_span(call->a + a, call->b + b, output, count, true, clamp);
        else
            combine_span(call->a + a, call->b + b, output, count, false, clamp);
        if (!clamp.is_all)
            VECTOR_NAME(activation)(call->activation, output, output, count);
    }
}

void VECTOR_NAME(copy)(const void *argument, size_t first, size_t last)
{
    const struct copy_call *call = argument;
    size_t channels = call->channels;
    if (call->input_stride == channels && call->output_stride == channels) {
        memcpy(call->output + first * channels, call->input + first * channels,
               (last - first) * channels * sizeof(float));
        return;
    }
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
#define COPY(is_whole)                                                                             \
    vector_put(output + c, vector_fetch(input + c, is_whole, lanes), is_whole, lanes)
        FOR_EACH_VECTOR(channels, COPY);
    }
}
