/* Softmax and LogSoftmax: along one axis since opset 13, over all dimensions from the axis on
 * before. Relative to the largest element, so that e^x cannot overflow; sums in double. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <math.h>
#include <string.h>

struct softmax_params {
    size_t outer, count, inner; /* count elements, inner apart, share a sum */
    bool is_log;
};

static int infer_softmax(struct op_call *call)
{
    struct softmax_params *params = call->params;
    bool is_flat = call->node->opset < 13;
    uint32_t axis;
    int rc = op_require(call, 0, OP_F32);
    if (rc)
        return rc;
    const struct shape *shape = &op_input(call, 0)->shape;
    params->is_log = strcmp(call->node->op_type, "LogSoftmax") == 0;
    params->outer = params->count = params->inner = 1;
    if (shape->rank > 0) {
        rc = op_axis(call, node_int(call->node, "axis", is_flat ? 1 : -1), shape->rank, &axis);
        if (rc)
            return rc;
        params->outer = shape_span(shape, 0, axis);
        params->count = shape_span(shape, axis, is_flat ? shape->rank : axis + 1);
        params->inner = is_flat ? 1 : shape_span(shape, axis + 1, shape->rank);
    }
    return op_output_set(call, 0, TENSOR_F32, shape);
}

struct softmax_run {
    const struct softmax_params *params;
    const float *in;
    float *out;
};

enum { LANES = 32 };

/* n <= LANES neighbouring columns of count elements each; in place allowed. */
static void softmax_columns(const struct softmax_params *params, const float *in, float *out,
                            size_t n)
{
    float largest[LANES];
    double sum[LANES] = {0};
    for (size_t j = 0; j < n; j++)
        largest[j] = -INFINITY;
    for (size_t i = 0; i < params->count; i++)
        for (size_t j = 0; j < n; j++)
            if (in[i * params->inner + j] > largest[j])
                largest[j] = in[i * params->inner + j];
    for (size_t i = 0; i < params->count; i++) {
        for (size_t j = 0; j < n; j++) {
            float x = in[i * params->inner + j] - largest[j];
            float e = expf(x);
            sum[j] += (double)e;
            out[i * params->inner + j] = params->is_log ? x : e;
        }
    }
    for (size_t j = 0; j < n; j++)
        sum[j] = params->is_log ? log(sum[j]) : 1 / sum[j];
    for (size_t i = 0; i < params->count; i++) {
        for (size_t j = 0; j < n; j++) {
            float *y = &out[i * params->inner + j];
            *y = (float)(params->is_log ? (double)*y - sum[j] : (double)*y * sum[j]);
        }
    }
}

static void softmax_range(void *arg, size_t first, size_t last)
{
    const struct softmax_run *run = arg;
    const struct softmax_params *params = run->params;
    size_t blocks = (params->inner + LANES - 1) / LANES;
    for (size_t unit = first; unit < last; unit++) {
        size_t begin = unit % blocks * LANES;
        size_t at = unit / blocks * params->count * params->inner + begin;
        size_t n = params->inner - begin < LANES ? params->inner - begin : LANES;
        softmax_columns(params, run->in + at, run->out + at, n);
    }
}

static void compute_softmax(const struct op_call *call)
{
    const struct softmax_params *params = call->params;
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct softmax_run run = {.params = params, .in = op_input(call, 0)->data, .out = output->data};
    size_t units = params->outer * ((params->inner + LANES - 1) / LANES);
    range_run(call->pool, units, 4096 / params->count + 1, softmax_range, &run);
}

#define SOFTMAX(NAME)                                                                              \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,            \
        .max_outputs = 1, .flags = OP_INPLACE, .params_bytes = sizeof(struct softmax_params),      \
        .infer = infer_softmax, .compute = compute_softmax                                         \
    }

extern const struct op op_softmax[];
const struct op op_softmax[] = {SOFTMAX("Softmax"), SOFTMAX("LogSoftmax"), {.type = NULL}};
