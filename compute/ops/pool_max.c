/* MaxPool of any rank over float and uint8, with the optional Indices output. */
#include "compute/ops/pool.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

static int max_pool_infer(struct op_call *call)
{
    struct pool_params *params = call->params;
    int64_t order = node_int(call->node, "storage_order", 0);
    if (order != 0 && order != 1)
        return op_fail(call, "attribute storage_order is %" PRId64 ", neither 0 nor 1", order);
    params->column_major = order == 1;
    return pool_infer_window(call, OP_F32 | OP_U8);
}

/* The part of an output row that a tap of the last axis covers, and where it reads. */
struct max_pool_span {
    int64_t low, high;
    int64_t start; /* input coordinate of output coordinate 0 */
    int64_t stride;
};

static struct max_pool_span max_pool_span(const struct pool_row *row, int64_t tap)
{
    const struct window *window = &row->params->window;
    uint32_t last = window->spatial_rank - 1;
    struct max_pool_span span = {.start = tap * window->dilation[last] - window->pad_begin[last],
                                 .stride = window->stride[last]};
    window_clip(span.start, span.stride, row->in_dims[last], row->out_dims[last], &span.low,
                &span.high);
    return span;
}

static void max_pool_row_f32(struct pool_row *row, const float *plane, float *output)
{
    uint32_t last = row->params->window.spatial_rank - 1;
    for (int64_t x = 0; x < row->out_dims[last]; x++)
        output[x] = -INFINITY;
    for (size_t offset; pool_row_next(row, &offset);) {
        for (int64_t tap = 0; tap < row->params->window.kernel[last]; tap++) {
            struct max_pool_span span = max_pool_span(row, tap);
            const float *input = plane + offset;
            for (int64_t x = span.low; x < span.high; x++) {
                float value = input[span.start + x * span.stride];
                output[x] = value > output[x] ? value : output[x];
            }
        }
    }
}

static void max_pool_row_u8(struct pool_row *row, const uint8_t *plane, uint8_t *output)
{
    uint32_t last = row->params->window.spatial_rank - 1;
    for (int64_t x = 0; x < row->out_dims[last]; x++)
        output[x] = 0;
    for (size_t offset; pool_row_next(row, &offset);) {
        for (int64_t tap = 0; tap < row->params->window.kernel[last]; tap++) {
            struct max_pool_span span = max_pool_span(row, tap);
            const uint8_t *input = plane + offset;
            for (int64_t x = span.low; x < span.high; x++) {
                uint8_t value = input[span.start + x * span.stride];
                output[x] = value > output[x] ? value : output[x];
            }
        }
    }
}

/* The element's number within its plane when the first spatial axis is the fastest. */
static size_t max_pool_column_major(const struct pool_row *row, size_t offset)
{
    uint32_t rank = row->params->window.spatial_rank;
    int64_t at[WINDOW_MAX_RANK];
    for (uint32_t i = rank; i-- > 0;) {
        at[i] = (int64_t)(offset % (size_t)row->in_dims[i]);
        offset /= (size_t)row->in_dims[i];
    }
    size_t number = 0;
    for (uint32_t i = rank; i-- > 0;)
        number = number * (size_t)row->in_dims[i] + (size_t)at[i];
    return number;
}

/* Where the first of the largest elements stands, as ONNX numbers them: through all planes. -1
 * where a window has no element at all. */
static void max_pool_row_indices(struct pool_row *row, const struct tensor *input,
                                 size_t plane_size, int64_t *indices)
{
    uint32_t last = row->params->window.spatial_rank - 1;
    size_t base = row->plane * plane_size;
    const float *f32 = input->data;
    const uint8_t *u8 = input->data;
    bool is_u8 = input->type == TENSOR_U8;
    for (int64_t x = 0; x < row->out_dims[last]; x++)
        indices[x] = -1;
    for (size_t offset; pool_row_next(row, &offset);) {
        for (int64_t tap = 0; tap < row->params->window.kernel[last]; tap++) {
            struct max_pool_span span = max_pool_span(row, tap);
            for (int64_t x = span.low; x < span.high; x++) {
                size_t at = base + offset + (size_t)(span.start + x * span.stride);
                int64_t best = indices[x];
                if (best < 0 || (is_u8 ? u8[at] > u8[best] : f32[at] > f32[best]))
                    indices[x] = (int64_t)at;
            }
        }
    }
    for (int64_t x = 0; x < row->out_dims[last] && row->params->column_major; x++)
        if (indices[x] >= 0)
            indices[x] = (int64_t)(base + max_pool_column_major(row, (size_t)indices[x] - base));
}

static void max_pool_rows(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct tensor *input = call->inputs[0], *output = call->outputs[0];
    const struct tensor *indices = op_output(call, 1);
    size_t plane_size = shape_span(&input->shape, 2, input->shape.rank);
    size_t width = (size_t)output->shape.dims[output->shape.rank - 1];
    for (size_t number = first; number < last; number++) {
        struct pool_row row;
        pool_row_init(&row, call, number);
        if (input->type == TENSOR_U8)
            max_pool_row_u8(&row, (const uint8_t *)input->data + row.plane * plane_size,
                            (uint8_t *)output->data + number * width);
        else
            max_pool_row_f32(&row, (const float *)input->data + row.plane * plane_size,
                             (float *)output->data + number * width);
        if (indices) {
            pool_row_init(&row, call, number);
            max_pool_row_indices(&row, input, plane_size,
                                 (int64_t *)indices->data + number * width);
        }
    }
}

static void max_pool_compute(const struct op_call *call)
{
    range_run(call->pool, pool_row_count(call), 8, max_pool_rows, (void *)call);
}

const struct op op_pool_max[] = {
    {.type = "MaxPool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 2,
     .params_bytes = sizeof(struct pool_params),
     .infer = max_pool_infer,
     .compute = max_pool_compute},
    {0},
};
