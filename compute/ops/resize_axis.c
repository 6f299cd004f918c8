/* One axis of a resize: where each output coordinate reads, and with which weights. Coordinates
 * are computed in float, as ONNX Runtime does, since nearest neighbours hang on their rounding. */
#include "compute/ops/resize.h"

#include <math.h>

static float resize_position(const struct resize_params *params, const struct resize_axis *axis,
                             int64_t at)
{
    float x = (float)at, in = (float)axis->in, out = (float)axis->out;
    switch (params->coordinate) {
    case RESIZE_HALF_PIXEL:
        break;
    case RESIZE_HALF_PIXEL_SYMMETRIC: {
        float adjustment = out / (axis->scale * in);
        float offset = in / 2 * (1 - adjustment);
        return offset + (x + 0.5f) / axis->scale - 0.5f;
    }
    case RESIZE_PYTORCH_HALF_PIXEL:
        if (axis->out <= 1)
            return 0;
        break;
    case RESIZE_ALIGN_CORNERS:
        return axis->out <= 1 ? 0 : x * (in - 1) / (out - 1);
    case RESIZE_ASYMMETRIC:
        return x / axis->scale;
    case RESIZE_TF_CROP_AND_RESIZE:
        if (axis->out <= 1)
            return 0.5f * (axis->roi_begin + axis->roi_end) * (in - 1);
        return axis->roi_begin * (in - 1) +
               x * (axis->roi_end - axis->roi_begin) * (in - 1) / (out - 1);
    }
    return (x + 0.5f) / axis->scale - 0.5f;
}

static bool resize_is_antialiased(const struct resize_params *params,
                                  const struct resize_axis *axis)
{
    return params->antialias && params->mode != RESIZE_NEAREST && axis->scale < 1;
}

/* Half the width of a shrinking filter, in input elements. */
static float resize_reach(const struct resize_params *params, const struct resize_axis *axis)
{
    return (params->mode == RESIZE_CUBIC ? 2.0f : 1.0f) / axis->scale;
}

void resize_axis_plan(const struct resize_params *params, struct resize_axis *axis)
{
    axis->is_identity = axis->in == axis->out && axis->scale == 1 &&
                        params->coordinate != RESIZE_TF_CROP_AND_RESIZE;
    if (axis->is_identity || params->mode == RESIZE_NEAREST) {
        axis->taps = 1;
    } else if (resize_is_antialiased(params, axis)) {
        /* Never more than the axis has: what lies outside is added to its ends. */
        double taps = 2 * ceil((double)resize_reach(params, axis)) + 2;
        axis->taps = taps < (double)axis->in ? (size_t)taps : (size_t)axis->in;
    } else {
        axis->taps = params->mode == RESIZE_CUBIC ? 4 : 2;
    }
}

static int64_t resize_clamp(int64_t at, int64_t size)
{
    return at < 0 ? 0 : at >= size ? size - 1 : at;
}

/* A float that may be far outside of any axis, or not a number, to an integer. */
static int64_t resize_integer(float x)
{
    if (!(x > -1e9f))
        return -1000000000;
    return x < 2147483520.0f ? (int64_t)x : 2147483520;
}

static int64_t resize_nearest_index(const struct resize_params *params,
                                    const struct resize_axis *axis, float x)
{
    switch (params->nearest) {
    case RESIZE_ROUND_PREFER_FLOOR:
        x = x == truncf(x) + 0.5f ? floorf(x) : roundf(x);
        break;
    case RESIZE_ROUND_PREFER_CEIL:
        x = roundf(x);
        break;
    case RESIZE_FLOOR:
        x = floorf(x);
        break;
    case RESIZE_CEIL:
        x = ceilf(x);
        break;
    case RESIZE_SIMPLE:
        x = axis->scale < 1 ? ceilf(x) : truncf(x);
        break;
    }
    return resize_clamp(resize_integer(x), axis->in);
}

/* Keys' cubic kernel with free coefficient a. */
static float resize_cubic(float x, float a)
{
    x = fabsf(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static float resize_kernel(const struct resize_params *params, float x)
{
    if (params->mode == RESIZE_CUBIC)
        return resize_cubic(x, params->cubic_coefficient);
    return fabsf(x) < 1 ? 1 - fabsf(x) : 0;
}

/* Weights of the taps first, first + 1, ... around x, the kernel stretched by 1 / scale, and taps
 * outside of the axis counted to its ends or left out. */
static void resize_weigh(const struct resize_params *params, const struct resize_axis *axis,
                         float x, float scale, int64_t first, int64_t last, int32_t *indices,
                         float *weights)
{
    size_t stride = (size_t)axis->out;
    int64_t low = resize_clamp(first, axis->in), high = resize_clamp(last, axis->in);
    float sum = 0;
    for (size_t t = 0; t < axis->taps; t++) {
        indices[t * stride] = (int32_t)resize_clamp(low + (int64_t)t, axis->in);
        weights[t * stride] = 0;
    }
    for (int64_t i = first; i <= last; i++) {
        int64_t at = resize_clamp(i, axis->in);
        if (at != i && params->exclude_outside)
            continue;
        float weight = resize_kernel(params, ((float)i - x) * scale);
        weights[(size_t)(at - low) * stride] += weight;
        sum += weight;
    }
    for (int64_t i = low; i <= high && sum != 0; i++)
        weights[(size_t)(i - low) * stride] /= sum;
}

void resize_axis_fill(const struct resize_params *params, const struct resize_axis *axis,
                      int32_t *indices, float *weights)
{
    for (int64_t at = 0; at < axis->out; at++) {
        int32_t *index = indices + at;
        float *weight = weights + at;
        if (axis->is_identity) {
            *index = (int32_t)at;
            *weight = 1;
            continue;
        }
        float x = resize_position(params, axis, at), largest = (float)(axis->in - 1);
        bool is_outside =
            params->coordinate == RESIZE_TF_CROP_AND_RESIZE && !(x >= 0 && x <= largest);
        if (params->mode == RESIZE_NEAREST) {
            *index = (int32_t)resize_nearest_index(params, axis, x);
            *weight = 1;
        } else if (resize_is_antialiased(params, axis)) {
            float reach = resize_reach(params, axis);
            int64_t first = resize_integer(floorf(x + 1 - reach));
            int64_t last = resize_integer(floorf(x + 1 + reach)) - 1;
            resize_weigh(params, axis, x, axis->scale, first, last, index, weight);
        } else {
            if (params->mode == RESIZE_LINEAR || !(fabsf(x) < 1e9f))
                x = x > 0 ? fminf(x, largest) : 0;
            int64_t floor_x = resize_integer(floorf(x));
            if (params->mode == RESIZE_LINEAR)
                resize_weigh(params, axis, x, 1, floor_x, floor_x + 1, index, weight);
            else
                resize_weigh(params, axis, x, 1, floor_x - 1, floor_x + 2, index, weight);
        }
        if (is_outside)
            *index = -1;
    }
}
