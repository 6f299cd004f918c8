/* Pooling: a few vectors of channels of a window at a time. */
#include "compute/kernels/spatial_kernels_vector.h"
#include "compute/kernels/spatial_pool.h"

#define BLOCK_VECTORS 4

/* The taps of one window that lie in the image, and the distances between them in floats. */
struct taps {
    const float *input;
    size_t rows, columns, row_step, column_step;
    float share;
};

VECTOR_INLINE void pool_block(const struct taps *taps, size_t channel, float *output,
                              size_t vectors, bool is_average, bool is_whole,
                              struct vector_lanes lanes)
{
    vector sum[BLOCK_VECTORS];
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = vector_set(is_average ? 0 : -__builtin_inff());
    for (size_t ky = 0; ky < taps->rows; ky++) {
        const float *input = taps->input + channel + ky * taps->row_step;
        for (size_t kx = 0; kx < taps->columns; kx++, input += taps->column_step)
            VECTOR_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            vector x = vector_fetch(input + v * VECTOR_FLOATS, is_whole, lanes);
            sum[v] = is_average ? sum[v] + x : vector_max(x, sum[v]);
        }
    }
    VECTOR_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        vector y = is_average ? sum[v] * vector_set(taps->share) : sum[v];
        vector_put(output + channel + v * VECTOR_FLOATS, y, is_whole, lanes);
    }
}

VECTOR_INLINE void pool_pixel(const struct taps *taps, size_t channels, float *output,
                              bool is_average)
{
    struct vector_lanes all = vector_lanes_range(0, VECTOR_FLOATS);
    size_t c = 0;
    for (; c + BLOCK_VECTORS * VECTOR_FLOATS <= channels; c += BLOCK_VECTORS * VECTOR_FLOATS)
        pool_block(taps, c, output, BLOCK_VECTORS, is_average, true, all);
    for (; c + VECTOR_FLOATS <= channels; c += VECTOR_FLOATS)
        pool_block(taps, c, output, 1, is_average, true, all);
    if (c < channels)
        pool_block(taps, c, output, 1, is_average, false, vector_lanes_left(c, channels));
}

void VECTOR_NAME(pool)(const void *argument, size_t first, size_t last)
{
    const struct pool_call *call = argument;
    const struct pool_shape *shape = call->shape;
    size_t line = shape->in_width * call->input_stride;
    struct taps taps = {.row_step = shape->dilation_height * line,
                        .column_step = shape->dilation_width * call->input_stride};
    for (size_t row = first; row < last; row++) {
        const float *image = call->input + row / shape->out_height * shape->in_height * line;
        float *output = call->output + row * shape->out_width * call->output_stride;
        for (uint32_t x = 0; x < shape->out_width; x++, output += call->output_stride) {
            struct pool_window at = pool_window_at(shape, (uint32_t)(row % shape->out_height), x);
            int64_t y0 = at.y + (int64_t)at.rows.first * shape->dilation_height;
            int64_t x0 = at.x + (int64_t)at.columns.first * shape->dilation_width;
            taps.rows = at.rows.last - at.rows.first;
            taps.columns = at.columns.last - at.columns.first;
            bool is_empty = taps.rows == 0 || taps.columns == 0;
            taps.rows = is_empty ? 0 : taps.rows;
            taps.input =
                is_empty ? image : image + (size_t)y0 * line + (size_t)x0 * call->input_stride;
            taps.share = at.share;
            if (shape->is_average)
                pool_pixel(&taps, shape->channels, output, true);
            else
                pool_pixel(&taps, shape->channels, output, false);
        }
    }
}

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
