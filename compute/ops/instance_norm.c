/* InstanceNormalization and GroupNormalization: zero mean and unit variance over the channels of
 * each group of each image (an instance is a group of one), then a scale and a shift. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct instance_norm_params {
    float epsilon;
    size_t channels, groups, pixels;
    bool is_per_group; /* one scale for a group, not for a channel */
};

static int instance_norm_infer(struct op_call *call)
{
    struct instance_norm_params *params = call->params;
    for (uint32_t i = 0; i < 3; i++) {
        int result = op_require(call, i, OP_F32);
        if (result != 0)
            return result;
    }
    const struct shape *input = &call->inputs[0]->shape;
    if (input->rank < 2)
        return op_fail(call, "the input has rank %" PRIu32 ", at least 2 is needed", input->rank);
    int64_t channels = input->dims[1], groups = channels;
    bool is_group = strcmp(call->node->op_type, "GroupNormalization") == 0;
    if (is_group) {
        groups = node_int(call->node, "num_groups", 0);
        if (groups < 1 || channels % groups != 0)
            return op_fail(call, "%" PRId64 " groups do not divide %" PRId64 " channels", groups,
                           channels);
    }
    /* Opset 18 scales whole groups, from 21 on channels. */
    params->is_per_group = is_group && call->node->opset < 21;
    int64_t scales = params->is_per_group ? groups : channels;
    for (uint32_t i = 1; i < 3; i++) {
        const struct shape *shape = &call->inputs[i]->shape;
        if (shape->rank != 1 || shape->dims[0] != scales)
            return op_fail(call, "input %" PRIu32 " must be a list of %" PRId64 " numbers", i,
                           scales);
    }
    params->epsilon = node_float(call->node, "epsilon", 1e-5f);
    int result = op_output_set(call, 0, TENSOR_F32, input);
    if (result != 0)
        return result;
    params->channels = (size_t)channels;
    params->groups = (size_t)groups;
    params->pixels = shape_span(input, 2, input->rank);
    return 0;
}

static void instance_norm_groups(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct instance_norm_params *params = call->params;
    const float *scales = call->inputs[1]->data, *shifts = call->inputs[2]->data;
    size_t members = params->channels / params->groups;
    size_t count = members * params->pixels;
    for (size_t group = first; group < last; group++) {
        const float *input = (const float *)call->inputs[0]->data + group * count;
        float *output = (float *)call->outputs[0]->data + group * count;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++)
            sum += (double)input[i];
        double mean = sum / (double)count;
        for (size_t i = 0; i < count; i++)
            squares += ((double)input[i] - mean) * ((double)input[i] - mean);
        double factor = 1 / sqrt(squares / (double)count + (double)params->epsilon);
        for (size_t m = 0; m < members; m++) {
            size_t number = group % params->groups;
            number = params->is_per_group ? number : number * members + m;
            double scale = (double)scales[number] * factor;
            double shift = (double)shifts[number] - mean * scale;
            for (size_t i = m * params->pixels; i < (m + 1) * params->pixels; i++)
                output[i] = (float)((double)input[i] * scale + shift);
        }
    }
}

static void instance_norm_compute(const struct op_call *call)
{
    const struct instance_norm_params *params = call->params;
    size_t count = tensor_count(call->inputs[0]);
    if (count == 0)
        return;
    size_t group = params->channels / params->groups * params->pixels;
    range_run(call->pool, count / group, 8192 / group + 1, instance_norm_groups, (void *)call);
}

const struct op op_instance_norm[] = {
    {.type = "InstanceNormalization",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .flags = OP_INPLACE,
     .params_bytes = sizeof(struct instance_norm_params),
     .infer = instance_norm_infer,
     .compute = instance_norm_compute},
    {.type = "GroupNormalization",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .flags = OP_INPLACE,
     .params_bytes = sizeof(struct instance_norm_params),
     .infer = instance_norm_infer,
     .compute = instance_norm_compute},
    {0},
};
