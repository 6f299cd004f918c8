/* Elementwise functions of one tensor: activations, roots and logarithms, signs. */
#include "compute/ops/op.h"
#include "compute/ops/range.h"

#include <math.h>
#include <string.h>

struct unary_params;

/* y[i] = f(x[i]) for i < n; y may be x. */
typedef void unary_loop(const void *x, void *y, size_t n, const struct unary_params *params);

struct unary_params {
    unary_loop *loop;
    float alpha, beta;
};

#define LOOP(NAME, T, EXPRESSION)                                                                  \
    static void NAME(const void *input, void *output, size_t n, const struct unary_params *params) \
    {                                                                                              \
        const T *in = input;                                                                       \
        T *out = output;                                                                           \
        const float alpha = params->alpha, beta = params->beta;                                    \
        (void)alpha;                                                                               \
        (void)beta;                                                                                \
        for (size_t i = 0; i < n; i++) {                                                           \
            T x = in[i];                                                                           \
            out[i] = (T)(EXPRESSION);                                                              \
        }                                                                                          \
    }

/* The two tails lose no digits: e^-|x| never overflows. */
static float softplus(float x)
{
    return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}

/* By erfc: 1 + erf(x) would cancel for negative x. */
static float gelu(float x)
{
    return 0.5f * x * erfcf(-x * 0.70710678118654752440f);
}

static float gelu_by_tanh(float x)
{
    return 0.5f * x * (1 + tanhf(0.79788456080286535588f * (x + 0.044715f * x * x * x)));
}

static float between(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

LOOP(relu_f32, float, x < 0 ? 0 : x)
LOOP(relu_i32, int32_t, x < 0 ? 0 : x)
LOOP(relu_i64, int64_t, x < 0 ? 0 : x)
LOOP(leaky_relu, float, x < 0 ? alpha * x : x)
LOOP(thresholded_relu, float, x > alpha ? x : 0)
LOOP(elu, float, x < 0 ? alpha * expm1f(x) : x)
LOOP(celu, float, x < 0 ? alpha * expm1f(x / alpha) : x)
LOOP(selu, float, beta *(x > 0 ? x : alpha * expm1f(x)))
LOOP(sigmoid, float, 1 / (1 + expf(-x)))
LOOP(hard_sigmoid, float, between(alpha *x + beta, 0, 1))
LOOP(hard_swish, float, x *between(x / 6 + 0.5f, 0, 1))
LOOP(mish, float, x *tanhf(softplus(x)))
LOOP(tanh_f32, float, tanhf(x))
LOOP(softplus_f32, float, softplus(x))
LOOP(softsign, float, x / (1 + fabsf(x)))
LOOP(erf_f32, float, erff(x))
LOOP(gelu_f32, float, gelu(x))
LOOP(gelu_by_tanh_f32, float, gelu_by_tanh(x))
LOOP(sqrt_f32, float, sqrtf(x))
LOOP(exp_f32, float, expf(x))
LOOP(log_f32, float, logf(x))
LOOP(sin_f32, float, sinf(x))
LOOP(cos_f32, float, cosf(x))
LOOP(ceil_f32, float, ceilf(x))
LOOP(floor_f32, float, floorf(x))
LOOP(round_f32, float, rintf(x)) /* half to even */
LOOP(reciprocal, float, 1 / x)
LOOP(neg_f32, float, -x)
LOOP(neg_i32, int32_t, 0u - (uint32_t)x)
LOOP(neg_i64, int64_t, 0u - (uint64_t)x)
LOOP(abs_f32, float, fabsf(x))
LOOP(abs_i32, int32_t, x < 0 ? 0u - (uint32_t)x : (uint32_t)x)
LOOP(abs_i64, int64_t, x < 0 ? 0u - (uint64_t)x : (uint64_t)x)
LOOP(abs_u8, uint8_t, x)
LOOP(sign_f32, float, x > 0 ? 1 : x < 0 ? -1 : x)
LOOP(sign_i32, int32_t, (x > 0) - (x < 0))
LOOP(sign_i64, int64_t, (x > 0) - (x < 0))
LOOP(sign_u8, uint8_t, x > 0)
LOOP(not_bool, uint8_t, !x)

struct unary {
    const char *op_type;
    unary_loop *f32, *i32, *i64, *u8, *boolean;
    float alpha; /* the default */
    const char *beta_name;
    float beta;
};

static const struct unary table[] = {
    {"Relu", .f32 = relu_f32, .i32 = relu_i32, .i64 = relu_i64},
    {"LeakyRelu", .f32 = leaky_relu, .alpha = 0.01f},
    {"ThresholdedRelu", .f32 = thresholded_relu, .alpha = 1},
    {"Elu", .f32 = elu, .alpha = 1},
    {"Celu", .f32 = celu, .alpha = 1},
    {"Selu", .f32 = selu, .alpha = 1.67326319217681884765625f, .beta_name = "gamma",
     .beta = 1.05070102214813232421875f},
    {"Sigmoid", .f32 = sigmoid},
    {"HardSigmoid", .f32 = hard_sigmoid, .alpha = 0.2f, .beta_name = "beta", .beta = 0.5f},
    {"HardSwish", .f32 = hard_swish},
    {"Mish", .f32 = mish},
    {"Tanh", .f32 = tanh_f32},
    {"Softplus", .f32 = softplus_f32},
    {"Softsign", .f32 = softsign},
    {"Erf", .f32 = erf_f32},
    {"Gelu", .f32 = gelu_f32},
    {"Sqrt", .f32 = sqrt_f32},
    {"Exp", .f32 = exp_f32},
    {"Log", .f32 = log_f32},
    {"Sin", .f32 = sin_f32},
    {"Cos", .f32 = cos_f32},
    {"Ceil", .f32 = ceil_f32},
    {"Floor", .f32 = floor_f32},
    {"Round", .f32 = round_f32},
    {"Reciprocal", .f32 = reciprocal},
    {"Neg", .f32 = neg_f32, .i32 = neg_i32, .i64 = neg_i64},
    {"Abs", .f32 = abs_f32, .i32 = abs_i32, .i64 = abs_i64, .u8 = abs_u8},
    {"Sign", .f32 = sign_f32, .i32 = sign_i32, .i64 = sign_i64, .u8 = sign_u8},
    {"Not", .boolean = not_bool},
};

static const struct unary *unary_find(const char *op_type)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].op_type, op_type) == 0)
            return &table[i];
    return NULL;
}

