/* Rows of a batch in and out: from where the caller has them to where the plan wants them. */
#include "compute/engine/context.h"

#include <string.h>

/* How the rows of a value lie in its dense tensor: `outer` times a chunk of `bytes` per row. */
struct row_layout {
    enum row_kind kind;
    size_t outer, bytes;
};

static struct row_layout row_layout(const struct engine_context *context, const struct plan *plan,
                                    uint32_t value)
{
    const struct tensor *tensor = &plan->instance.tensors[value];
    const struct value_rows *rows = &context->model->cuts.rows[value];
    size_t bytes = 0;
    tensor_bytes(tensor, &bytes);
    if (rows->kind == ROWS_LEADING)
        return (struct row_layout){ROWS_LEADING, 1, bytes / plan->batch};
    if (rows->kind == ROWS_AXIS && bytes > 0) {
        size_t outer = shape_span(&tensor->shape, 0, rows->axis);
        return (struct row_layout){ROWS_AXIS, outer, bytes / outer / plan->batch};
    }
    return (struct row_layout){ROWS_SHARED, 1, bytes};
}

/* Pointers to each image of the rows, for the layout kernels. */
static uint32_t image_pointers(struct engine_context *context, const struct plan *plan,
                               uint32_t value, uint32_t first_row, uint32_t rows,
                               const void *const *pointers)
{
    const struct tensor *tensor = &plan->instance.tensors[value];
    size_t per_row = (size_t)tensor->shape.dims[0] / plan->batch;
    size_t image_bytes = 0;
    tensor_bytes(tensor, &image_bytes);
    image_bytes /= (size_t)tensor->shape.dims[0];
    for (uint32_t r = 0; r < rows; r++)
        for (size_t i = 0; i < per_row; i++)
            context->rows[r * per_row + i] =
                (const char *)pointers[first_row + r] + i * image_bytes;
    return (uint32_t)(rows * per_row);
}

static size_t pixels_of(const struct tensor *tensor)
{
    return shape_span(&tensor->shape, 2, tensor->shape.rank);
}

void rows_load(struct engine_context *context, const struct plan *plan, uint32_t number,
               uint32_t first_row, uint32_t rows, const void *const *pointers)
{
    const struct place *place = &plan->places[number];
    const struct tensor *tensor = &plan->instance.tensors[place->value];
    char *to = context_place(context, plan, number, first_row);
    if (place->layout == LAYOUT_LAST) {
        uint32_t images = image_pointers(context, plan, place->value, first_row, rows, pointers);
        spatial_to_channels_last(context->model->isa, (uint32_t)tensor->shape.dims[1],
                                 pixels_of(tensor), images, (const float *const *)context->rows,
                                 (float *)to, place->stride, context->pool);
        return;
    }
    struct row_layout layout = row_layout(context, plan, place->value);
    if (layout.kind == ROWS_SHARED) {
        memcpy(to, pointers[0], layout.bytes);
        return;
    }
    size_t step = layout.kind == ROWS_AXIS ? layout.bytes * plan->batch : 0;
    for (uint32_t r = 0; r < rows; r++) {
        const char *from = pointers[first_row + r];
        for (size_t o = 0; o < layout.outer; o++)
            memcpy(to + o * step + r * layout.bytes, from + o * layout.bytes, layout.bytes);
    }
}

void rows_store(struct engine_context *context, const struct plan *plan, uint32_t number,
                uint32_t first_row, uint32_t rows, void *const *pointers)
{
    const struct place *place = &plan->places[number];
    const struct tensor *tensor = &plan->instance.tensors[place->value];
    const char *from = context_place(context, plan, number, first_row);
    if (place->layout == LAYOUT_LAST) {
        uint32_t images = image_pointers(context, plan, place->value, first_row, rows,
                                         (const void *const *)pointers);
        spatial_from_channels_last(context->model->isa, (uint32_t)tensor->shape.dims[1],
                                   pixels_of(tensor), images, (const float *)from, place->stride,
                                   (float *const *)context->rows, context->pool);
        return;
    }
    struct row_layout layout = row_layout(context, plan, place->value);
    if (layout.kind == ROWS_SHARED) {
        for (uint32_t r = 0; r < rows; r++)
            memcpy(pointers[first_row + r], from, layout.bytes);
        return;
    }
    size_t step = layout.kind == ROWS_AXIS ? layout.bytes * plan->batch : 0;
    for (uint32_t r = 0; r < rows; r++) {
        char *to = pointers[first_row + r];
        for (size_t o = 0; o < layout.outer; o++)
            memcpy(to + o * layout.bytes, from + o * step + r * layout.bytes, layout.bytes);
    }
}
