/* BatchNormalization at inference: a scale and a shift for each channel. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

struct batch_norm_params {
    float epsilon;
    size_t channels, pixels; /* elements that one parameter is for: pixels */
};

static int batch_norm_infer(struct op_call *call)
{
    struct batch_norm_params *params = call->params;
    for (uint32_t i = 0; i < 5; i++) {
        int result = op_require(call, i, OP_F32);
        if (result != 0)
            return result;
    }
    const struct shape *input = &call->inputs[0]->shape;
    if (input->rank < 1)
        return op_fail(call, "the input is a scalar");
    if (node_int(call->node, "training_mode", 0) != 0)
        return op_fail(call, "training_mode is not available, export the model for inference");
    for (uint32_t i = 1; i < call->output_count; i++)
        if (call->outputs[i])
            return op_fail(call,
                           "output %" PRIu32 " exists only while training, export the model "
                           "for inference",
                           i);
    uint32_t axis = input->rank > 1 ? 1 : 0;
    int64_t channels = input->rank > 1 ? input->dims[1] : 1;
    /* Opset 7 and 8: with spatial = 0 every element of an image has parameters of its own. */
    bool is_spatial = call->node->opset >= 9 || node_int(call->node, "spatial", 1) != 0;
    for (uint32_t i = 1; i < 5; i++) {
        const struct shape *shape = &call->inputs[i]->shape;
        bool fits = shape->rank == 1 && shape->dims[0] == channels;
        if (!is_spatial) {
            fits = shape->rank + 1 == input->rank;
            for (uint32_t k = 0; fits && k < shape->rank; k++)
                fits = shape->dims[k] == input->dims[k + 1];
        }
        if (!fits)
            return op_fail(call, "input %" PRIu32 " does not fit %" PRId64 " channels", i,
                           channels);
    }
    params->epsilon = node_float(call->node, "epsilon", 1e-5f);
    int result = op_output_set(call, 0, TENSOR_F32, input);
    if (result != 0)
        return result;
    params->channels = is_spatial ? (size_t)channels : shape_span(input, axis, input->rank);
    params->pixels = is_spatial ? shape_span(input, axis + (input->rank > 1), input->rank) : 1;
    return 0;
}

/* A channel's affine form; made in double, since a small variance magnifies its rounding. */
static void batch_norm_affine(const struct op_call *call, size_t channel, float *scale,
                              float *shift)
{
    const struct batch_norm_params *params = call->params;
    double gamma = (double)((const float *)call->inputs[1]->data)[channel];
    double beta = (double)((const float *)call->inputs[2]->data)[channel];
    double mean = (double)((const float *)call->inputs[3]->data)[channel];
    double variance = (double)((const float *)call->inputs[4]->data)[channel];
    double factor = gamma / sqrt(variance + (double)params->epsilon);
    *scale = (float)factor;
    *shift = (float)(beta - mean * factor);
}

static void batch_norm_planes(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct batch_norm_params *params = call->params;
    for (size_t plane = first; plane < last; plane++) {
        float scale, shift;
        batch_norm_affine(call, plane % params->channels, &scale, &shift);
        const float *input = (const float *)call->inputs[0]->data + plane * params->pixels;
        float *output = (float *)call->outputs[0]->data + plane * params->pixels;
        for (size_t i = 0; i < params->pixels; i++)
            output[i] = input[i] * scale + shift;
    }
}

static void batch_norm_compute(const struct op_call *call)
{
    const struct batch_norm_params *params = call->params;
    size_t count = tensor_count(call->inputs[0]);
    if (count == 0)
        return;
    range_run(call->pool, count / params->pixels, 16384 / params->pixels + 1, batch_norm_planes,
              (void *)call);
}

const struct op op_batch_norm[] = {
    {.type = "BatchNormalization",
     .domain = "",
     .min_inputs = 5,
     .max_inputs = 5,
     .min_outputs = 1,
     .max_outputs = 5,
     .flags = OP_INPLACE,
     .params_bytes = sizeof(struct batch_norm_params),
     .infer = batch_norm_infer,
     .compute = batch_norm_compute},
    {0},
};
