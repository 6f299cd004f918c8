/* LRN: each element divided by a power of the squares around it, across channels (any rank). */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

struct lrn_params {
    int64_t size;
    float alpha, beta, bias;
};

static int lrn_infer(struct op_call *call)
{
    struct lrn_params *params = call->params;
    int result = op_require(call, 0, OP_F32);
    if (result != 0)
        return result;
    const struct shape *input = &call->inputs[0]->shape;
    if (input->rank < 2)
        return op_fail(call, "the input has rank %" PRIu32 ", at least 2 is needed", input->rank);
    params->size = node_int(call->node, "size", 0);
    if (params->size < 1 || params->size > INT32_MAX)
        return op_fail(call, "attribute size is missing or out of range (%" PRId64 ")",
                       params->size);
    params->alpha = node_float(call->node, "alpha", 1e-4f);
    params->beta = node_float(call->node, "beta", 0.75f);
    params->bias = node_float(call->node, "bias", 1.0f);
    return op_output_set(call, 0, TENSOR_F32, input);
}

/* One channel of one image at a time: the window's squares are summed afresh for each element, so
 * that no rounding is carried from channel to channel. */
static void lrn_planes(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct lrn_params *params = call->params;
    const struct shape *shape = &call->inputs[0]->shape;
    int64_t channels = shape->dims[1];
    size_t pixels = shape_span(shape, 2, shape->rank);
    for (size_t plane = first; plane < last; plane++) {
        int64_t channel = (int64_t)(plane % (size_t)channels);
        int64_t low = channel - (params->size - 1) / 2;
        int64_t high = channel + params->size / 2 + 1;
        low = low < 0 ? 0 : low;
        high = high > channels ? channels : high;
        const float *image =
            (const float *)call->inputs[0]->data + (plane - (size_t)channel) * pixels;
        const float *input = image + (size_t)channel * pixels;
        float *output = (float *)call->outputs[0]->data + plane * pixels;
        for (size_t i = 0; i < pixels; i++)
            output[i] = 0;
        for (int64_t c = low; c < high; c++) {
            const float *other = image + (size_t)c * pixels;
            for (size_t i = 0; i < pixels; i++)
                output[i] += other[i] * other[i];
        }
        float factor = params->alpha / (float)params->size;
        for (size_t i = 0; i < pixels; i++)
            output[i] = input[i] * powf(params->bias + factor * output[i], -params->beta);
    }
}

static void lrn_compute(const struct op_call *call)
{
    const struct shape *shape = &call->inputs[0]->shape;
    if (tensor_count(call->inputs[0]) == 0) /* then the other axes may be of any length */
        return;
    size_t pixels = shape_span(shape, 2, shape->rank);
    range_run(call->pool, shape_span(shape, 0, 2), 1024 / (pixels + 1) + 1, lrn_planes,
              (void *)call);
}

const struct op op_lrn[] = {
    {.type = "LRN",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct lrn_params),
     .infer = lrn_infer,
     .compute = lrn_compute},
    {0},
};
