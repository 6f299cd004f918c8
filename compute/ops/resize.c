/* Resize (opset 10 on) and Upsample: attributes, and the output's shape from scales or sizes. */
#include "compute/ops/resize.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static int resize_choice(const struct op_call *call, const char *name, const char *fallback,
                         const char *const *choices, int *choice)
{
    const char *text = node_string(call->node, name, fallback);
    for (int i = 0; choices[i]; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *choice = i;
            return 0;
        }
    }
    return op_fail(call, "attribute %s is '%.30s', which is not available", name, text);
}

static int resize_attributes(const struct op_call *call, struct resize_params *params, bool is_new)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const old_modes[] = {"nearest", "linear", "bilinear", NULL};
    static const char *const coordinates[] = {"half_pixel",
                                              "half_pixel_symmetric",
                                              "pytorch_half_pixel",
                                              "align_corners",
                                              "asymmetric",
                                              "tf_crop_and_resize",
                                              NULL};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil", NULL};
    int choice;
    int result = resize_choice(call, "mode", "nearest", is_new ? modes : old_modes, &choice);
    if (result != 0)
        return result;
    params->mode = (enum resize_mode)choice;
    if (!is_new) {
        params->mode = choice == 0 ? RESIZE_NEAREST : RESIZE_LINEAR;
        params->coordinate = RESIZE_ASYMMETRIC;
        params->nearest = RESIZE_SIMPLE;
        return 0;
    }
    result =
        resize_choice(call, "coordinate_transformation_mode", "half_pixel", coordinates, &choice);
    params->coordinate = (enum resize_coordinate)choice;
    if (result == 0)
        result = resize_choice(call, "nearest_mode", "round_prefer_floor", nearest, &choice);
    params->nearest = (enum resize_nearest)choice;
    params->cubic_coefficient = node_float(call->node, "cubic_coeff_a", -0.75f);
    params->extrapolation_value = node_float(call->node, "extrapolation_value", 0);
    params->exclude_outside = node_int(call->node, "exclude_outside", 0) != 0;
    params->antialias = node_int(call->node, "antialias", 0) != 0;
    return result;
}

/* Input i as a list of exactly count floats; *list is NULL when it is left out or empty. */
static int resize_floats(const struct op_call *call, uint32_t i, size_t count, const float **list)
{
    *list = NULL;
    const struct tensor *input = op_input(call, i);
    if (!input)
        return 0;
    int result = op_require(call, i, OP_F32);
    if (result != 0)
        return result;
    if (input->shape.rank != 1)
        return op_fail(call, "input %" PRIu32 " must be a list", i);
    if (tensor_count(input) == 0)
        return 0;
    if (tensor_count(input) != count)
        return op_fail(call, "input %" PRIu32 " has %zu numbers, %zu are needed", i,
                       tensor_count(input), count);
    if (!input->data)
        return op_fail(call, "input %" PRIu32 " must be known before the run", i);
    *list = input->data;
    return 0;
}

/* The axes that scales, sizes and roi speak of. */
static int resize_axes(const struct op_call *call, uint32_t rank, uint32_t *axes, size_t *count)
{
    size_t listed;
    const int64_t *list = node_ints(call->node, "axes", &listed);
    *count = list ? listed : rank;
    if (*count > rank)
        return op_fail(call, "attribute axes has %zu axes, the input %" PRIu32, listed, rank);
    bool is_taken[TENSOR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < *count; i++) {
        int result = op_axis(call, list ? list[i] : i, rank, &axes[i]);
        if (result != 0)
            return result;
        if (is_taken[axes[i]])
            return op_fail(call, "attribute axes names axis %" PRIu32 " twice", axes[i]);
        is_taken[axes[i]] = true;
    }
    return 0;
}

static int resize_by_scales(const struct op_call *call, struct resize_params *params,
                            const float *scales, const uint32_t *axes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct resize_axis *axis = &params->axes[axes[i]];
        if (!(scales[i] > 0 && scales[i] < 1e9f))
            return op_fail(call, "a scale is %g", (double)scales[i]);
        axis->scale = scales[i];
        float out = floorf((float)axis->in * scales[i]);
        if (!(out < 2147483520.0f))
            return op_fail(call, "axis %" PRIu32 " would be too long", axes[i]);
        axis->out = (int64_t)out;
    }
    return 0;
}

