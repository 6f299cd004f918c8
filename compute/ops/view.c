/* Operators whose output is their input's bytes under another shape: Reshape, Flatten, Squeeze,
 * Unsqueeze, Identity, and Dropout, which does nothing when a network only runs. */
#include "compute/ops/list.h"
#include "compute/ops/op.h"

#include <inttypes.h>
#include <string.h>

static int infer_reshape(struct op_call *call)
{
    int64_t wanted[TENSOR_MAX_RANK];
    size_t rank, count, made = 1;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = op_static_ints(call, 1, wanted, TENSOR_MAX_RANK, &rank);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = {.rank = (uint32_t)rank};
    bool is_zero_kept = node_int(call->node, "allowzero", 0) != 0;
    uint32_t unknown = TENSOR_MAX_RANK;
    for (uint32_t d = 0; d < shape.rank; d++) {
        shape.dims[d] = wanted[d];
        if (wanted[d] == 0 && !is_zero_kept) {
            if (d >= input->shape.rank)
                return op_fail(call, "a 0 stands for dimension %" PRIu32 ", which input 0 lacks",
                               d);
            shape.dims[d] = input->shape.dims[d];
        }
        if (wanted[d] < -1 || (wanted[d] == -1 && unknown < TENSOR_MAX_RANK))
            return op_fail(call, "cannot reshape to a dimension of %" PRId64 "%s", wanted[d],
                           wanted[d] == -1 ? " twice" : "");
        if (wanted[d] == -1) {
            unknown = d;
            shape.dims[d] = 1;
        }
    }
    count = tensor_count(input);
    if (shape_count(&shape, &made))
        return op_fail(call, "output 0 has a too large size");
    if (unknown < TENSOR_MAX_RANK) {
        if (made == 0 || count % made != 0)
            return op_fail(call, "%zu elements do not divide into rows of %zu", count, made);
        shape.dims[unknown] = (int64_t)(count / made);
        made = count;
    }
    if (made != count) {
        char from[128], to[128];
        return op_fail(call, "cannot reshape %s to %s",
                       shape_print(&input->shape, from, sizeof(from)),
                       shape_print(&shape, to, sizeof(to)));
    }
    return op_output_set(call, 0, input->type, &shape);
}

static int infer_flatten(struct op_call *call)
{
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    int64_t axis = node_int(call->node, "axis", 1), rank = input->shape.rank;
    if (axis < -rank || axis > rank)
        return op_fail(call, "attribute axis is %" PRId64 ", outside a tensor of rank %" PRId64,
                       axis, rank);
    axis += axis < 0 ? rank : 0;
    struct shape left = {.rank = (uint32_t)axis}, right = {.rank = (uint32_t)(rank - axis)};
    memcpy(left.dims, input->shape.dims, (size_t)axis * sizeof(int64_t));
    memcpy(right.dims, input->shape.dims + axis, (size_t)(rank - axis) * sizeof(int64_t));
    size_t rows, columns;
    if (shape_count(&left, &rows) || shape_count(&right, &columns) || rows > INT64_MAX ||
        columns > INT64_MAX)
        return op_fail(call, "output 0 has a too large size");
    struct shape shape = {.rank = 2, .dims = {(int64_t)rows, (int64_t)columns}};
    return op_output_set(call, 0, input->type, &shape);
}

static int infer_squeeze(struct op_call *call)
{
    struct list axes;
    uint32_t mask = 0;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = list_read(call, 1, "axes", &axes);
    if (!rc)
        rc = list_axes(call, &axes, op_input(call, 0)->shape.rank, &mask);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = {0};
    for (uint32_t d = 0; d < input->shape.rank; d++) {
        bool is_named = mask >> d & 1;
        if (is_named && input->shape.dims[d] != 1)
            return op_fail(call, "dimension %" PRIu32 " is %" PRId64 ", not 1", d,
                           input->shape.dims[d]);
        if (axes.count > 0 ? !is_named : input->shape.dims[d] != 1)
            shape.dims[shape.rank++] = input->shape.dims[d];
    }
    return op_output_set(call, 0, input->type, &shape);
}

static int infer_unsqueeze(struct op_call *call)
{
    struct list axes;
    uint32_t mask;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = list_read(call, 1, "axes", &axes);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    if (!axes.is_given)
        return op_fail(call, "axes are missing");
    if (axes.count + input->shape.rank > TENSOR_MAX_RANK)
        return op_fail(call, "output 0 would have rank %zu", axes.count + input->shape.rank);
    struct shape shape = {.rank = input->shape.rank + (uint32_t)axes.count};
    rc = list_axes(call, &axes, shape.rank, &mask);
    if (rc)
        return rc;
    for (uint32_t d = 0, from = 0; d < shape.rank; d++)
        shape.dims[d] = mask >> d & 1 ? 1 : input->shape.dims[from++];
    return op_output_set(call, 0, input->type, &shape);
}

static int infer_identity(struct op_call *call)
{
    int rc = op_require(call, 0, OP_ALL);
    return rc ? rc : op_output_set(call, 0, op_input(call, 0)->type, &op_input(call, 0)->shape);
}

static int infer_dropout(struct op_call *call)
{
    int rc = infer_identity(call);
    const struct tensor *training = op_input(call, 2);
    if (!rc && training)
        rc = op_require(call, 2, OP_BOOL);
    if (rc)
        return rc;
    if (training && training->data && tensor_count(training) == 1 &&
        *(const uint8_t *)training->data)
        return op_fail(call, "training_mode is set; only inference is supported");
    const struct tensor *input = op_input(call, 0);
    enum tensor_type mask = call->node->opset < 10 ? input->type : TENSOR_BOOL;
    return op_output_set(call, 1, mask, &input->shape);
}

static void compute_view(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (output && output->data != input->data)
        memcpy(output->data, input->data, tensor_count(output) * tensor_type_bytes(output->type));
}

/* The mask: all kept since opset 12; before, when it said nothing of inference, zeros as in ONNX
 * Runtime. */
static void compute_dropout(const struct op_call *call)
{
    compute_view(call);
    struct tensor *mask = op_output(call, 1);
    if (mask)
        memset(mask->data, call->node->opset >= 12,
               tensor_count(mask) * tensor_type_bytes(mask->type));
}

#define VIEW(NAME, INPUTS, OUTPUTS, SHAPE_INPUTS, INFER, COMPUTE)                                  \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 1, .max_inputs = INPUTS, .min_outputs = 1,       \
        .max_outputs = OUTPUTS, .flags = OP_VIEW, .shape_inputs = SHAPE_INPUTS, .infer = INFER,    \
        .compute = COMPUTE                                                                         \
    }

extern const struct op op_view[];
const struct op op_view[] = {
    VIEW("Reshape", 2, 1, 1u << 1, infer_reshape, compute_view),
    VIEW("Flatten", 1, 1, 0, infer_flatten, compute_view),
    VIEW("Squeeze", 2, 1, 1u << 1, infer_squeeze, compute_view),
    VIEW("Unsqueeze", 2, 1, 1u << 1, infer_unsqueeze, compute_view),
    VIEW("Identity", 1, 1, 0, infer_identity, compute_view),
    VIEW("Dropout", 3, 2, 0, infer_dropout, compute_dropout),
    {.type = NULL},
};
