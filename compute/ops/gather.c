/* Gather and GatherElements: elements chosen by index along an axis.
 *
 * Indices that are known before a run are checked; those that come at run time are clamped into
 * the dimension, since a run cannot fail. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <string.h>

struct gather_params {
    uint32_t axis;
};

static int64_t index_at(const struct tensor *indices, size_t i)
{
    return indices->type == TENSOR_I64 ? ((const int64_t *)indices->data)[i]
                                       : ((const int32_t *)indices->data)[i];
}

/* A safe index for dim >= 1, negative ones counted from the end. */
static size_t clamp_index(int64_t index, int64_t dim)
{
    index += index < 0 ? dim : 0;
    return (size_t)(index < 0 ? 0 : index >= dim ? dim - 1 : index);
}

static int check_indices(struct op_call *call)
{
    struct gather_params *params = call->params;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = op_require(call, 1, OP_I64 | OP_I32);
    if (!rc)
        rc = op_axis(call, node_int(call->node, "axis", 0), op_input(call, 0)->shape.rank,
                     &params->axis);
    if (rc)
        return rc;
    const struct tensor *indices = op_input(call, 1);
    int64_t dim = op_input(call, 0)->shape.dims[params->axis];
    size_t count = tensor_count(indices);
    if (dim == 0 && count > 0)
        return op_fail(call, "there is nothing to choose along axis %" PRIu32, params->axis);
    for (size_t i = 0; i < count && indices->data; i++) {
        int64_t index = index_at(indices, i);
        if (index < -dim || index >= dim)
            return op_fail(call, "index %" PRId64 " is outside a dimension of %" PRId64, index,
                           dim);
    }
    return 0;
}

static int infer_gather(struct op_call *call)
{
    const struct gather_params *params = call->params;
    int rc = check_indices(call);
    if (rc)
        return rc;
    const struct shape *data = &op_input(call, 0)->shape, *indices = &op_input(call, 1)->shape;
    struct shape shape = {0};
    if (data->rank + indices->rank - 1 > TENSOR_MAX_RANK)
        return op_fail(call, "output 0 would have rank %" PRIu32, data->rank + indices->rank - 1);
    for (uint32_t d = 0; d < params->axis; d++)
        shape.dims[shape.rank++] = data->dims[d];
    for (uint32_t d = 0; d < indices->rank; d++)
        shape.dims[shape.rank++] = indices->dims[d];
    for (uint32_t d = params->axis + 1; d < data->rank; d++)
        shape.dims[shape.rank++] = data->dims[d];
    return op_output_set(call, 0, op_input(call, 0)->type, &shape);
}

struct gather_run {
    const struct tensor *indices;
    const char *data;
    char *out;
    int64_t dim;
    size_t index_count;
    size_t row_bytes; /* of one choice */
};

static void gather_rows(void *arg, size_t first, size_t last)
{
    const struct gather_run *run = arg;
    for (size_t row = first; row < last; row++) {
        size_t index = clamp_index(index_at(run->indices, row % run->index_count), run->dim);
        size_t source = row / run->index_count * (size_t)run->dim + index;
        memcpy(run->out + row * run->row_bytes, run->data + source * run->row_bytes,
               run->row_bytes);
    }
}

static void compute_gather(const struct op_call *call)
{
    const struct gather_params *params = call->params;
    const struct tensor *data = op_input(call, 0), *indices = op_input(call, 1);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct gather_run run = {.indices = indices,
                             .data = data->data,
                             .out = output->data,
                             .dim = data->shape.dims[params->axis],
                             .index_count = tensor_count(indices)};
    run.row_bytes = shape_span(&data->shape, params->axis + 1, data->shape.rank) *
                    tensor_type_bytes(data->type);
    size_t rows = shape_span(&data->shape, 0, params->axis) * run.index_count;
    range_run(call->pool, rows, 65536 / run.row_bytes + 1, gather_rows, &run);
}

static int infer_gather_elements(struct op_call *call)
{
    const struct gather_params *params = call->params;
    int rc = check_indices(call);
    if (rc)
        return rc;
    const struct shape *data = &op_input(call, 0)->shape, *indices = &op_input(call, 1)->shape;
    if (data->rank != indices->rank)
        return op_fail(call, "data and indices differ in rank");
    for (uint32_t d = 0; d < data->rank; d++)
        if (d != params->axis && indices->dims[d] > data->dims[d])
            return op_fail(call, "indices are larger than the data in dimension %" PRIu32, d);
    return op_output_set(call, 0, op_input(call, 0)->type, indices);
}

struct elements_run {
    const struct tensor *data, *indices;
    uint32_t axis;
    char *out;
    size_t bytes;
};

static void gather_elements(void *arg, size_t first, size_t last)
{
    const struct elements_run *run = arg;
    const struct shape *data = &run->data->shape, *indices = &run->indices->shape;
    for (size_t i = first; i < last; i++) {
        size_t rest = i, source = 0, stride = 1;
        for (uint32_t d = data->rank; d-- > 0;) {
            size_t at = rest % (size_t)indices->dims[d];
            if (d == run->axis)
                at = clamp_index(index_at(run->indices, i), data->dims[d]);
            source += at * stride;
            stride *= (size_t)data->dims[d];
            rest /= (size_t)indices->dims[d];
        }
        memcpy(run->out + i * run->bytes, (const char *)run->data->data + source * run->bytes,
               run->bytes);
    }
}

static void compute_gather_elements(const struct op_call *call)
{
    const struct gather_params *params = call->params;
    struct tensor *output = op_output(call, 0);
    if (!output)
        return;
    struct elements_run run = {.data = op_input(call, 0),
                               .indices = op_input(call, 1),
                               .axis = params->axis,
                               .out = output->data,
                               .bytes = tensor_type_bytes(output->type)};
    range_run(call->pool, tensor_count(output), 4096, gather_elements, &run);
}

#define GATHER(NAME, VERB)                                                                         \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 2, .max_inputs = 2, .min_outputs = 1,            \
        .max_outputs = 1, .params_bytes = sizeof(struct gather_params), .infer = infer_##VERB,     \
        .compute = compute_##VERB                                                                  \
    }

extern const struct op op_gather[];
const struct op op_gather[] = {
    GATHER("Gather", gather),
    GATHER("GatherElements", gather_elements),
    {.type = NULL},
};
