/* Min, Max, Sum and Mean of any number of tensors, and Where, with broadcasting. */
#include "compute/ops/binary.h"
#include "compute/ops/broadcast.h"
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <string.h>

struct variadic_params {
    binary_loop *loop;
    bool is_mean;
};

static int infer_variadic(struct op_call *call)
{
    struct variadic_params *params = call->params;
    int rc = op_require(call, 0, OP_NUMBER);
    if (rc)
        return rc;
    const struct tensor *first = op_input(call, 0);
    struct shape shape = first->shape;
    for (uint32_t i = 1; i < call->input_count; i++) {
        rc = op_require(call, i, 1u << first->type);
        if (!rc)
            rc = op_broadcast(call, &shape, &op_input(call, i)->shape, &shape);
        if (rc)
            return rc;
    }
    params->loop = binary_loop_find(call->node->op_type, first->type);
    params->is_mean = strcmp(call->node->op_type, "Mean") == 0;
    if (!params->loop)
        return op_fail(call, "cannot take inputs of type %s", tensor_type_name(first->type));
    return op_output_set(call, 0, first->type, &shape);
}

struct variadic_run {
    binary_loop *loop;
    const char *a, *b;
    char *out;
    size_t bytes;
};

static void run_row(void *arg, size_t n, size_t output, const size_t *inputs, const size_t *steps)
{
    const struct variadic_run *run = arg;
    run->loop(run->a + inputs[0] * run->bytes, steps[0], run->b + inputs[1] * run->bytes, steps[1],
              run->out + output * run->bytes, n);
}

struct divide_run {
    float *data;
    float divisor;
};

static void divide_range(void *arg, size_t first, size_t last)
{
    const struct divide_run *run = arg;
    for (size_t i = first; i < last; i++)
        run->data[i] /= run->divisor;
}

static void compute_variadic(const struct op_call *call)
{
    const struct variadic_params *params = call->params;
    struct tensor *out = op_output(call, 0);
    if (!out)
        return;
    struct variadic_run run = {
        .loop = params->loop, .out = out->data, .bytes = tensor_type_bytes(out->type)};
    const struct tensor *first = op_input(call, 0);
    if (call->input_count == 1) {
        memcpy(out->data, first->data, tensor_count(out) * run.bytes);
        return;
    }
    for (uint32_t i = 1; i < call->input_count; i++) {
        const struct tensor *left = i == 1 ? first : out, *right = op_input(call, i);
        const struct shape *shapes[] = {&left->shape, &right->shape};
        struct broadcast broadcast;
        run.a = left->data;
        run.b = right->data;
        broadcast_init(&broadcast, &out->shape, 2, shapes);
        broadcast_run(&broadcast, call->pool, BROADCAST_GRAIN, run_row, &run);
    }
    if (params->is_mean) {
        struct divide_run divide = {.data = out->data, .divisor = (float)call->input_count};
        range_run(call->pool, tensor_count(out), 16384, divide_range, &divide);
    }
}

static int infer_where(struct op_call *call)
{
    int rc = op_require(call, 0, OP_BOOL);
    if (!rc)
        rc = op_require(call, 1, OP_ALL);
    if (!rc)
        rc = op_require(call, 2, 1u << op_input(call, 1)->type);
    struct shape shape;
    if (!rc)
        rc = op_broadcast(call, &op_input(call, 1)->shape, &op_input(call, 2)->shape, &shape);
    if (!rc)
        rc = op_broadcast(call, &op_input(call, 0)->shape, &shape, &shape);
    return rc ? rc : op_output_set(call, 0, op_input(call, 1)->type, &shape);
}

struct where_run {
    const uint8_t *condition;
    const void *x, *y;
    void *out;
    size_t bytes;
};

#define SELECT(T)                                                                                  \
    do {                                                                                           \
        const T *x = (const T *)run->x + inputs[1], *y = (const T *)run->y + inputs[2];            \
        T *out = (T *)run->out + output;                                                           \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = condition[i * steps[0]] ? x[i * steps[1]] : y[i * steps[2]];                  \
    } while (0)

static void select_row(void *arg, size_t n, size_t output, const size_t *inputs,
                       const size_t *steps)
{
    const struct where_run *run = arg;
    const uint8_t *condition = run->condition + inputs[0];
    if (run->bytes == 8)
        SELECT(uint64_t);
    else if (run->bytes == 4)
        SELECT(uint32_t);
    else
        SELECT(uint8_t);
}

static void compute_where(const struct op_call *call)
{
    const struct tensor *condition = op_input(call, 0);
    const struct tensor *x = op_input(call, 1), *y = op_input(call, 2);
    struct tensor *out = op_output(call, 0);
    if (!out)
        return;
    struct where_run run = {.condition = condition->data,
                            .x = x->data,
                            .y = y->data,
                            .out = out->data,
                            .bytes = tensor_type_bytes(out->type)};
    const struct shape *shapes[] = {&condition->shape, &x->shape, &y->shape};
    struct broadcast broadcast;
    broadcast_init(&broadcast, &out->shape, 3, shapes);
    broadcast_run(&broadcast, call->pool, BROADCAST_GRAIN, select_row, &run);
}

/* Not OP_INPLACE: the same tensor may be given again after the first input was overwritten. */
#define VARIADIC(NAME)                                                                             \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 1, .max_inputs = OP_ANY, .min_outputs = 1,       \
        .max_outputs = 1, .params_bytes = sizeof(struct variadic_params), .infer = infer_variadic, \
        .compute = compute_variadic                                                                \
    }

extern const struct op op_variadic[];
const struct op op_variadic[] = {
    VARIADIC("Min"),
    VARIADIC("Max"),
    VARIADIC("Sum"),
    VARIADIC("Mean"),
    {.type = "Where",
     .domain = "",
     .min_inputs = 3,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .infer = infer_where,
     .compute = compute_where},
    {.type = NULL},
};
