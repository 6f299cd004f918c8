/* Shapes and element types: sizes that cannot overflow, and their spelling. */
#include "compute/tensor/tensor.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

size_t tensor_type_bytes(enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
    case TENSOR_I32:
        return 4;
    case TENSOR_I64:
        return 8;
    case TENSOR_U8:
    case TENSOR_BOOL:
        return 1;
    case TENSOR_NONE:
        break;
    }
    return 0;
}

const char *tensor_type_name(enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
        return "float";
    case TENSOR_U8:
        return "uint8";
    case TENSOR_I32:
        return "int32";
    case TENSOR_I64:
        return "int64";
    case TENSOR_BOOL:
        return "bool";
    case TENSOR_NONE:
        break;
    }
    return "none";
}

int shape_count(const struct shape *shape, size_t *count)
{
    if (shape->rank > TENSOR_MAX_RANK)
        return -EINVAL;
    bool is_empty = false;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 0)
            return -EINVAL;
        if (shape->dims[i] == 0)
            is_empty = true;
    }
    size_t product = 1;
    for (uint32_t i = 0; i < shape->rank && !is_empty; i++)
        if (__builtin_mul_overflow(product, (uint64_t)shape->dims[i], &product))
            return -EOVERFLOW;
    *count = is_empty ? 0 : product;
    return 0;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

size_t shape_span(const struct shape *shape, uint32_t first, uint32_t last)
{
    assert(first <= last && last <= shape->rank);
    size_t product = 1;
    for (uint32_t i = first; i < last; i++)
        product *= (size_t)shape->dims[i];
    return product;
}

const char *shape_print(const struct shape *shape, char *text, size_t size)
{
    if (shape->rank == 0) {
        snprintf(text, size, "scalar");
        return text;
    }
    size_t used = 0;
    for (uint32_t i = 0; i < shape->rank && used < size; i++) {
        int n = snprintf(text + used, size - used, i ? "x%" PRId64 : "%" PRId64, shape->dims[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}

int tensor_bytes(const struct tensor *tensor, size_t *bytes)
{
    size_t count;
    int rc = shape_count(&tensor->shape, &count);
    if (rc)
        return rc;
    size_t element = tensor_type_bytes(tensor->type);
    if (element == 0)
        return -EINVAL;
    if (__builtin_mul_overflow(count, element, bytes) || *bytes > PTRDIFF_MAX)
        return -EOVERFLOW;
    return 0;
}

size_t tensor_count(const struct tensor *tensor)
{
    return shape_span(&tensor->shape, 0, tensor->shape.rank);
}
