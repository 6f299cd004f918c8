/* Pad in all modes, with negative pads that crop; row by row. */
#include "compute/ops/list.h"
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>
#include <string.h>

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

/* Along each dimension, count elements from first on are kept, and stand at `before` of the
 * output. */
struct pad_params {
    enum pad_mode mode;
    int64_t before[TENSOR_MAX_RANK]; /* >= 0 */
    int64_t first[TENSOR_MAX_RANK], count[TENSOR_MAX_RANK];
};

static int read_mode(const struct op_call *call, enum pad_mode *mode)
{
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *name = node_string(call->node, "mode", "constant");
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (enum pad_mode)i;
            return 0;
        }
    }
    return op_fail(call, "attribute mode is '%.32s'", name);
}

static int pad_dimension(const struct op_call *call, uint32_t d, int64_t before, int64_t after,
                         struct shape *shape)
{
    struct pad_params *params = call->params;
    int64_t dim = shape->dims[d], padded;
    if (before < -dim || after < -dim ||
        (before < 0 ? -before : 0) + (after < 0 ? -after : 0) > dim)
        return op_fail(call, "pads crop more than dimension %" PRIu32 " has", d);
    params->before[d] = before > 0 ? before : 0;
    params->first[d] = before < 0 ? -before : 0;
    params->count[d] = dim - params->first[d] - (after < 0 ? -after : 0);
    if (__builtin_add_overflow(dim, before, &padded) ||
        __builtin_add_overflow(padded, after, &padded))
        return op_fail(call, "output 0 has a too large size");
    if (params->mode != PAD_CONSTANT && params->count[d] == 0 && padded > 0)
        return op_fail(call, "dimension %" PRIu32 " has no element to repeat", d);
    shape->dims[d] = padded;
    return 0;
}

static int infer_pad(struct op_call *call)
{
    struct pad_params *params = call->params;
    struct list pads, axes;
    uint32_t seen;
    int rc = op_require(call, 0, OP_ALL);
    if (!rc)
        rc = read_mode(call, &params->mode);
    if (!rc)
        rc = list_read(call, 1, "pads", &pads);
    if (!rc)
        rc = list_read(call, 3, "axes", &axes);
    if (!rc && op_input(call, 2))
        rc = op_require(call, 2, 1u << op_input(call, 0)->type);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0), *filler = op_input(call, 2);
    struct shape shape = input->shape;
    if (filler && tensor_count(filler) != 1)
        return op_fail(call, "input 2 must be one number");
    if (!filler && node_attribute(call->node, "value") && input->type != TENSOR_F32)
        return op_fail(call, "attribute value is only for float tensors");
    if (!axes.is_given)
        for (axes.count = 0; axes.count < shape.rank; axes.count++)
            axes.numbers[axes.count] = (int64_t)axes.count;
    rc = list_axes(call, &axes, shape.rank, &seen);
    if (rc)
        return rc;
    if (pads.count != 2 * axes.count)
        return op_fail(call, "%zu pads for %zu dimensions", pads.count, axes.count);
    for (uint32_t d = 0; d < shape.rank; d++)
        params->count[d] = shape.dims[d];
    for (size_t i = 0; i < axes.count && !rc; i++) {
        int64_t axis = axes.numbers[i] + (axes.numbers[i] < 0 ? (int64_t)shape.rank : 0);
        rc = pad_dimension(call, (uint32_t)axis, pads.numbers[i], pads.numbers[i + axes.count],
                           &shape);
    }
    return rc ? rc : op_output_set(call, 0, input->type, &shape);
}

/* The input index behind output index i of dimension d; -1 where the filler stands. */
static int64_t source_index(const struct pad_params *params, uint32_t d, int64_t i)
{
    int64_t n = params->count[d];
    i -= params->before[d];
    if (i >= 0 && i < n)
        return params->first[d] + i;
    if (params->mode == PAD_CONSTANT)
        return -1;
    if (params->mode == PAD_EDGE)
        return params->first[d] + (i < 0 ? 0 : n - 1);
    int64_t period = params->mode == PAD_WRAP ? n : n > 1 ? 2 * (n - 1) : 1;
    i %= period;
    i += i < 0 ? period : 0;
    return params->first[d] + (i < n ? i : period - i);
}

struct pad_run {
    const struct pad_params *params;
    const struct shape *in, *out;
    const char *from;
    char *to;
    size_t bytes;
    const void *filler; /* one element */
};

static void fill(const struct pad_run *run, char *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * run->bytes, run->filler, run->bytes);
}

/* Elements [first, last) of an output row, all outside the part that is copied. */
static void pad_edge(const struct pad_run *run, const char *from, char *to, int64_t first,
                     int64_t last)
{
    uint32_t d = run->out->rank - 1;
    for (int64_t i = first; i < last; i++) {
        int64_t source = source_index(run->params, d, i);
        memcpy(to + (size_t)i * run->bytes,
               source < 0 ? run->filler : from + (size_t)source * run->bytes, run->bytes);
    }
}

static void pad_rows(void *arg, size_t first, size_t last)
{
    const struct pad_run *run = arg;
    const struct pad_params *params = run->params;
    uint32_t inner = run->out->rank - 1;
    size_t row_bytes = (size_t)run->out->dims[inner] * run->bytes;
    for (size_t row = first; row < last; row++) {
        char *to = run->to + row * row_bytes;
        size_t rest = row, source_row = 0, rows = 1;
        bool is_filler = false;
        for (uint32_t d = inner; d-- > 0;) {
            size_t dim = (size_t)run->out->dims[d];
            int64_t source = source_index(params, d, (int64_t)(rest % dim));
            is_filler = is_filler || source < 0;
            source_row += (size_t)source * rows;
            rows *= (size_t)run->in->dims[d];
            rest /= dim;
        }
        if (is_filler) {
            fill(run, to, (size_t)run->out->dims[inner]);
            continue;
        }
        const char *from = run->from + source_row * (size_t)run->in->dims[inner] * run->bytes;
        int64_t before = params->before[inner], count = params->count[inner];
        pad_edge(run, from, to, 0, before);
        if (count > 0)
            memcpy(to + (size_t)before * run->bytes,
                   from + (size_t)params->first[inner] * run->bytes, (size_t)count * run->bytes);
        pad_edge(run, from, to, before + count, run->out->dims[inner]);
    }
}

static void compute_pad(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0), *filler = op_input(call, 2);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    static const int64_t zero = 0;
    float value = node_float(call->node, "value", 0);
    struct pad_run run = {.params = call->params,
                          .in = &input->shape,
                          .out = &output->shape,
                          .from = input->data,
                          .to = output->data,
                          .bytes = tensor_type_bytes(input->type),
                          .filler = &zero};
    if (filler)
        run.filler = filler->data;
    else if (input->type == TENSOR_F32)
        run.filler = &value;
    uint32_t rank = output->shape.rank;
    if (rank == 0) {
        memcpy(output->data, input->data, run.bytes);
        return;
    }
    size_t row = (size_t)output->shape.dims[rank - 1];
    range_run(call->pool, shape_span(&output->shape, 0, rank - 1), 16384 / row + 1, pad_rows, &run);
}

extern const struct op op_pad[];
const struct op op_pad[] = {
    {.type = "Pad",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 4,
     .min_outputs = 1,
     .max_outputs = 1,
     .params_bytes = sizeof(struct pad_params),
     .shape_inputs = 1u << 1 | 1u << 3,
     .infer = infer_pad,
     .compute = compute_pad},
    {.type = NULL},
};
