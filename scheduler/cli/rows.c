/* Splits an array into the rows of a batch and puts rows together again. */
#include "scheduler/cli/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rows_init(struct rows *rows, const struct engine_tensor *tensor, uint32_t count, void *array)
{
    *rows = (struct rows){.array = array, .packed = array, .count = count, .outer = 1};
    if (tensor->batch_axis < 0)
        return 0;
    rows->row_bytes = tensor->bytes;
    rows->outer = shape_span(&tensor->shape, 0, (uint32_t)tensor->batch_axis);
    if (rows->outer <= 1 || count <= 1 || !tensor->bytes)
        return 0;
    /* aligned_alloc wants a multiple of the alignment. */
    size_t bytes = (tensor->bytes * count + 63) & ~(size_t)63;
    rows->packed = aligned_alloc(64, bytes);
    if (!rows->packed)
        return -ENOMEM;
    return 0;
}

void rows_fini(struct rows *rows)
{
    if (!rows)
        return;
    if (rows->packed != rows->array)
        free(rows->packed);
    *rows = (struct rows){0};
}

void *rows_at(const struct rows *rows, uint32_t row)
{
    return rows->packed + rows->row_bytes * row;
}

void rows_gather(struct rows *rows)
{
    if (rows->packed == rows->array)
        return;
    size_t piece = rows->row_bytes / rows->outer;
    for (uint32_t row = 0; row < rows->count; row++)
        for (size_t i = 0; i < rows->outer; i++)
            memcpy(rows->packed + row * rows->row_bytes + i * piece,
                   rows->array + (i * rows->count + row) * piece, piece);
}

void rows_scatter(struct rows *rows)
{
    if (rows->packed == rows->array)
        return;
    size_t piece = rows->row_bytes / rows->outer;
    for (uint32_t row = 0; row < rows->count; row++)
        for (size_t i = 0; i < rows->outer; i++)
            memcpy(rows->array + (i * rows->count + row) * piece,
                   rows->packed + row * rows->row_bytes + i * piece, piece);
}

struct shape rows_shape(const struct engine_tensor *tensor, uint32_t count)
{
    struct shape shape = tensor->shape;
    if (tensor->batch_axis >= 0)
        shape.dims[tensor->batch_axis] *= count;
    return shape;
}

uint32_t rows_count(const struct engine_tensor *tensor, const struct shape *shape)
{
    if (tensor->batch_axis < 0)
        return shape_equal(&tensor->shape, shape) ? 1 : 0;
    if (shape->rank != tensor->shape.rank)
        return 0;
    int64_t one = tensor->shape.dims[tensor->batch_axis];
    int64_t all = shape->dims[tensor->batch_axis];
    if (one <= 0 || all <= 0 || all % one || all / one > UINT32_MAX)
        return 0;
    uint32_t count = (uint32_t)(all / one);
    struct shape expected = rows_shape(tensor, count);
    return shape_equal(&expected, shape) ? count : 0;
}