static unary_loop *loop_of(const struct unary *unary, enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
        return unary->f32;
    case TENSOR_I32:
        return unary->i32;
    case TENSOR_I64:
        return unary->i64;
    case TENSOR_U8:
        return unary->u8;
    case TENSOR_BOOL:
        return unary->boolean;
    case TENSOR_NONE:
        break;
    }
    return NULL;
}

static int infer_unary(struct op_call *call)
{
    struct unary_params *params = call->params;
    int rc = op_require(call, 0, OP_ALL);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    const struct unary *unary = unary_find(call->node->op_type);
    params->loop = unary ? loop_of(unary, input->type) : NULL;
    if (!params->loop)
        return op_fail(call, "cannot take an input of type %s", tensor_type_name(input->type));
    params->alpha = node_float(call->node, "alpha", unary->alpha);
    if (unary->beta_name)
        params->beta = node_float(call->node, unary->beta_name, unary->beta);
    return op_output_set(call, 0, input->type, &input->shape);
}

static int infer_gelu(struct op_call *call)
{
    struct unary_params *params = call->params;
    int rc = infer_unary(call);
    if (rc)
        return rc;
    const char *approximate = node_string(call->node, "approximate", "none");
    if (strcmp(approximate, "tanh") == 0)
        params->loop = gelu_by_tanh_f32;
    else if (strcmp(approximate, "none") != 0)
        return op_fail(call, "attribute approximate is '%.64s', not none or tanh", approximate);
    return 0;
}

struct unary_run {
    const struct unary_params *params;
    const char *in;
    char *out;
    size_t bytes;
};

static void run_range(void *arg, size_t first, size_t last)
{
    const struct unary_run *run = arg;
    run->params->loop(run->in + first * run->bytes, run->out + first * run->bytes, last - first,
                      run->params);
}

static void compute_unary(const struct op_call *call)
{
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (!output)
        return;
    struct unary_run run = {.params = call->params,
                            .in = input->data,
                            .out = output->data,
                            .bytes = tensor_type_bytes(input->type)};
    range_run(call->pool, tensor_count(input), 4096, run_range, &run);
}

#define UNARY_OF(NAME, DOMAIN, INFER)                                                              \
    {                                                                                              \
        .type = NAME, .domain = DOMAIN, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,        \
        .max_outputs = 1, .flags = OP_INPLACE | OP_UNARY,                                          \
        .params_bytes = sizeof(struct unary_params), .infer = INFER, .compute = compute_unary      \
    }
#define UNARY(NAME) UNARY_OF(NAME, "", infer_unary)

extern const struct op op_unary[];
const struct op op_unary[] = {
    UNARY("Relu"),
    UNARY("LeakyRelu"),
    UNARY("ThresholdedRelu"),
    UNARY("Elu"),
    UNARY("Celu"),
    UNARY("Selu"),
    UNARY("Sigmoid"),
    UNARY("HardSigmoid"),
    UNARY("HardSwish"),
    UNARY("Mish"),
    UNARY("Tanh"),
    UNARY("Softplus"),
    UNARY("Softsign"),
    UNARY("Erf"),
    UNARY_OF("Gelu", "", infer_gelu),
    UNARY_OF("Gelu", "com.microsoft", infer_gelu),
    UNARY("Sqrt"),
    UNARY("Exp"),
    UNARY("Log"),
    UNARY("Sin"),
    UNARY("Cos"),
    UNARY("Ceil"),
    UNARY("Floor"),
    UNARY("Round"),
    UNARY("Reciprocal"),
    UNARY("Neg"),
    UNARY("Abs"),
    UNARY("Sign"),
    UNARY("Not"),
    {.type = NULL},
};
