/* The mean of each channel over all pixels. */
#include "compute/kernels/spatial_kernels_vector.h"

#define BLOCK_VECTORS 4

/* Sums a run of pixels before adding it to the total, so that errors grow with neither alone. */
#define RUN_PIXELS 64

VECTOR_INLINE void average_block(const struct average_call *call, const float *input, float *output,
                                 size_t vectors, bool is_whole, struct vector_lanes lanes)
{
    vector total[BLOCK_VECTORS];
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++)
        total[v] = vector_set(0);
    for (size_t start = 0; start < call->pixels; start += RUN_PIXELS) {
        size_t end = start + RUN_PIXELS < call->pixels ? start + RUN_PIXELS : call->pixels;
        vector sum[BLOCK_VECTORS];
        VECTOR_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = vector_set(0);
        for (size_t p = start; p < end; p++, input += call->input_stride)
            VECTOR_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] += vector_fetch(input + v * VECTOR_FLOATS, is_whole, lanes);
        VECTOR_UNROLL
        for (size_t v = 0; v < vectors; v++)
            total[v] += sum[v];
    }
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        vector mean = total[v] / vector_set((float)call->pixels);
        vector_put(output + v * VECTOR_FLOATS, mean, is_whole, lanes);
    }
}

void VECTOR_NAME(average)(const void *argument, size_t first, size_t last)
{
    const struct average_call *call = argument;
    const struct vector_lanes all = vector_lanes_range(0, VECTOR_FLOATS);
    size_t blocks = (call->channels + AVERAGE_CHANNELS - 1) / AVERAGE_CHANNELS;
    for (size_t item = first; item < last; item++) {
        size_t image = item / blocks, c = item % blocks * AVERAGE_CHANNELS;
        size_t end = c + AVERAGE_CHANNELS < call->channels ? c + AVERAGE_CHANNELS : call->channels;
        const float *input = call->input + image * call->pixels * call->input_stride;
        float *output = call->output + image * call->output_stride;
        for (; c + BLOCK_VECTORS * VECTOR_FLOATS <= end; c += BLOCK_VECTORS * VECTOR_FLOATS)
            average_block(call, input + c, output + c, BLOCK_VECTORS, true, all);
        for (; c + VECTOR_FLOATS <= end; c += VECTOR_FLOATS)
            average_block(call, input + c, output + c, 1, true, all);
        if (c < end)
            average_block(call, input + c, output + c, 1, false, vector_lanes_left(c, end));
    }
}
