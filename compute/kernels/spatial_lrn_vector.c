/* Local response normalisation across channels.
 *
 * Windows of five, which the published networks use, take the neighbours' squares from registers,
 * shifted by lanes; other sizes load once more for each channel of the window. */
#include <math.h>

#include "compute/kernels/spatial_kernels_vector.h"

/* Lanes n .. n + VECTOR_FLOATS of a followed by b. */
#if VECTOR_FLOATS == 16
#define SHIFT(a, b, n)                                                                             \
    __builtin_shufflevector(a, b, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8,       \
                            n + 9, n + 10, n + 11, n + 12, n + 13, n + 14, n + 15)
#elif VECTOR_FLOATS == 8
#define SHIFT(a, b, n)                                                                             \
    __builtin_shufflevector(a, b, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7)
#else
#define SHIFT(a, b, n) __builtin_shufflevector(a, b, n, n + 1, n + 2, n + 3)
#endif

/* bias + alpha sum is raised to a power in one of three ways. */
enum power {
    POWER_THREE_QUARTERS, /* by inverse square roots, where the base is known to be in their range
                           */
    POWER_THREE_QUARTERS_ANY, /* by square roots */
    POWER_OTHER, /* by the C library */
};

VECTOR_INLINE vector power_of(vector base, float exponent)
{
    float lanes[VECTOR_FLOATS];
    vector_store(lanes, base);
    for (size_t i = 0; i < VECTOR_FLOATS; i++)
        lanes[i] = powf(lanes[i], exponent);
    return vector_load(lanes);
}

VECTOR_INLINE vector normalise(const struct lrn_call *call, vector x, vector sum, enum power power)
{
    vector base = vector_fma(vector_set(call->alpha), sum, vector_set(call->bias));
    if (power == POWER_THREE_QUARTERS) {
        /* b^(-3/4) = b^(-1/2) b^(-1/4), and b^(-1/4) = b^(-1/2) (b^(-1/2))^(-1/2). */
        vector half = vector_inverse_sqrt(vector_min(vector_set(3e38f), base));
        return x * half * (half * vector_inverse_sqrt(half));
    }
    if (power == POWER_THREE_QUARTERS_ANY) {
        vector root = vector_sqrt(base);
        return x / (root * vector_sqrt(root));
    }
    return x / power_of(base, call->beta);
}

VECTOR_INLINE void lrn_five(const struct lrn_call *call, const float *input, float *output,
                            enum power power)
{
    const size_t channels = call->channels;
    vector before = vector_set(0);
    vector x = vector_load_lanes(input, vector_lanes_left(0, channels));
    vector square = x * x;
    for (size_t c = 0; c < channels; c += VECTOR_FLOATS) {
        size_t next = c + VECTOR_FLOATS;
        vector next_x = vector_set(0);
        if (next + VECTOR_FLOATS <= channels)
            next_x = vector_load(input + next);
        else if (next < channels)
            next_x = vector_load_lanes(input + next, vector_lanes_left(next, channels));
        vector after = next_x * next_x;
        vector sum = square + (SHIFT(before, square, VECTOR_FLOATS - 2) + SHIFT(square, after, 2)) +
                     (SHIFT(before, square, VECTOR_FLOATS - 1) + SHIFT(square, after, 1));
        vector y = normalise(call, x, sum, power);
        if (next <= channels)
            vector_store(output + c, y);
        else
            vector_store_lanes(output + c, y, vector_lanes_left(c, channels));
        before = square;
        square = after;
        x = next_x;
    }
}

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

VECTOR_INLINE void lrn_any(const struct lrn_call *call, const float *input, float *output,
                           enum power power)
{
    const int64_t channels = call->channels, before = (call->size - 1) / 2, after = call->size / 2;
    for (int64_t c = 0; c < channels; c += VECTOR_FLOATS) {
        vector sum = vector_set(0);
        for (int64_t i = c - before; i <= c + after; i++) {
            vector x = load_around(input, i, channels);
            sum = vector_fma(x, x, sum);
        }
        struct vector_lanes lanes = vector_lanes_left((size_t)c, (size_t)channels);
        vector y = normalise(call, vector_load_lanes(input + c, lanes), sum, power);
        vector_store_lanes(output + c, y, lanes);
    }
}

VECTOR_INLINE void lrn_pixels(const struct lrn_call *call, size_t first, size_t last,
                              enum power power)
{
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
        if (call->size == 5)
            lrn_five(call, input, output, power);
        else
            lrn_any(call, input, output, power);
    }
}

void VECTOR_NAME(lrn)(const void *argument, size_t first, size_t last)
{
    const struct lrn_call *call = argument;
    if (call->beta != 0.75f)
        lrn_pixels(call, first, last, POWER_OTHER);
    else if (call->bias >= 1e-20f && call->bias <= 1e20f && call->alpha >= 0)
        lrn_pixels(call, first, last, POWER_THREE_QUARTERS);
    else
        lrn_pixels(call, first, last, POWER_THREE_QUARTERS_ANY);
}
