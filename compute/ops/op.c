/* What every operator's infer needs: its error line, its inputs, axes and broadcasting. */
#include "compute/ops/op.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int op_fail(const struct op_call *call, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return graph_fail(call->error, -EINVAL, "%s node '%s': %s", call->node->op_type,
                      call->node->name ? call->node->name : "", text);
}

const struct tensor *op_input(const struct op_call *call, uint32_t i)
{
    return i < call->input_count ? call->inputs[i] : NULL;
}

struct tensor *op_output(const struct op_call *call, uint32_t i)
{
    return i < call->output_count ? call->outputs[i] : NULL;
}

int op_require(const struct op_call *call, uint32_t i, uint32_t type_mask)
{
    const struct tensor *input = op_input(call, i);
    if (!input)
        return op_fail(call, "input %" PRIu32 " is missing", i);
    if (input->type == TENSOR_NONE || !(type_mask & (1u << input->type)))
        return op_fail(call, "input %" PRIu32 " cannot be of type %s", i,
                       tensor_type_name(input->type));
    return 0;
}

int op_output_set(const struct op_call *call, uint32_t i, enum tensor_type type,
                  const struct shape *shape)
{
    struct tensor made = {.type = type, .shape = *shape};
    size_t bytes;
    if (tensor_bytes(&made, &bytes))
        return op_fail(call, "output %" PRIu32 " has a negative or too large size", i);
    struct tensor *output = op_output(call, i);
    if (!output && call->node->op && i < call->node->op->min_outputs)
        return op_fail(call, "output %" PRIu32 " is missing", i);
    if (output) {
        output->type = type;
        output->shape = *shape;
    }
    return 0;
}

int op_static_ints(const struct op_call *call, uint32_t i, int64_t *list, size_t capacity,
                   size_t *count)
{
    int rc = op_require(call, i, OP_I64 | OP_I32);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, i);
    if (input->shape.rank > 1)
        return op_fail(call, "input %" PRIu32 " must be a list of numbers, not of rank %" PRIu32, i,
                       input->shape.rank);
    size_t numbers = tensor_count(input);
    if (numbers > capacity)
        return op_fail(call, "input %" PRIu32 " holds %zu numbers, at most %zu make sense", i,
                       numbers, capacity);
    if (numbers > 0 && !input->data)
        return op_fail(call,
                       "input %" PRIu32 " decides the output's shape, so it must be known before a "
                       "run (a constant, or computed from shapes)",
                       i);
    for (size_t n = 0; n < numbers; n++)
        list[n] = input->type == TENSOR_I64 ? ((const int64_t *)input->data)[n]
                                            : ((const int32_t *)input->data)[n];
    *count = numbers;
    return 0;
}

int op_axis(const struct op_call *call, int64_t axis, uint32_t rank, uint32_t *out)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return op_fail(call, "attribute axis is %" PRId64 ", outside a tensor of rank %" PRIu32,
                       axis, rank);
    *out = (uint32_t)(axis < 0 ? axis + (int64_t)rank : axis);
    return 0;
}

int op_broadcast(const struct op_call *call, const struct shape *a, const struct shape *b,
                 struct shape *out)
{
    struct shape made = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (uint32_t i = 0; i < made.rank; i++) {
        /* Aligned at the last dimension; missing leading ones count as 1. */
        uint32_t from_end = made.rank - i;
        int64_t x = from_end <= a->rank ? a->dims[a->rank - from_end] : 1;
        int64_t y = from_end <= b->rank ? b->dims[b->rank - from_end] : 1;
        if (x != y && x != 1 && y != 1) {
            char left[128], right[128];
            return op_fail(call, "shapes %s and %s do not broadcast",
                           shape_print(a, left, sizeof(left)),
                           shape_print(b, right, sizeof(right)));
        }
        made.dims[i] = x == 1 ? y : x;
    }
    *out = made;
    return 0;
}