static int resize_by_sizes(const struct op_call *call, struct resize_params *params,
                           const int64_t *sizes, const uint32_t *axes, size_t count)
{
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
    int policy;
    int result = resize_choice(call, "keep_aspect_ratio_policy", "stretch", policies, &policy);
    if (result != 0)
        return result;
    float common = 0;
    for (size_t i = 0; i < count; i++) {
        struct resize_axis *axis = &params->axes[axes[i]];
        if (sizes[i] < 0 || sizes[i] > INT32_MAX || (sizes[i] > 0 && axis->in == 0))
            return op_fail(call, "a size is %" PRId64 " for an axis of %" PRId64, sizes[i],
                           axis->in);
        axis->out = sizes[i];
        axis->scale = axis->in > 0 ? (float)axis->out / (float)axis->in : 1;
        bool is_tighter = policy == 1 ? axis->scale < common : axis->scale > common;
        if (i == 0 || is_tighter)
            common = axis->scale;
    }
    for (size_t i = 0; i < count && policy != 0; i++) {
        struct resize_axis *axis = &params->axes[axes[i]];
        float out = roundf(common * (float)axis->in);
        if (!(out < 2147483520.0f))
            return op_fail(call, "axis %" PRIu32 " would be too long", axes[i]);
        axis->out = (int64_t)out;
        axis->scale = common;
    }
    return 0;
}

/* Resize since opset 11: roi, scales and sizes are inputs 1, 2 and 3. */
static int resize_shape(const struct op_call *call, struct resize_params *params)
{
    uint32_t axes[TENSOR_MAX_RANK];
    size_t count, size_count = 0;
    const float *roi = NULL, *scales;
    int64_t sizes[TENSOR_MAX_RANK];
    int result = resize_axes(call, params->rank, axes, &count);
    if (result == 0 && params->coordinate == RESIZE_TF_CROP_AND_RESIZE) {
        result = resize_floats(call, 1, 2 * count, &roi);
        if (result == 0 && !roi)
            return op_fail(call, "tf_crop_and_resize needs the input roi");
    }
    for (size_t i = 0; roi && i < count; i++) {
        params->axes[axes[i]].roi_begin = roi[i];
        params->axes[axes[i]].roi_end = roi[count + i];
    }
    if (result == 0)
        result = resize_floats(call, 2, count, &scales);
    if (result == 0 && op_input(call, 3))
        result = op_static_ints(call, 3, sizes, TENSOR_MAX_RANK, &size_count);
    if (result != 0)
        return result;
    if (scales && size_count > 0)
        return op_fail(call, "both scales and sizes are given");
    if (scales)
        return resize_by_scales(call, params, scales, axes, count);
    if (size_count != count || count == 0)
        return op_fail(call, "neither scales nor sizes fit the %zu axes", count);
    return resize_by_sizes(call, params, sizes, axes, count);
}

/* Upsample, and Resize of opset 10: a scale for each axis, from input 1 or, in Upsample 7, an
 * attribute. */
static int resize_shape_old(const struct op_call *call, struct resize_params *params)
{
    static const uint32_t axes[TENSOR_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    const float *scales;
    int result = resize_floats(call, 1, params->rank, &scales);
    if (result == 0 && !scales) {
        size_t found;
        scales = node_floats(call->node, "scales", &found);
        if (!scales || found != params->rank)
            return op_fail(call, "a scale for each axis is missing");
    }
    return result != 0 ? result : resize_by_scales(call, params, scales, axes, params->rank);
}

static int resize_infer(struct op_call *call)
{
    struct resize_params *params = call->params;
    int result = op_require(call, 0, OP_NUMBER);
    if (result != 0)
        return result;
    struct shape output = call->inputs[0]->shape;
    if (output.rank < 1)
        return op_fail(call, "the input is a scalar");
    bool is_new = strcmp(call->node->op_type, "Resize") == 0 && call->node->opset >= 11;
    result = resize_attributes(call, params, is_new);
    if (result != 0)
        return result;
    params->rank = output.rank;
    for (uint32_t i = 0; i < output.rank; i++) {
        if (output.dims[i] > INT32_MAX)
            return op_fail(call, "axis %" PRIu32 " is too long", i);
        params->axes[i] = (struct resize_axis){
            .in = output.dims[i], .out = output.dims[i], .scale = 1, .roi_end = 1};
    }
    result = is_new ? resize_shape(call, params) : resize_shape_old(call, params);
    if (result != 0)
        return result;
    for (uint32_t i = 0; i < output.rank; i++)
        output.dims[i] = params->axes[i].out;
    result = op_output_set(call, 0, call->inputs[0]->type, &output);
    for (uint32_t i = 0; i < output.rank && result == 0; i++) {
        struct resize_axis *axis = &params->axes[i];
        resize_axis_plan(params, axis);
        axis->table_offset = call->scratch_bytes;
        size_t bytes, entry = sizeof(int32_t) + sizeof(float);
        if (__builtin_mul_overflow(axis->taps * entry, (size_t)axis->out, &bytes) ||
            __builtin_add_overflow(call->scratch_bytes, bytes, &call->scratch_bytes))
            return op_fail(call, "axis %" PRIu32 " would be too long", i);
    }
    return result;
}

const struct op op_resize[] = {
    {.type = "Resize",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 4,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct resize_params),
     .shape_inputs = 1 << 1 | 1 << 2 | 1 << 3,
     .infer = resize_infer,
     .compute = resize_compute},
    {.type = "Upsample",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 2,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct resize_params),
     .shape_inputs = 1 << 1,
     .infer = resize_infer,
     .compute = resize_compute},
    {0},
};
