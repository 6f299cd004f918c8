/* Operators of two tensors with broadcasting: arithmetic, comparison, logic, PRelu. */
#include "compute/ops/binary.h"

#include "compute/ops/broadcast.h"
#include "compute/ops/op.h"

#include <string.h>

struct binary_params {
    binary_loop *loop;
};

static int set_binary(struct op_call *call, binary_loop *loop, enum tensor_type type)
{
    const struct tensor *a = op_input(call, 0), *b = op_input(call, 1);
    struct shape shape;
    int rc = op_broadcast(call, &a->shape, &b->shape, &shape);
    if (rc)
        return rc;
    if (!loop)
        return op_fail(call, "cannot take inputs of type %s and %s", tensor_type_name(a->type),
                       tensor_type_name(b->type));
    ((struct binary_params *)call->params)->loop = loop;
    return op_output_set(call, 0, type, &shape);
}

static int require_two(const struct op_call *call, bool is_mixed)
{
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = op_require(call, 1, OP_ALL);
    if (rc)
        return rc;
    const struct tensor *a = op_input(call, 0), *b = op_input(call, 1);
    if (!is_mixed && a->type != b->type)
        return op_fail(call, "inputs of type %s and %s do not go together",
                       tensor_type_name(a->type), tensor_type_name(b->type));
    return 0;
}

static int infer_arithmetic(struct op_call *call)
{
    int rc = require_two(call, false);
    if (rc)
        return rc;
    enum tensor_type type = op_input(call, 0)->type;
    return set_binary(call, binary_loop_find(call->node->op_type, type), type);
}

static int infer_comparison(struct op_call *call)
{
    int rc = require_two(call, false);
    if (rc)
        return rc;
    enum tensor_type type = op_input(call, 0)->type;
    return set_binary(call, binary_loop_find(call->node->op_type, type), TENSOR_BOOL);
}

static int infer_pow(struct op_call *call)
{
    int rc = require_two(call, true);
    if (rc)
        return rc;
    enum tensor_type base = op_input(call, 0)->type;
    return set_binary(call, binary_loop_pow(base, op_input(call, 1)->type), base);
}

static int infer_prelu(struct op_call *call)
{
    int rc = require_two(call, false);
    struct shape shape;
    if (rc)
        return rc;
    const struct tensor *x = op_input(call, 0), *slope = op_input(call, 1);
    rc = op_broadcast(call, &x->shape, &slope->shape, &shape);
    if (rc)
        return rc;
    if (!shape_equal(&shape, &x->shape))
        return op_fail(call, "the slope is larger than the input");
    return set_binary(call, binary_loop_find("PRelu", x->type), x->type);
}

struct binary_run {
    binary_loop *loop;
    const char *a, *b;
    char *out;
    size_t a_bytes, b_bytes, out_bytes; /* of an element */
};

static void run_row(void *arg, size_t n, size_t output, const size_t *inputs, const size_t *steps)
{
    const struct binary_run *run = arg;
    run->loop(run->a + inputs[0] * run->a_bytes, steps[0], run->b + inputs[1] * run->b_bytes,
              steps[1], run->out + output * run->out_bytes, n);
}

static void compute_binary(const struct op_call *call)
{
    const struct binary_params *params = call->params;
    const struct tensor *a = op_input(call, 0), *b = op_input(call, 1);
    struct tensor *out = op_output(call, 0);
    if (!out)
        return;
    struct binary_run run = {.loop = params->loop,
                             .a = a->data,
                             .b = b->data,
                             .out = out->data,
                             .a_bytes = tensor_type_bytes(a->type),
                             .b_bytes = tensor_type_bytes(b->type),
                             .out_bytes = tensor_type_bytes(out->type)};
    const struct shape *shapes[] = {&a->shape, &b->shape};
    struct broadcast broadcast;
    broadcast_init(&broadcast, &out->shape, 2, shapes);
    broadcast_run(&broadcast, call->pool, BROADCAST_GRAIN, run_row, &run);
}

#define BINARY(NAME, INFER, FLAGS)                                                                 \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 2, .max_inputs = 2, .min_outputs = 1,            \
        .max_outputs = 1, .flags = FLAGS, .params_bytes = sizeof(struct binary_params),            \
        .infer = INFER, .compute = compute_binary                                                  \
    }

extern const struct op op_binary[];
const struct op op_binary[] = {
    BINARY("Add", infer_arithmetic, OP_INPLACE),
    BINARY("Sub", infer_arithmetic, OP_INPLACE),
    BINARY("Mul", infer_arithmetic, OP_INPLACE),
    BINARY("Div", infer_arithmetic, OP_INPLACE),
    BINARY("Pow", infer_pow, OP_INPLACE),
    BINARY("PRelu", infer_prelu, OP_INPLACE),
    BINARY("Equal", infer_comparison, 0),
    BINARY("Greater", infer_comparison, 0),
    BINARY("Less", infer_comparison, 0),
    BINARY("GreaterOrEqual", infer_comparison, 0),
    BINARY("LessOrEqual", infer_comparison, 0),
    BINARY("And", infer_comparison, 0),
    BINARY("Or", infer_comparison, 0),
    BINARY("Xor", infer_comparison, 0),
    {.type = NULL},
};
