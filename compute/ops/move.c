/* Operators that only move elements: Transpose, Expand, Tile, DepthToSpace, SpaceToDepth. */
#include "compute/ops/list.h"
#include "compute/ops/op.h"
#include "compute/ops/strided.h"

#include <inttypes.h>
#include <string.h>

/* Elements between neighbours along dimension d. */
static ptrdiff_t stride_of(const struct shape *shape, uint32_t d)
{
    return (ptrdiff_t)shape_span(shape, d + 1, shape->rank);
}

static void run_copy(const struct op_call *call, const struct strided *copy)
{
    strided_run(copy, op_input(call, 0)->data, op_output(call, 0)->data, call->pool);
}

struct transpose_params {
    uint32_t from[TENSOR_MAX_RANK]; /* output dimension d is input dimension from[d] */
};

static int infer_transpose(struct op_call *call)
{
    struct transpose_params *params = call->params;
    struct list order;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = list_read(call, 1, "perm", &order);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = {.rank = input->shape.rank};
    if (order.is_given && order.count != shape.rank)
        return op_fail(call, "attribute perm has %zu numbers for a tensor of rank %" PRIu32,
                       order.count, shape.rank);
    uint32_t seen;
    if (order.is_given) {
        rc = list_axes(call, &order, shape.rank, &seen);
        if (rc)
            return rc;
    }
    for (uint32_t d = 0; d < shape.rank; d++) {
        int64_t axis = order.is_given ? order.numbers[d] : (int64_t)shape.rank - 1 - d;
        params->from[d] = (uint32_t)(axis < 0 ? axis + (int64_t)shape.rank : axis);
        shape.dims[d] = input->shape.dims[params->from[d]];
    }
    return op_output_set(call, 0, input->type, &shape);
}

static void compute_transpose(const struct op_call *call)
{
    const struct transpose_params *params = call->params;
    const struct tensor *input = op_input(call, 0);
    const struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    for (uint32_t d = 0; d < output->shape.rank; d++)
        strided_add(&copy, (size_t)output->shape.dims[d], stride_of(&input->shape, params->from[d]),
                    stride_of(&output->shape, d));
    run_copy(call, &copy);
}

static int infer_expand(struct op_call *call)
{
    struct shape wanted = {0}, shape;
    size_t count;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = op_static_ints(call, 1, wanted.dims, TENSOR_MAX_RANK, &count);
    if (rc)
        return rc;
    wanted.rank = (uint32_t)count;
    for (uint32_t d = 0; d < wanted.rank; d++)
        if (wanted.dims[d] < 0)
            return op_fail(call, "the shape asked for has the dimension %" PRId64, wanted.dims[d]);
    rc = op_broadcast(call, &op_input(call, 0)->shape, &wanted, &shape);
    return rc ? rc : op_output_set(call, 0, op_input(call, 0)->type, &shape);
}

static void compute_expand(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    const struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    strided_broadcast(input, &output->shape, output->data, call->pool);
}

static int infer_tile(struct op_call *call)
{
    struct list repeats;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = op_require(call, 1, OP_I64 | OP_I32);
    if (!rc)
        rc = list_read(call, 1, "repeats", &repeats);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = input->shape;
    if (repeats.count != shape.rank)
        return op_fail(call, "%zu repeats for a tensor of rank %" PRIu32, repeats.count,
                       shape.rank);
    for (uint32_t d = 0; d < shape.rank; d++)
        if (repeats.numbers[d] < 0 ||
            __builtin_mul_overflow(shape.dims[d], repeats.numbers[d], &shape.dims[d]))
            return op_fail(call, "cannot repeat %" PRId64 " times", repeats.numbers[d]);
    return op_output_set(call, 0, input->type, &shape);
}

static void compute_tile(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    const struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    for (uint32_t d = 0; d < output->shape.rank; d++) {
        size_t dim = (size_t)input->shape.dims[d];
        ptrdiff_t out = stride_of(&output->shape, d);
        strided_add(&copy, (size_t)output->shape.dims[d] / dim, 0, out * (ptrdiff_t)dim);
        strided_add(&copy, dim, stride_of(&input->shape, d), out);
    }
    run_copy(call, &copy);
}

/* The side of the blocks; their shape checks are the same both ways. */
static int read_block(const struct op_call *call, int64_t *side)
{
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    if (op_input(call, 0)->shape.rank != 4)
        return op_fail(call, "input 0 must have rank 4");
    *side = node_int(call->node, "blocksize", 0);
    if (*side < 1 || *side > INT32_MAX)
        return op_fail(call, "attribute blocksize is %" PRId64, *side);
    return 0;
}

