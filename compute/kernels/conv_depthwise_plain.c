/* Depthwise convolution, one element after the other. */
#include "compute/kernels/conv_depthwise.h"
#include "compute/kernels/spatial_plain.h"

static float depthwise_sum(const struct conv_call *call, const struct depthwise_row *row,
                           int64_t in_x, uint32_t channel)
{
    const struct conv_shape *shape = &call->shape;
    const float *weights = depthwise_weights(call, channel);
    float sum = call->epilogue.bias ? call->epilogue.bias[channel] : 0;
    for (uint32_t ky = row->taps.first; ky < row->taps.last; ky++)
        for (uint32_t kx = 0; kx < shape->kernel_width; kx++) {
            int64_t y = row->y + (int64_t)ky * shape->dilation_height;
            int64_t x = in_x + (int64_t)kx * shape->dilation_width;
            if (x < 0 || x >= shape->in_width)
                continue;
            size_t pixel = (size_t)y * shape->in_width + (size_t)x;
            sum += row->image[pixel * call->input_stride + channel] *
                   weights[(size_t)(ky * shape->kernel_width + kx) * DEPTHWISE_BLOCK];
        }
    return sum;
}

void depthwise_plain(const void *argument, size_t first, size_t last)
{
    const struct conv_call *call = argument;
    const struct conv_shape *shape = &call->shape;
    for (size_t r = first; r < last; r++) {
        struct depthwise_row row = depthwise_row_at(call, r);
        for (uint32_t x = 0; x < shape->out_width; x++) {
            int64_t in_x = (int64_t)x * shape->stride_width - shape->pad_left;
            float *output = row.output + x * call->output_stride;
            for (uint32_t c = 0; c < shape->out_channels; c++) {
                float sum = depthwise_sum(call, &row, in_x, c);
                if (row.residual)
                    sum += row.residual[x * call->epilogue.residual_stride + c];
                output[c] = sum;
            }
            activation_plain(call->epilogue.activation, output, output, shape->out_channels);
        }
    }
}
