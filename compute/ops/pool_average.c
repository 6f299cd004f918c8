/* AveragePool and LpPool of any rank: sums over windows, divided or rooted at the end. */
#include "compute/ops/pool.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <math.h>

static int average_pool_infer(struct op_call *call)
{
    struct pool_params *params = call->params;
    params->count_include_pad = node_int(call->node, "count_include_pad", 0) != 0;
    return pool_infer_window(call, OP_F32);
}

static int lp_pool_infer(struct op_call *call)
{
    struct pool_params *params = call->params;
    params->p = node_int(call->node, "p", 2);
    if (params->p < 1)
        return op_fail(call, "attribute p is %" PRId64 ", at least 1 is needed", params->p);
    return pool_infer_window(call, OP_F32);
}

/* |x|^p, or x itself for p = 0. */
static float pool_power(float x, int64_t p)
{
    if (p == 0)
        return x;
    if (p == 1)
        return fabsf(x);
    if (p == 2)
        return x * x;
    return powf(fabsf(x), (float)p);
}

static void pool_sum_row(struct pool_row *row, int64_t p, const float *plane, float *output)
{
    const struct window *window = &row->params->window;
    uint32_t last = window->spatial_rank - 1;
    int64_t width = row->out_dims[last], stride = window->stride[last];
    for (int64_t x = 0; x < width; x++)
        output[x] = 0;
    for (size_t offset; pool_row_next(row, &offset);) {
        const float *input = plane + offset;
        for (int64_t tap = 0; tap < window->kernel[last]; tap++) {
            int64_t low, high, start = tap * window->dilation[last] - window->pad_begin[last];
            window_clip(start, stride, row->in_dims[last], width, &low, &high);
            if (p == 0)
                for (int64_t x = low; x < high; x++)
                    output[x] += input[start + x * stride];
            else
                for (int64_t x = low; x < high; x++)
                    output[x] += pool_power(input[start + x * stride], p);
        }
    }
}

/* Taps along an axis that count for the output at this coordinate. */
static int64_t pool_axis_count(const struct pool_row *row, uint32_t axis, int64_t at)
{
    const struct window *window = &row->params->window;
    int64_t start = at * window->stride[axis], size = row->in_dims[axis];
    if (row->params->count_include_pad)
        size += window->pad_begin[axis] + window->pad_end[axis];
    else
        start -= window->pad_begin[axis];
    int64_t first, last;
    window_clip(start, window->dilation[axis], size, window->kernel[axis], &first, &last);
    return last - first;
}

static void average_pool_rows(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct shape *input = &call->inputs[0]->shape, *output = &call->outputs[0]->shape;
    const float *from = call->inputs[0]->data;
    float *to = call->outputs[0]->data;
    uint32_t axis = output->rank - 3;
    size_t plane_size = shape_span(input, 2, input->rank);
    int64_t width = output->dims[output->rank - 1];
    for (size_t number = first; number < last; number++) {
        struct pool_row row;
        pool_row_init(&row, call, number);
        float *target = to + number * (size_t)width;
        pool_sum_row(&row, 0, from + row.plane * plane_size, target);
        float outer = 1;
        for (uint32_t i = 0; i < axis; i++)
            outer *= (float)pool_axis_count(&row, i, row.at[i]);
        for (int64_t x = 0; x < width; x++) {
            float count = outer * (float)pool_axis_count(&row, axis, x);
            target[x] = count > 0 ? target[x] / count : 0;
        }
    }
}

static void average_pool_compute(const struct op_call *call)
{
    range_run(call->pool, pool_row_count(call), 8, average_pool_rows, (void *)call);
}

static void lp_pool_rows(void *arg, size_t first, size_t last)
{
    const struct op_call *call = arg;
    const struct pool_params *params = call->params;
    const struct shape *input = &call->inputs[0]->shape, *output = &call->outputs[0]->shape;
    const float *from = call->inputs[0]->data;
    float *to = call->outputs[0]->data;
    size_t plane_size = shape_span(input, 2, input->rank);
    size_t width = (size_t)output->dims[output->rank - 1];
    for (size_t number = first; number < last; number++) {
        struct pool_row row;
        pool_row_init(&row, call, number);
        float *target = to + number * width;
        pool_sum_row(&row, params->p, from + row.plane * plane_size, target);
        for (size_t x = 0; x < width && params->p > 1; x++)
            target[x] = params->p == 2 ? sqrtf(target[x]) : powf(target[x], 1 / (float)params->p);
    }
}

static void lp_pool_compute(const struct op_call *call)
{
    range_run(call->pool, pool_row_count(call), 8, lp_pool_rows, (void *)call);
}

const struct op op_pool_average[] = {
    {.type = "AveragePool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct pool_params),
     .infer = average_pool_infer,
     .compute = average_pool_compute},
    {.type = "LpPool",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct pool_params),
     .infer = lp_pool_infer,
     .compute = lp_pool_compute},
    {0},
};
