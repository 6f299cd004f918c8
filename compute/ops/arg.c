/* ArgMax and ArgMin: where along an axis the extreme stands; the first of equals, or the last. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <string.h>

struct arg_params {
    uint32_t axis;
    bool is_min, is_last;
};

static int infer_arg(struct op_call *call)
{
    struct arg_params *params = call->params;
    int rc = op_require(call, 0, OP_NUMBER);
    if (!rc)
        rc = op_axis(call, node_int(call->node, "axis", 0), op_input(call, 0)->shape.rank,
                     &params->axis);
    if (rc)
        return rc;
    params->is_min = strcmp(call->node->op_type, "ArgMin") == 0;
    params->is_last = node_int(call->node, "select_last_index", 0) != 0;
    const struct shape *input = &op_input(call, 0)->shape;
    bool is_kept = node_int(call->node, "keepdims", 1) != 0;
    struct shape shape = {0};
    for (uint32_t d = 0; d < input->rank; d++)
        if (d != params->axis || is_kept)
            shape.dims[shape.rank++] = d == params->axis ? 1 : input->dims[d];
    size_t count;
    if (input->dims[params->axis] == 0 && (shape_count(&shape, &count) || count > 0))
        return op_fail(call, "there is nothing to choose along axis %u", params->axis);
    return op_output_set(call, 0, TENSOR_I64, &shape);
}

struct arg_run {
    const struct arg_params *params;
    const struct tensor *input;
    int64_t *out;
    size_t count, inner; /* elements along the axis, and after it */
};

/* With `is_last`, an equal element takes over. */
#define SEARCH(T)                                                                                  \
    do {                                                                                           \
        const T *x = (const T *)run->input->data + at;                                             \
        T found = x[0];                                                                            \
        for (size_t i = 1; i < run->count; i++) {                                                  \
            T next = x[i * run->inner];                                                            \
            bool is_better = is_min ? next < found : next > found;                                 \
            if (is_better || (is_last && next == found)) {                                         \
                found = next;                                                                      \
                best = i;                                                                          \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void arg_range(void *arg, size_t first, size_t last)
{
    const struct arg_run *run = arg;
    const bool is_min = run->params->is_min, is_last = run->params->is_last;
    for (size_t o = first; o < last; o++) {
        size_t at = o / run->inner * run->count * run->inner + o % run->inner, best = 0;
        switch (run->input->type) {
        case TENSOR_F32:
            SEARCH(float);
            break;
        case TENSOR_I32:
            SEARCH(int32_t);
            break;
        case TENSOR_I64:
            SEARCH(int64_t);
            break;
        default:
            SEARCH(uint8_t);
        }
        run->out[o] = (int64_t)best;
    }
}

static void compute_arg(const struct op_call *call)
{
    const struct arg_params *params = call->params;
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct arg_run run = {.params = params,
                          .input = input,
                          .out = output->data,
                          .count = (size_t)input->shape.dims[params->axis],
                          .inner = shape_span(&input->shape, params->axis + 1, input->shape.rank)};
    range_run(call->pool, tensor_count(output), 16384 / run.count + 1, arg_range, &run);
}

#define ARG(NAME)                                                                                  \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,            \
        .max_outputs = 1, .params_bytes = sizeof(struct arg_params), .infer = infer_arg,           \
        .compute = compute_arg                                                                     \
    }

extern const struct op op_arg[];
const struct op op_arg[] = {ARG("ArgMax"), ARG("ArgMin"), {.type = NULL}};
