/* Tests of compute/ops/unary.c and clip.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"

#include <math.h>

/* Expected values: ONNX Runtime 1.30 (Relu of integers: NumPy). */
static const struct op_case cases[] = {
#include "tests/unit/op_cases/unary.h"
    {.name = "the least integer wraps",
     .type = "Abs",
     .opset = 13,
     .inputs = {"i32[1]: -2147483648"},
     .outputs = {"i32[1]: -2147483648"}},
    {.name = "the least integer wraps",
     .type = "Neg",
     .opset = 13,
     .inputs = {"i64[1]: -9223372036854775808"},
     .outputs = {"i64[1]: -9223372036854775808"}},
};

static void agrees_with_onnx_runtime(void)
{
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static double exact(const char *type, double x)
{
    switch (type[0]) {
    case 'S':
        return type[1] == 'i' ? 1 / (1 + exp(-x)) : x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case 'T':
        return tanh(x);
    case 'G':
        return x / 2 * erfc(-x / sqrt(2));
    default:
        return erf(x);
    }
}

/* Relative to the result, so that the small ends count too. */
static void keeps_its_digits(void)
{
    static const char *const types[] = {"Sigmoid", "Softplus", "Tanh", "Gelu", "Erf"};
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        const struct op_case test = {
            .type = types[t], .opset = 20, .inputs = {"f32[4001]: 0"}, .outputs = {"any"}};
        struct op_run run;
        op_run_init(&run, &test);
        float *x = run.inputs[0].data;
        for (int i = 0; i < 4001; i++)
            x[i] = (float)(i - 2000) / 250;
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, NULL);
        const float *y = run.outputs[0].data;
        double worst = 0;
        for (int i = 0; i < 4001; i++) {
            double want = exact(types[t], (double)x[i]);
            double error = fabs((double)y[i] - want) / (fabs(want) + 1e-30);
            worst = error > worst ? error : worst;
        }
        /* The rounding of -x / sqrt 2 grows by x * x in the tail of erfc. */
        CU_ASSERT(worst < (types[t][0] == 'G' ? 1e-5 : 1e-6));
        op_run_fini(&run);
    }
}

static void refuses_other_types_and_attributes(void)
{
    static const char *const floats_only[] = {"LeakyRelu",
                                              "Elu",
                                              "Celu",
                                              "Selu",
                                              "Sigmoid",
                                              "HardSigmoid",
                                              "HardSwish",
                                              "Mish",
                                              "Tanh",
                                              "Softplus",
                                              "Softsign",
                                              "Erf",
                                              "Gelu",
                                              "Sqrt",
                                              "Exp",
                                              "Log",
                                              "Sin",
                                              "Cos",
                                              "Ceil",
                                              "Floor",
                                              "Round",
                                              "Reciprocal",
                                              "ThresholdedRelu"};
    for (size_t i = 0; i < sizeof(floats_only) / sizeof(floats_only[0]); i++)
        CU_ASSERT_TRUE(op_case_refused(
            &(struct op_case){
                .type = floats_only[i], .opset = 13, .inputs = {"i64[3]: 1"}, .outputs = {"any"}},
            "int64"));
    static const char *const no_bools[] = {"Relu", "Neg", "Abs", "Sign", "Clip"};
    for (size_t i = 0; i < sizeof(no_bools) / sizeof(no_bools[0]); i++)
        CU_ASSERT_TRUE(op_case_refused(
            &(struct op_case){
                .type = no_bools[i], .opset = 14, .inputs = {"bool[3]: 1"}, .outputs = {"any"}},
            "bool"));
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){.type = "Not", .opset = 1, .inputs = {"f32[3]: 1"}, .outputs = {"any"}},
        "float"));
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){.type = "Relu", .opset = 14, .inputs = {""}, .outputs = {"any"}},
        "missing"));
    CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.type = "Gelu",
                                                     .opset = 20,
                                                     .attributes = "approximate='fast'",
                                                     .inputs = {"f32[3]: 1"},
                                                     .outputs = {"any"}},
                                   "fast"));
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){
            .type = "Clip", .opset = 13, .inputs = {"f32[3]: 1", "f32[2]: 1"}, .outputs = {"any"}},
        "one number"));
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){
            .type = "Clip", .opset = 13, .inputs = {"f32[3]: 1", "i32[]: 1"}, .outputs = {"any"}},
        "input 1"));
}

const struct cunit_test tests[] = {
    {"operators of one tensor agree with ONNX Runtime", agrees_with_onnx_runtime},
    {"activations keep their digits from -8 to 8", keeps_its_digits},
    {"types and attributes that ONNX does not have are refused",
     refuses_other_types_and_attributes},
    {NULL, NULL},
};
