/* Tensors made from attributes and shapes: Constant, ConstantOfShape, Shape, Size, Range. */
#include "compute/ops/op.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Dimensions [first, last) that Shape gives: start and end since opset 15, clamped. */
static void shape_range(const struct op_call *call, int64_t *first, int64_t *last)
{
    int64_t rank = op_input(call, 0)->shape.rank;
    int64_t start = node_int(call->node, "start", 0), end = node_int(call->node, "end", rank);
    *first = clamp(start + (start < 0 ? rank : 0), 0, rank);
    *last = clamp(end + (end < 0 ? rank : 0), *first, rank);
}

static int infer_shape(struct op_call *call)
{
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    int64_t first, last;
    shape_range(call, &first, &last);
    return op_output_set(call, 0, TENSOR_I64, &(struct shape){.rank = 1, .dims = {last - first}});
}

static void compute_shape(const struct op_call *call)
{
    int64_t first, last;
    shape_range(call, &first, &last);
    struct tensor *output = op_output(call, 0);
    if (output && last > first)
        memcpy(output->data, op_input(call, 0)->shape.dims + first,
               (size_t)(last - first) * sizeof(int64_t));
}

static int infer_size(struct op_call *call)
{
    int rc = op_require(call, 0, OP_ALL);
    return rc ? rc : op_output_set(call, 0, TENSOR_I64, &(struct shape){.rank = 0});
}

static void compute_size(const struct op_call *call)
{
    struct tensor *output = op_output(call, 0);
    if (output)
        *(int64_t *)output->data = (int64_t)tensor_count(op_input(call, 0));
}

/* The value of a Constant whatever attribute holds it; its data lives as long as the node. */
static int constant_value(const struct op_call *call, struct tensor *value)
{
    for (uint32_t i = 0; i < call->node->attribute_count; i++) {
        const struct attribute *a = &call->node->attributes[i];
        struct shape list = {.rank = 1, .dims = {(int64_t)a->count}};
        *value = (struct tensor){0};
        if (strcmp(a->name, "value") == 0 && a->kind == ATTRIBUTE_TENSOR)
            *value = a->tensor;
        else if (strcmp(a->name, "value_float") == 0 && a->kind == ATTRIBUTE_FLOAT)
            *value = (struct tensor){.type = TENSOR_F32, .data = (void *)&a->f};
        else if (strcmp(a->name, "value_int") == 0 && a->kind == ATTRIBUTE_INT)
            *value = (struct tensor){.type = TENSOR_I64, .data = (void *)&a->i};
        else if (strcmp(a->name, "value_floats") == 0 && a->kind == ATTRIBUTE_FLOATS)
            *value = (struct tensor){.type = TENSOR_F32, .shape = list, .data = a->floats};
        else if (strcmp(a->name, "value_ints") == 0 && a->kind == ATTRIBUTE_INTS)
            *value = (struct tensor){.type = TENSOR_I64, .shape = list, .data = a->ints};
        if (value->type != TENSOR_NONE)
            return 0;
    }
    return op_fail(call, "has no value of a type this engine knows");
}

static int infer_constant(struct op_call *call)
{
    struct tensor value;
    int rc = constant_value(call, &value);
    return rc ? rc : op_output_set(call, 0, value.type, &value.shape);
}

static void compute_constant(const struct op_call *call)
{
    struct tensor value;
    struct tensor *output = op_output(call, 0);
    if (output && constant_value(call, &value) == 0 && tensor_count(&value) > 0)
        memcpy(output->data, value.data, tensor_count(&value) * tensor_type_bytes(value.type));
}

static int infer_constant_of_shape(struct op_call *call)
{
    struct shape shape = {0};
    size_t rank, count;
    int rc = op_static_ints(call, 0, shape.dims, TENSOR_MAX_RANK, &rank);
    if (rc)
        return rc;
    shape.rank = (uint32_t)rank;
    const struct attribute *value = node_attribute(call->node, "value");
    if (!value)
        return op_output_set(call, 0, TENSOR_F32, &shape);
    if (value->kind != ATTRIBUTE_TENSOR || shape_count(&value->tensor.shape, &count) ||
        count != 1 || !value->tensor.data)
        return op_fail(call, "attribute value must be a tensor of one element");
    return op_output_set(call, 0, value->tensor.type, &shape);
}

