/* Slice: attributes before opset 10, inputs with steps since. */
#include "compute/ops/list.h"
#include "compute/ops/op.h"
#include "compute/ops/strided.h"

#include <inttypes.h>

struct slice_params {
    int64_t start[TENSOR_MAX_RANK];
    int64_t step[TENSOR_MAX_RANK];
};

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Elements of [start, end) by step in a dimension, ONNX's clamping; *start becomes the first. The
 * greatest numbers mean "to the end" backwards too, as in ONNX Runtime. */
static int64_t slice_count(int64_t dim, int64_t *start, int64_t end, int64_t step)
{
    if (dim == 0)
        return 0;
    if (step < 0 && (end == INT64_MAX || end == INT32_MAX))
        end = INT64_MIN;
    *start += *start < 0 ? dim : 0;
    end += end < 0 ? dim : 0;
    if (step > 0) {
        *start = clamp(*start, 0, dim);
        end = clamp(end, 0, dim);
        return *start < end ? (end - *start - 1) / step + 1 : 0;
    }
    *start = clamp(*start, 0, dim - 1);
    end = clamp(end, -1, dim - 1);
    return *start > end ? (*start - end - 1) / -step + 1 : 0;
}

static int infer_slice(struct op_call *call)
{
    struct slice_params *params = call->params;
    struct list starts, ends, axes, steps;
    uint32_t seen;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = list_read(call, 1, "starts", &starts);
    if (!rc)
        rc = list_read(call, 2, "ends", &ends);
    if (!rc)
        rc = list_read(call, 3, "axes", &axes);
    if (!rc)
        rc = list_read(call, 4, "steps", &steps);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = input->shape;
    if (!starts.is_given || !ends.is_given)
        return op_fail(call, "starts or ends are missing");
    if (starts.count != ends.count || (axes.is_given && axes.count != starts.count) ||
        (steps.is_given && steps.count != starts.count))
        return op_fail(call, "starts, ends, axes and steps differ in length");
    for (size_t i = 0; i < starts.count && !axes.is_given; i++)
        axes.numbers[i] = (int64_t)i;
    axes.count = starts.count;
    rc = list_axes(call, &axes, shape.rank, &seen);
    if (rc)
        return rc;
    for (uint32_t d = 0; d < TENSOR_MAX_RANK; d++)
        params->step[d] = 1;
    for (size_t i = 0; i < axes.count; i++) {
        int64_t axis = axes.numbers[i] + (axes.numbers[i] < 0 ? (int64_t)shape.rank : 0);
        int64_t step = steps.is_given ? steps.numbers[i] : 1;
        if (step == 0)
            return op_fail(call, "a step of 0 along axis %" PRId64, axis);
        step = step < -INT64_MAX ? -INT64_MAX : step;
        params->start[axis] = starts.numbers[i];
        params->step[axis] = step;
        shape.dims[axis] =
            slice_count(shape.dims[axis], &params->start[axis], ends.numbers[i], step);
    }
    return op_output_set(call, 0, input->type, &shape);
}

static void compute_slice(const struct op_call *call)
{
    const struct slice_params *params = call->params;
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    size_t first = 0;
    for (uint32_t d = 0; d < output->shape.rank; d++) {
        size_t stride = shape_span(&input->shape, d + 1, input->shape.rank);
        first += (size_t)params->start[d] * stride;
        if (output->shape.dims[d] > 1) /* one element: its step may be any number */
            strided_add(&copy, (size_t)output->shape.dims[d],
                        (ptrdiff_t)params->step[d] * (ptrdiff_t)stride,
                        (ptrdiff_t)shape_span(&output->shape, d + 1, output->shape.rank));
    }
    strided_run(&copy, (const char *)input->data + first * copy.element_bytes, output->data,
                call->pool);
}

extern const struct op op_slice[];
const struct op op_slice[] = {
    {.type = "Slice",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 5,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct slice_params),
     .shape_inputs = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4,
     .infer = infer_slice,
     .compute = compute_slice},
    {.type = NULL},
};
