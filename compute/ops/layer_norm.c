/* LayerNormalization: zero mean and unit variance over the axes from one on, then scale and shift.
 */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

struct layer_norm_params {
    float epsilon;
    size_t rows, width;
    /* Elements of scale and shift between neighbours along each axis of the input; 0: repeated. */
    size_t scale_stride[TENSOR_MAX_RANK], shift_stride[TENSOR_MAX_RANK];
    bool is_plain; /* scale, and shift if there, hold one number for each element of a row */
};

/* The strides by which an input repeats itself over the shape, which it must fit. */
static int layer_norm_strides(const struct op_call *call, uint32_t number,
                              const struct shape *shape, size_t *strides)
{
    const struct shape *small = &call->inputs[number]->shape;
    size_t stride = 1;
    for (uint32_t i = 0; i < shape->rank; i++)
        strides[i] = 0;
    for (uint32_t k = 1; k <= small->rank; k++) {
        int64_t size = small->dims[small->rank - k];
        if (k > shape->rank || (size != 1 && size != shape->dims[shape->rank - k]))
            return op_fail(call, "input %" PRIu32 " does not fit the input's axes", number);
        strides[shape->rank - k] = size == 1 ? 0 : stride;
        stride *= (size_t)size;
    }
    return 0;
}

static bool layer_norm_is_plain(const struct op_call *call, uint32_t number,
                                const struct shape *shape, uint32_t axis)
{
    const struct shape *small = &call->inputs[number]->shape;
    uint32_t rank = shape->rank - axis;
    for (uint32_t i = 0; i < small->rank; i++) {
        uint32_t from_end = small->rank - i;
        int64_t wanted = from_end <= rank ? shape->dims[shape->rank - from_end] : 1;
        if (small->dims[i] != wanted)
            return false;
    }
    return shape_span(small, 0, small->rank) == shape_span(shape, axis, shape->rank);
}

static int layer_norm_infer(struct op_call *call)
{
    struct layer_norm_params *params = call->params;
    bool has_shift = op_input(call, 2) != NULL;
    for (uint32_t i = 0; i < (has_shift ? 3 : 2); i++) {
        int result = op_require(call, i, OP_F32);
        if (result != 0)
            return result;
    }
    const struct shape *input = &call->inputs[0]->shape;
    uint32_t axis;
    int result = op_axis(call, node_int(call->node, "axis", -1), input->rank, &axis);
    if (result != 0)
        return result;
    if (node_int(call->node, "stash_type", 1) != 1)
        return op_fail(call, "attribute stash_type must be 1 (float)");
    params->epsilon = node_float(call->node, "epsilon", 1e-5f);
    struct shape reduced = *input;
    for (uint32_t i = axis; i < input->rank; i++)
        reduced.dims[i] = 1;
    for (uint32_t i = 0; i < 3 && result == 0; i++)
        result = op_output_set(call, i, TENSOR_F32, i == 0 ? input : &reduced);
    if (result == 0)
        result = layer_norm_strides(call, 1, input, params->scale_stride);
    if (result == 0 && has_shift)
        result = layer_norm_strides(call, 2, input, params->shift_stride);
    if (result != 0)
        return result;
    params->rows = shape_span(input, 0, axis);
    params->width = shape_span(input, axis, input->rank);
    params->is_plain = layer_norm_is_plain(call, 1, input, axis) &&
                       (!has_shift || layer_norm_is_plain(call, 2, input, axis));
    return 0;
}

static size_t layer_norm_offset(const struct shape *shape, const size_t *strides, size_t element)
{
    size_t offset = 0;
    for (uint32_t i = shape->rank; i-- > 0;) {
        offset += element % (size_t)shape->dims[i] * strides[i];
        element /= (size_t)shape->dims[i];
    }
    return offset;
}

static void layer_norm_rows(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct layer_norm_params *params = call->params;
    const struct tensor *shift = op_input(call, 2);
    const struct tensor *mean_out = op_output(call, 1), *inverse_out = op_output(call, 2);
    const struct shape *shape = &call->inputs[0]->shape;
    const float *scales = call->inputs[1]->data, *shifts = shift ? shift->data : NULL;
    size_t width = params->width;
    for (size_t row = first; row < last; row++) {
        const float *input = (const float *)call->inputs[0]->data + row * width;
        float *output = (float *)call->outputs[0]->data + row * width;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < width; i++)
            sum += (double)input[i];
        double mean = sum / (double)width;
        for (size_t i = 0; i < width; i++)
            squares += ((double)input[i] - mean) * ((double)input[i] - mean);
        double inverse = 1 / sqrt(squares / (double)width + (double)params->epsilon);
        if (mean_out)
            ((float *)mean_out->data)[row] = (float)mean;
        if (inverse_out)
            ((float *)inverse_out->data)[row] = (float)inverse;
        for (size_t i = 0; i < width; i++) {
            size_t at = params->is_plain
                            ? i
                            : layer_norm_offset(shape, params->scale_stride, row * width + i);
            double value = ((double)input[i] - mean) * inverse * (double)scales[at];
            if (shifts) {
                at = params->is_plain
                         ? i
                         : layer_norm_offset(shape, params->shift_stride, row * width + i);
                value += (double)shifts[at];
            }
            output[i] = (float)value;
        }
    }
}

static void layer_norm_compute(const struct op_call *call)
{
    const struct layer_norm_params *params = call->params;
    if (params->width == 0)
        return;
    range_run(call->pool, params->rows, 8192 / params->width + 1, layer_norm_rows, (void *)call);
}

const struct op op_layer_norm[] = {
    {.type = "LayerNormalization",
     .domain = "",
     .min_inputs = 2,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 3,
     .flags = OP_INPLACE,
     .params_bytes = sizeof(struct layer_norm_params),
     .infer = layer_norm_infer,
     .compute = layer_norm_compute},
    {0},
};
