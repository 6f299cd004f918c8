/* Local response normalisation: the window's squares by one unaligned load per channel of it. */
#include <math.h>

#include "compute/kernels/spatial_kernels_vector.h"

/* input[position ..] as a vector, zero outside [0, channels). */
VECTOR_INLINE vector load_around(const float *input, int64_t position, int64_t channels)
{
    if (position >= 0 && position + VECTOR_FLOATS <= channels)
        return vector_load(input + position);
    int64_t first = position < 0 ? -position : 0, last = channels - position;
    if (first >= VECTOR_FLOATS || last <= first)
        return vector_set(0);
    last = last < VECTOR_FLOATS ? last : VECTOR_FLOATS;
    /* The address may lie before the pixel, where no lane is touched. */
    const float *from = (const float *)((uintptr_t)input + (uintptr_t)position * sizeof(float));
    return vector_load_lanes(from, vector_lanes_range((size_t)first, (size_t)last));
}

VECTOR_INLINE vector power(vector base, float exponent)
{
    float lanes[VECTOR_FLOATS];
    vector_store(lanes, base);
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        lanes[i] = powf(lanes[i], exponent);
    return vector_load(lanes);
}

VECTOR_INLINE void lrn_pixel(const struct lrn_call *call, const float *input, float *output,
                             bool is_three_quarters)
{
    const int64_t channels = call->channels, before = (call->size - 1) / 2, after = call->size / 2;
    const vector alpha = vector_set(call->alpha), bias = vector_set(call->bias);
    for (int64_t c = 0; c < channels; c += VECTOR_FLOATS) {
        vector sum = vector_set(0);
        bool is_inside = c >= before && c + after + VECTOR_FLOATS <= channels;
        if (is_inside)
            for (int64_t i = -before; i <= after; i++) {
                vector x = vector_load(input + c + i);
                sum = vector_fma(x, x, sum);
            }
        else
            for (int64_t i = -before; i <= after; i++) {
                vector x = load_around(input, c + i, channels);
                sum = vector_fma(x, x, sum);
            }
        vector base = vector_fma(alpha, sum, bias), divisor;
        if (is_three_quarters) {
            vector root = vector_sqrt(base);
            divisor = root * vector_sqrt(root);
        } else {
            divisor = power(base, call->beta);
        }
        if (c + VECTOR_FLOATS <= channels) {
            vector_store(output + c, vector_load(input + c) / divisor);
        } else {
            struct vector_lanes lanes = vector_lanes_left((size_t)c, (size_t)channels);
            vector_store_lanes(output + c, vector_load_lanes(input + c, lanes) / divisor, lanes);
        }
    }
}

void VECTOR_NAME(lrn)(const void *argument, size_t first, size_t last)
{
    const struct lrn_call *call = argument;
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
        if (call->beta == 0.75f)
            lrn_pixel(call, input, output, true);
        else
            lrn_pixel(call, input, output, false);
    }
}
