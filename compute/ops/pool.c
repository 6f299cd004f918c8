/* The geometry of pools of any rank: output shapes, and which input rows an output row covers. */
#include "compute/ops/pool.h"

#include <inttypes.h>

int pool_infer_window(struct op_call *call, uint32_t types)
{
    struct pool_params *params = call->params;
    int result = op_require(call, 0, types);
    if (result != 0)
        return result;
    const struct tensor *input = call->inputs[0];
    result = window_parse(call, &input->shape, NULL, &params->window);
    if (result != 0)
        return result;
    params->ceil_mode = node_int(call->node, "ceil_mode", 0) != 0;
    struct shape output = input->shape;
    for (uint32_t i = 0; i < params->window.spatial_rank; i++) {
        int64_t reach = params->window.kernel[i] * params->window.dilation[i];
        if (params->window.pad_begin[i] >= reach || params->window.pad_end[i] >= reach)
            return op_fail(call, "the padding of axis %" PRIu32 " is as wide as the window", 2 + i);
        output.dims[2 + i] =
            window_positions(&params->window, i, input->shape.dims[2 + i], params->ceil_mode);
        if (output.dims[2 + i] < 1)
            return op_fail(call, "the window does not fit axis %" PRIu32, 2 + i);
    }
    result = op_output_set(call, 0, input->type, &output);
    return result != 0 ? result : op_output_set(call, 1, TENSOR_I64, &output);
}

size_t pool_row_count(const struct op_call *call)
{
    const struct shape *output = &call->outputs[0]->shape;
    return shape_span(output, 0, output->rank - 1);
}

void pool_row_init(struct pool_row *row, const struct op_call *call, size_t number)
{
    const struct pool_params *params = call->params;
    const struct window *window = &params->window;
    *row = (struct pool_row){.params = params,
                             .in_dims = call->inputs[0]->shape.dims + 2,
                             .out_dims = call->outputs[0]->shape.dims + 2};
    for (uint32_t i = window->spatial_rank - 1; i-- > 0;) {
        row->at[i] = (int64_t)(number % (size_t)row->out_dims[i]);
        number /= (size_t)row->out_dims[i];
        int64_t start = row->at[i] * window->stride[i] - window->pad_begin[i];
        window_clip(start, window->dilation[i], row->in_dims[i], window->kernel[i], &row->first[i],
                    &row->last[i]);
        row->tap[i] = row->first[i];
        row->is_done = row->is_done || row->first[i] == row->last[i];
    }
    row->plane = number;
}

bool pool_row_next(struct pool_row *row, size_t *offset)
{
    const struct window *window = &row->params->window;
    uint32_t outer = window->spatial_rank - 1;
    if (row->is_done)
        return false;
    size_t at = 0;
    for (uint32_t i = 0; i < outer; i++)
        at = at * (size_t)row->in_dims[i] +
             (size_t)(row->at[i] * window->stride[i] - window->pad_begin[i] +
                      row->tap[i] * window->dilation[i]);
    *offset = at * (size_t)row->in_dims[outer];
    row->is_done = true;
    for (uint32_t i = outer; i-- > 0;) {
        if (++row->tap[i] < row->last[i]) {
            row->is_done = false;
            break;
        }
        row->tap[i] = row->first[i];
    }
    return true;
}