static int infer_depth_to_space(struct op_call *call)
{
    int64_t side;
    int rc = read_block(call, &side);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = input->shape;
    const char *mode = node_string(call->node, "mode", "DCR");
    if (strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0)
        return op_fail(call, "attribute mode is '%.32s', not DCR or CRD", mode);
    if (shape.dims[1] % (side * side) != 0)
        return op_fail(call, "%" PRId64 " channels do not divide into blocks of side %" PRId64,
                       shape.dims[1], side);
    shape.dims[1] /= side * side;
    for (uint32_t d = 2; d < 4; d++)
        if (__builtin_mul_overflow(shape.dims[d], side, &shape.dims[d]))
            return op_fail(call, "output 0 has a too large size");
    return op_output_set(call, 0, input->type, &shape);
}

/* The deep side, whose channels hold block row, block column and the wide side's channel, by their
 * strides in that order; the wide side is a plain image. */
static void add_blocks(struct strided *copy, const struct shape *deep, const struct shape *wide,
                       ptrdiff_t row, ptrdiff_t column, ptrdiff_t channel, bool is_to_deep)
{
    ptrdiff_t plane = (ptrdiff_t)shape_span(deep, 2, 4), width = (ptrdiff_t)deep->dims[3];
    ptrdiff_t wide_plane = (ptrdiff_t)shape_span(wide, 2, 4), wide_width = (ptrdiff_t)wide->dims[3];
    size_t side = (size_t)(wide->dims[3] / deep->dims[3]);
    struct {
        size_t count;
        ptrdiff_t deep, wide;
    } loops[] = {
        {(size_t)deep->dims[0], (ptrdiff_t)shape_span(deep, 1, 4),
         (ptrdiff_t)shape_span(wide, 1, 4)},
        {(size_t)wide->dims[1], channel * plane, wide_plane},
        {(size_t)deep->dims[2], width, (ptrdiff_t)side * wide_width},
        {side, row * plane, wide_width},
        {(size_t)deep->dims[3], 1, (ptrdiff_t)side},
        {side, column * plane, 1},
    };
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
        strided_add(copy, loops[i].count, is_to_deep ? loops[i].wide : loops[i].deep,
                    is_to_deep ? loops[i].deep : loops[i].wide);
}

static void compute_depth_to_space(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    const struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    ptrdiff_t side = (ptrdiff_t)(output->shape.dims[3] / input->shape.dims[3]);
    ptrdiff_t channels = (ptrdiff_t)output->shape.dims[1];
    if (strcmp(node_string(call->node, "mode", "DCR"), "DCR") == 0)
        add_blocks(&copy, &input->shape, &output->shape, side * channels, channels, 1, false);
    else
        add_blocks(&copy, &input->shape, &output->shape, side, 1, side * side, false);
    run_copy(call, &copy);
}

static int infer_space_to_depth(struct op_call *call)
{
    int64_t side;
    int rc = read_block(call, &side);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    struct shape shape = input->shape;
    if (shape.dims[2] % side != 0 || shape.dims[3] % side != 0)
        return op_fail(call,
                       "an image of %" PRId64 "x%" PRId64
                       " does not divide into blocks of side %" PRId64,
                       shape.dims[2], shape.dims[3], side);
    if (__builtin_mul_overflow(shape.dims[1], side * side, &shape.dims[1]))
        return op_fail(call, "output 0 has a too large size");
    shape.dims[2] /= side;
    shape.dims[3] /= side;
    return op_output_set(call, 0, input->type, &shape);
}

static void compute_space_to_depth(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    const struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    ptrdiff_t side = (ptrdiff_t)(input->shape.dims[3] / output->shape.dims[3]);
    ptrdiff_t channels = (ptrdiff_t)input->shape.dims[1];
    add_blocks(&copy, &output->shape, &input->shape, side * channels, channels, 1, true);
    run_copy(call, &copy);
}

#define MOVE(NAME, INPUTS, SHAPE_INPUTS, PARAMS_BYTES, VERB)                                       \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 1,  \
        .max_outputs = 1, .params_bytes = PARAMS_BYTES, .shape_inputs = SHAPE_INPUTS,              \
        .infer = infer_##VERB, .compute = compute_##VERB                                           \
    }

extern const struct op op_move[];
const struct op op_move[] = {
    MOVE("Transpose", 1, 0, sizeof(struct transpose_params), transpose),
    MOVE("Expand", 2, 1u << 1, 0, expand),
    MOVE("Tile", 2, 1u << 1, 0, tile),
    MOVE("DepthToSpace", 1, 0, 0, depth_to_space),
    MOVE("SpaceToDepth", 1, 0, 0, space_to_depth),
    {.type = NULL},
};