static void compute_constant_of_shape(const struct op_call *call)
{
    struct tensor *output = op_output(call, 0);
    if (!output)
        return;
    const struct attribute *value = node_attribute(call->node, "value");
    size_t bytes = tensor_type_bytes(output->type), count = tensor_count(output);
    if (!value)
        memset(output->data, 0, bytes * count);
    else
        for (size_t i = 0; i < count; i++)
            memcpy((char *)output->data + i * bytes, value->tensor.data, bytes);
}

/* Element i of a list of one number of any number type. */
static double real_at(const struct tensor *tensor)
{
    if (tensor->type == TENSOR_F32)
        return (double)*(const float *)tensor->data;
    return tensor->type == TENSOR_I64 ? (double)*(const int64_t *)tensor->data
                                      : (double)*(const int32_t *)tensor->data;
}

static int64_t whole_at(const struct tensor *tensor)
{
    return tensor->type == TENSOR_I64 ? *(const int64_t *)tensor->data
                                      : *(const int32_t *)tensor->data;
}

static int infer_range(struct op_call *call)
{
    int rc = op_require(call, 0, OP_F32 | OP_I32 | OP_I64);
    for (uint32_t i = 0; i < 3 && !rc; i++) {
        rc = op_require(call, i, 1u << op_input(call, 0)->type);
        if (!rc && tensor_count(op_input(call, i)) != 1)
            rc = op_fail(call, "input %" PRIu32 " must be one number", i);
        if (!rc && !op_input(call, i)->data)
            rc = op_fail(call, "input %" PRIu32 " must be known before a run", i);
    }
    if (rc)
        return rc;
    const struct tensor *start = op_input(call, 0), *limit = op_input(call, 1);
    const struct tensor *delta = op_input(call, 2);
    double count = ceil((real_at(limit) - real_at(start)) / real_at(delta));
    if (!(fabs(count) < 1e15)) /* a delta of 0, infinity, NaN */
        return op_fail(call, "the number of elements has no bound");
    struct shape shape = {.rank = 1, .dims = {count > 0 ? (int64_t)count : 0}};
    return op_output_set(call, 0, start->type, &shape);
}

static void compute_range(const struct op_call *call)
{
    struct tensor *output = op_output(call, 0);
    if (!output)
        return;
    const struct tensor *start = op_input(call, 0), *delta = op_input(call, 2);
    size_t count = tensor_count(output);
    if (output->type == TENSOR_F32) {
        for (size_t i = 0; i < count; i++)
            ((float *)output->data)[i] = (float)(real_at(start) + (double)i * real_at(delta));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t x = (uint64_t)whole_at(start) + i * (uint64_t)whole_at(delta);
        if (output->type == TENSOR_I64)
            ((int64_t *)output->data)[i] = (int64_t)x;
        else
            ((int32_t *)output->data)[i] = (int32_t)x;
    }
}

#define MAKE(NAME, INPUTS, FLAGS, SHAPE_INPUTS, VERB)                                              \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 1,  \
        .max_outputs = 1, .flags = FLAGS, .shape_inputs = SHAPE_INPUTS, .infer = infer_##VERB,     \
        .compute = compute_##VERB                                                                  \
    }

extern const struct op op_constant[];
const struct op op_constant[] = {
    MAKE("Shape", 1, OP_OF_SHAPE, 0, shape),
    MAKE("Size", 1, OP_OF_SHAPE, 0, size),
    MAKE("Constant", 0, 0, 0, constant),
    MAKE("ConstantOfShape", 1, 0, 1u << 0, constant_of_shape),
    MAKE("Range", 3, 0, 1u << 0 | 1u << 1 | 1u << 2, range),
    {.type = NULL},
};
