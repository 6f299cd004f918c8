/* Concat and Split along an axis. */
#include "compute/ops/op.h"
#include "compute/ops/strided.h"

#include <inttypes.h>

struct concat_params {
    uint32_t axis;
};

static int infer_concat(struct op_call *call)
{
    struct concat_params *params = call->params;
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    const struct tensor *first = op_input(call, 0);
    struct shape shape = first->shape;
    const struct attribute *axis = node_attribute(call->node, "axis");
    if (!axis || axis->kind != ATTRIBUTE_INT)
        return op_fail(call, "attribute axis is missing");
    rc = op_axis(call, axis->i, shape.rank, &params->axis);
    if (rc)
        return rc;
    for (uint32_t i = 1; i < call->input_count; i++) {
        rc = op_require(call, i, 1u << first->type);
        if (rc)
            return rc;
        const struct shape *other = &op_input(call, i)->shape;
        if (other->rank != shape.rank)
            return op_fail(call, "input %" PRIu32 " has rank %" PRIu32 ", not %" PRIu32, i,
                           other->rank, shape.rank);
        for (uint32_t d = 0; d < shape.rank; d++)
            if (d != params->axis && other->dims[d] != shape.dims[d])
                return op_fail(call, "input %" PRIu32 " differs in dimension %" PRIu32, i, d);
        if (__builtin_add_overflow(shape.dims[params->axis], other->dims[params->axis],
                                   &shape.dims[params->axis]))
            return op_fail(call, "output 0 has a too large size");
    }
    return op_output_set(call, 0, first->type, &shape);
}

/* Copies a part of the whole tensor, from element `at` of each outer row on, one way or the other.
 */
static void copy_part(const struct op_call *call, const struct tensor *from, size_t from_at,
                      const struct tensor *to, size_t to_at, uint32_t axis)
{
    size_t from_row = shape_span(&from->shape, axis, from->shape.rank);
    size_t to_row = shape_span(&to->shape, axis, to->shape.rank);
    struct strided copy = {.element_bytes = tensor_type_bytes(from->type)};
    strided_add(&copy, shape_span(&from->shape, 0, axis), (ptrdiff_t)from_row, (ptrdiff_t)to_row);
    strided_add(&copy, from_row < to_row ? from_row : to_row, 1, 1);
    strided_run(&copy, (const char *)from->data + from_at * copy.element_bytes,
                (char *)to->data + to_at * copy.element_bytes, call->pool);
}

static void compute_concat(const struct op_call *call)
{
    const struct concat_params *params = call->params;
    const struct tensor *output = op_output(call, 0);
    size_t at = 0;
    if (!output || tensor_count(output) == 0)
        return;
    for (uint32_t i = 0; i < call->input_count; i++) {
        const struct tensor *input = op_input(call, i);
        copy_part(call, input, 0, output, at, params->axis);
        at += shape_span(&input->shape, params->axis, input->shape.rank);
    }
}

/* The size of part i along the axis: listed, or as even as possible with the last one smaller. */
static int64_t part_size(const struct op_call *call, uint32_t i, int64_t dim)
{
    size_t count;
    const struct tensor *listed = op_input(call, 1);
    const int64_t *sizes = node_ints(call->node, "split", &count);
    if (listed)
        return ((const int64_t *)listed->data)[i];
    if (sizes)
        return sizes[i];
    int64_t parts = call->output_count;
    int64_t part = dim / parts + (dim % parts != 0);
    int64_t left = part * (int64_t)i < dim ? dim - part * (int64_t)i : 0;
    return left < part ? left : part;
}

static int infer_split(struct op_call *call)
{
    struct concat_params *params = call->params;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc && op_input(call, 1))
        rc = op_require(call, 1, OP_I64);
    if (!rc)
        rc = op_axis(call, node_int(call->node, "axis", 0), op_input(call, 0)->shape.rank,
                     &params->axis);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0), *listed = op_input(call, 1);
    struct shape shape = input->shape;
    int64_t dim = shape.dims[params->axis];
    int64_t parts = node_int(call->node, "num_outputs", call->output_count);
    size_t sizes;
    bool is_listed = node_ints(call->node, "split", &sizes) || listed;
    if (listed && !listed->data && tensor_count(listed) > 0)
        return op_fail(call,
                       "input 1 decides the output's shape, so it must be known before a run");
    if (listed)
        sizes = tensor_count(listed);
    else if (!is_listed)
        sizes = call->output_count;
    if (call->output_count == 0 || parts != (int64_t)call->output_count ||
        sizes != call->output_count)
        return op_fail(call, "%" PRIu32 " outputs for %zu sizes or %" PRId64 " parts",
                       call->output_count, sizes, parts);
    if (dim > INT64_MAX - parts)
        return op_fail(call, "input 0 has a too large size");
    if (!is_listed && call->node->opset < 18 && dim % parts != 0)
        return op_fail(call, "%" PRId64 " does not divide into %" PRId64 " parts", dim, parts);
    int64_t left = dim;
    for (uint32_t i = 0; i < call->output_count; i++) {
        int64_t size = part_size(call, i, dim);
        if (size < 0 || size > left)
            return op_fail(call, "parts do not add up to the %" PRId64 " there are", dim);
        left -= size;
        shape.dims[params->axis] = size;
        rc = op_output_set(call, i, input->type, &shape);
        if (rc)
            return rc;
    }
    return left == 0 ? 0 : op_fail(call, "parts do not add up to the %" PRId64 " there are", dim);
}

static void compute_split(const struct op_call *call)
{
    const struct concat_params *params = call->params;
    const struct tensor *input = op_input(call, 0);
    size_t step = shape_span(&input->shape, params->axis + 1, input->shape.rank), at = 0;
    for (uint32_t i = 0; i < call->output_count; i++) {
        const struct tensor *output = op_output(call, i);
        if (output && tensor_count(output) > 0)
            copy_part(call, input, at, output, 0, params->axis);
        at += (size_t)part_size(call, i, input->shape.dims[params->axis]) * step;
    }
}

extern const struct op op_concat[];
const struct op op_concat[] = {
    {.type = "Concat",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = OP_ANY,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct concat_params),
     .infer = infer_concat,
     .compute = compute_concat},
    {.type = "Split",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 2,
     .min_outputs = 1,
     .max_outputs = OP_ANY,
     .params_bytes = sizeof(struct concat_params),
     .shape_inputs = 1u << 1,
     .infer = infer_split,
     .compute = compute_split},
    {.type = NULL},
};
