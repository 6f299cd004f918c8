/* MeanVarianceNormalization: zero mean and unit variance over a set of axes. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

struct mean_variance_params {
    uint32_t kept_count, reduced_count;
    uint32_t kept[TENSOR_MAX_RANK], reduced[TENSOR_MAX_RANK]; /* axes */
};

static int mean_variance_infer(struct op_call *call)
{
    struct mean_variance_params *params = call->params;
    int result = op_require(call, 0, OP_F32);
    if (result != 0)
        return result;
    static const int64_t fallback[] = {0, 2, 3};
    const struct shape *input = &call->inputs[0]->shape;
    size_t count;
    const int64_t *axes = node_ints(call->node, "axes", &count);
    if (!axes) {
        axes = fallback;
        count = 3;
    }
    bool is_reduced[TENSOR_MAX_RANK] = {false};
    for (size_t i = 0; i < count; i++) {
        uint32_t axis;
        result = op_axis(call, axes[i], input->rank, &axis);
        if (result != 0)
            return result;
        is_reduced[axis] = true;
    }
    for (uint32_t i = 0; i < input->rank; i++) {
        if (is_reduced[i])
            params->reduced[params->reduced_count++] = i;
        else
            params->kept[params->kept_count++] = i;
    }
    return op_output_set(call, 0, TENSOR_F32, input);
}

/* Where element number of the sub-tensor of these axes stands. */
static size_t mean_variance_offset(const struct shape *shape, const uint32_t *axes, uint32_t count,
                                   size_t number)
{
    size_t offset = 0;
    for (uint32_t i = count; i-- > 0;) {
        size_t size = (size_t)shape->dims[axes[i]];
        offset += number % size * shape_span(shape, axes[i] + 1, shape->rank);
        number /= size;
    }
    return offset;
}

static size_t mean_variance_count(const struct shape *shape, const uint32_t *axes, uint32_t count)
{
    size_t product = 1;
    for (uint32_t i = 0; i < count; i++)
        product *= (size_t)shape->dims[axes[i]];
    return product;
}

static void mean_variance_groups(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct mean_variance_params *params = call->params;
    const struct shape *shape = &call->inputs[0]->shape;
    const float *input = call->inputs[0]->data;
    float *output = call->outputs[0]->data;
    size_t count = mean_variance_count(shape, params->reduced, params->reduced_count);
    for (size_t group = first; group < last; group++) {
        size_t base = mean_variance_offset(shape, params->kept, params->kept_count, group);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++)
            sum += (double)input[base + mean_variance_offset(shape, params->reduced,
                                                             params->reduced_count, i)];
        double mean = sum / (double)count;
        for (size_t i = 0; i < count; i++) {
            double value = (double)input[base + mean_variance_offset(shape, params->reduced,
                                                                     params->reduced_count, i)] -
                           mean;
            squares += value * value;
        }
        /* ONNX defines the divisor so. */
        double divisor = sqrt(squares / (double)count) + 1e-9;
        for (size_t i = 0; i < count; i++) {
            size_t at =
                base + mean_variance_offset(shape, params->reduced, params->reduced_count, i);
            output[at] = (float)(((double)input[at] - mean) / divisor);
        }
    }
}

static void mean_variance_compute(const struct op_call *call)
{
    const struct mean_variance_params *params = call->params;
    const struct shape *shape = &call->inputs[0]->shape;
    if (tensor_count(call->inputs[0]) == 0)
        return;
    range_run(call->pool, mean_variance_count(shape, params->kept, params->kept_count), 1,
              mean_variance_groups, (void *)call);
}

const struct op op_mean_variance[] = {
    {.type = "MeanVarianceNormalization",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .flags = OP_INPLACE,
     .params_bytes = sizeof(struct mean_variance_params),
     .infer = mean_variance_infer,
     .compute = mean_variance_compute},
    {0},
};
