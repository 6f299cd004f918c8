/* Pooling, one element after the other. */
#include <math.h>

#include "compute/kernels/spatial_plain.h"
#include "compute/kernels/spatial_pool.h"

static float pool_element(const struct pool_shape *shape, const float *image, size_t stride,
                          struct pool_window at)
{
    float most = -INFINITY, sum = 0;
    for (uint32_t ky = at.rows.first; ky < at.rows.last; ky++)
        for (uint32_t kx = at.columns.first; kx < at.columns.last; kx++) {
            int64_t y = at.y + (int64_t)ky * shape->dilation_height;
            int64_t x = at.x + (int64_t)kx * shape->dilation_width;
            float value = image[((size_t)y * shape->in_width + (size_t)x) * stride];
            most = value > most ? value : most;
            sum += value;
        }
    return shape->is_average ? sum * at.share : most;
}

void pool_plain(const void *argument, size_t first, size_t last)
{
    const struct pool_call *call = argument;
    const struct pool_shape *shape = call->shape;
    for (size_t row = first; row < last; row++) {
        size_t image = row / shape->out_height;
        const float *input =
            call->input + image * shape->in_height * shape->in_width * call->input_stride;
        for (uint32_t x = 0; x < shape->out_width; x++) {
            struct pool_window at = pool_window_at(shape, (uint32_t)(row % shape->out_height), x);
            float *output = call->output + (row * shape->out_width + x) * call->output_stride;
            for (uint32_t c = 0; c < shape->channels; c++)
                output[c] = pool_element(shape, input + c, call->input_stride, at);
        }
    }
}

void average_plain(const void *argument, size_t first, size_t last)
{
    const struct average_call *call = argument;
    size_t blocks = (call->channels + AVERAGE_CHANNELS - 1) / AVERAGE_CHANNELS;
    for (size_t item = first; item < last; item++) {
        size_t image = item / blocks, from = item % blocks * AVERAGE_CHANNELS;
        for (size_t c = from; c < from + AVERAGE_CHANNELS && c < call->channels; c++) {
            double sum = 0;
            for (size_t p = 0; p < call->pixels; p++)
                sum += call->input[(image * call->pixels + p) * call->input_stride + c];
            call->output[image * call->output_stride + c] = (float)(sum / (double)call->pixels);
        }
    }
}
