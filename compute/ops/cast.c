/* Cast between all types. A float to an integer truncates; what does not fit becomes the nearest
 * integer that does, and NaN becomes 0. Between integers the low bits are kept. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <inttypes.h>

static int infer_cast(struct op_call *call)
{
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    int64_t to = node_int(call->node, "to", 0);
    if (to < 1 || to > TENSOR_BOOL || tensor_type_bytes((enum tensor_type)to) == 0)
        return op_fail(call, "cannot cast to type %" PRId64, to);
    return op_output_set(call, 0, (enum tensor_type)to, &op_input(call, 0)->shape);
}

struct cast_run {
    const struct tensor *input;
    struct tensor *output;
};

#define CONVERT(FROM, TO, EXPRESSION)                                                              \
    do {                                                                                           \
        const FROM *in = run->input->data;                                                         \
        TO *out = run->output->data;                                                               \
        for (size_t i = first; i < last; i++) {                                                    \
            const FROM x = in[i];                                                                  \
            out[i] = (TO)(EXPRESSION);                                                             \
        }                                                                                          \
    } while (0)

#define SATURATED(LOW, HIGH, LOW_NUMBER, HIGH_NUMBER)                                              \
    (x >= (HIGH) ? (HIGH_NUMBER) : x <= (LOW) ? (LOW_NUMBER) : x != x ? 0 : (int64_t)x)

#define CONVERT_WHOLE(FROM)                                                                        \
    do {                                                                                           \
        switch (run->output->type) {                                                               \
        case TENSOR_F32:                                                                           \
            CONVERT(FROM, float, x);                                                               \
            break;                                                                                 \
        case TENSOR_I32:                                                                           \
            CONVERT(FROM, int32_t, x);                                                             \
            break;                                                                                 \
        case TENSOR_I64:                                                                           \
            CONVERT(FROM, int64_t, x);                                                             \
            break;                                                                                 \
        case TENSOR_U8:                                                                            \
            CONVERT(FROM, uint8_t, x);                                                             \
            break;                                                                                 \
        default:                                                                                   \
            CONVERT(FROM, uint8_t, x != 0);                                                        \
        }                                                                                          \
    } while (0)

static void cast_floats(const struct cast_run *run, size_t first, size_t last)
{
    switch (run->output->type) {
    case TENSOR_F32:
        CONVERT(float, float, x);
        break;
    case TENSOR_I32:
        CONVERT(float, int32_t, SATURATED(-0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX));
        break;
    case TENSOR_I64:
        CONVERT(float, int64_t, SATURATED(-0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX));
        break;
    case TENSOR_U8:
        CONVERT(float, uint8_t, SATURATED(0, 255, 0, UINT8_MAX));
        break;
    default:
        CONVERT(float, uint8_t, x != 0);
    }
}

static void cast_range(void *arg, size_t first, size_t last)
{
    const struct cast_run *run = arg;
    switch (run->input->type) {
    case TENSOR_F32:
        cast_floats(run, first, last);
        break;
    case TENSOR_I32:
        CONVERT_WHOLE(int32_t);
        break;
    case TENSOR_I64:
        CONVERT_WHOLE(int64_t);
        break;
    default:
        CONVERT_WHOLE(uint8_t);
    }
}

static void compute_cast(const struct op_call *call)
{
    struct cast_run run = {.input = op_input(call, 0), .output = op_output(call, 0)};
    if (run.output)
        range_run(call->pool, tensor_count(run.output), 16384, cast_range, &run);
}

extern const struct op op_cast[];
const struct op op_cast[] = {
    {.type = "Cast",
     .domain = "",
     .min_inputs = 1,
     .max_inputs = 1,
     .min_outputs = 1,
     .max_outputs = 1,
     .infer = infer_cast,
     .compute = compute_cast},
    {.type = NULL},
};
