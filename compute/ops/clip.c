/* Clip: its bounds are attributes before opset 11 and optional inputs since. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <math.h>

static int infer_clip(struct op_call *call)
{
    int rc = op_require(call, 0, OP_NUMBER);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    for (uint32_t i = 1; i < 3 && !rc; i++) {
        const struct tensor *bound = op_input(call, i);
        if (!bound)
            continue;
        rc = op_require(call, i, 1u << input->type);
        if (!rc && tensor_count(bound) != 1)
            rc = op_fail(call, "input %u must be one number", i);
    }
    if (!rc && call->node->opset < 11 && input->type != TENSOR_F32)
        rc = op_fail(call, "cannot take an input of type %s", tensor_type_name(input->type));
    return rc ? rc : op_output_set(call, 0, input->type, &input->shape);
}

struct clip_run {
    const void *in;
    void *out;
    enum tensor_type type;
    float low_real, high_real;
    int64_t low, high;
};

#define CLIP(T, LOW, HIGH)                                                                         \
    do {                                                                                           \
        const T *in = run->in;                                                                     \
        T *out = run->out;                                                                         \
        const T low = (T)(LOW), high = (T)(HIGH);                                                  \
        for (size_t i = first; i < last; i++) {                                                    \
            T x = in[i] < low ? low : in[i];                                                       \
            out[i] = x > high ? high : x;                                                          \
        }                                                                                          \
    } while (0)

static void clip_range(void *arg, size_t first, size_t last)
{
    const struct clip_run *run = arg;
    switch (run->type) {
    case TENSOR_F32:
        CLIP(float, run->low_real, run->high_real);
        break;
    case TENSOR_I32:
        CLIP(int32_t, run->low, run->high);
        break;
    case TENSOR_I64:
        CLIP(int64_t, run->low, run->high);
        break;
    default:
        CLIP(uint8_t, run->low, run->high);
    }
}

/* The one number of an integer tensor. */
static int64_t whole_number(const struct tensor *bound)
{
    if (bound->type == TENSOR_I64)
        return *(const int64_t *)bound->data;
    if (bound->type == TENSOR_I32)
        return *(const int32_t *)bound->data;
    return *(const uint8_t *)bound->data;
}

static void compute_clip(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (!output)
        return;
    struct clip_run run = {.in = input->data, .out = output->data, .type = input->type};
    const struct tensor *low = op_input(call, 1), *high = op_input(call, 2);
    switch (input->type) {
    case TENSOR_F32:
        run.low_real = low ? *(const float *)low->data : node_float(call->node, "min", -INFINITY);
        run.high_real = high ? *(const float *)high->data : node_float(call->node, "max", INFINITY);
        break;
    case TENSOR_I32:
        run.low = low ? whole_number(low) : INT32_MIN;
        run.high = high ? whole_number(high) : INT32_MAX;
        break;
    case TENSOR_I64:
        run.low = low ? whole_number(low) : INT64_MIN;
        run.high = high ? whole_number(high) : INT64_MAX;
        break;
    default:
        run.low = low ? whole_number(low) : 0;
        run.high = high ? whole_number(high) : UINT8_MAX;
    }
    range_run(call->pool, tensor_count(input), 16384, clip_range, &run);
}

extern const struct op op_clip[];
const struct op op_clip[] = {
    {.type = "Clip",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 3,
     .min_outputs = 1,
     .max_outputs = 1,
     .flags = OP_INPLACE,
     .infer = infer_clip,
     .compute = compute_clip},
    {.type = NULL},
};
