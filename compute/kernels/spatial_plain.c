/* The elementwise layers, normalisation and transposes, one element after the other. */
#include "compute/kernels/spatial_plain.h"

#include <math.h>
#include <string.h>

static void lrn_plain(const void *argument, size_t first, size_t last)
{
    const struct lrn_call *call = argument;
    uint32_t before = (call->size - 1) / 2, after = call->size / 2;
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
        for (uint32_t c = 0; c < call->channels; c++) {
            uint32_t from = c > before ? c - before : 0;
            uint32_t to = call->channels - c > after ? c + after + 1 : call->channels;
            float sum = 0;
            for (uint32_t i = from; i < to; i++)
                sum += input[i] * input[i];
            output[c] = input[c] / powf(call->bias + call->alpha * sum, call->beta);
        }
    }
}

static void affine_plain(const void *argument, size_t first, size_t last)
{
    const struct affine_call *call = argument;
    for (size_t p = first; p < last; p++) {
        const float *input = call->input + p * call->input_stride;
        float *output = call->output + p * call->output_stride;
        for (uint32_t c = 0; c < call->channels; c++)
            output[c] =
                fmaf(input[c], call->scale ? call->scale[c] : 1, call->shift ? call->shift[c] : 0);
        activation_plain(call->activation, output, output, call->channels);
    }
}

static void combine_plain(const void *argument, size_t first, size_t last)
{
    const struct combine_call *call = argument;
    for (size_t p = first; p < last; p++) {
        const float *a = call->a + p * call->a_stride, *b = call->b + p * call->b_stride;
        float *output = call->output + p * call->output_stride;
        for (uint32_t c = 0; c < call->channels; c++)
            output[c] = call->is_product ? a[c] * b[c] : a[c] + b[c];
        activation_plain(call->activation, output, output, call->channels);
    }
}

static void copy_plain(const void *argument, size_t first, size_t last)
{
    const struct copy_call *call = argument;
    for (size_t p = first; p < last; p++)
        memcpy(call->output + p * call->output_stride, call->input + p * call->input_stride,
               call->channels * sizeof(float));
}

static void transpose_plain(size_t rows, size_t columns, const float *input, size_t input_stride,
                            float *output, size_t output_stride)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            output[c * output_stride + r] = input[r * input_stride + c];
}

const struct spatial_kernels spatial_kernels_plain = {
    .activate = activation_plain,
    .pool = pool_plain,
    .average = average_plain,
    .lrn = lrn_plain,
    .affine = affine_plain,
    .combine = combine_plain,
    .copy = copy_plain,
    .transpose = transpose_plain,
    .depthwise = depthwise_plain,
};
