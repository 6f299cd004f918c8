/* Tests of compute/ops: view.c, constant.c, cast.c, reduce.c, arg.c, softmax.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct op_case cases[] = {
#include "tests/unit/op_cases/reduce.h"
#include "tests/unit/op_cases/shape.h"
    {.name = "the mask is of the input's type before opset 10",
     .type = "Dropout",
     .opset = 7,
     .inputs = {"f32[2]: 3 4"},
     .outputs = {"f32[2]: 3 4", "f32[2]: 0 0"}},
    {.name = "what does not fit saturates",
     .type = "Cast",
     .opset = 13,
     .attributes = "to=6",
     .inputs = {"f32[5]: 2147483648 -3e9 nan inf -inf"},
     .outputs = {"i32[5]: 2147483647 -2147483648 0 2147483647 -2147483648"}},
    {.name = "what does not fit saturates",
     .type = "Cast",
     .opset = 13,
     .attributes = "to=7",
     .inputs = {"f32[3]: 1e30 -1e30 nan"},
     .outputs = {"i64[3]: 9223372036854775807 -9223372036854775808 0"}},
    {.name = "what does not fit saturates",
     .type = "Cast",
     .opset = 13,
     .attributes = "to=2",
     .inputs = {"f32[5]: -1 255.9 256 -0.5 nan"},
     .outputs = {"u8[5]: 0 255 255 0 0"}},
    {.name = "NaN is true",
     .type = "Cast",
     .opset = 13,
     .attributes = "to=9",
     .inputs = {"f32[3]: nan 0 -0.0"},
     .outputs = {"bool[3]: 1 0 0"}},
    {.name = "of nothing",
     .type = "ReduceProd",
     .opset = 13,
     .attributes = "axes=[0]",
     .inputs = {"i64[0,2]:"},
     .outputs = {"i64[1,2]: 1 1"}},
    {.name = "of nothing",
     .type = "ReduceMax",
     .opset = 13,
     .attributes = "axes=[0] keepdims=0",
     .inputs = {"f32[0,2]:"},
     .outputs = {"f32[2]: -inf -inf"}},
    {.name = "a NaN is the maximum",
     .type = "ReduceMax",
     .opset = 13,
     .attributes = "axes=[1] keepdims=0",
     .inputs = {"f32[2,2]: 1 nan nan 2"},
     .outputs = {"f32[2]: nan nan"}},
};

static void agrees_with_onnx_runtime(void)
{
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Every set of axes of a tensor with odd sizes, summed in long double by index arithmetic. */
static void reduces_every_set_of_axes(void)
{
    static const int dims[4] = {5, 3, 70, 9};
    for (int set = 1; set < 16; set++) {
        char axes[64] = "axes=[";
        for (int d = 0; d < 4; d++)
            if (set >> d & 1)
                snprintf(axes + strlen(axes), sizeof(axes) - strlen(axes), "%d,", d - 4);
        snprintf(axes + strlen(axes) - 1, 16, "] keepdims=1");
        const struct op_case test = {.type = "ReduceSum",
                                     .opset = 11,
                                     .attributes = axes,
                                     .inputs = {"f32[5,3,70,9]: random 3"},
                                     .outputs = {"any"}};
        struct op_run run;
        op_run_init(&run, &test);
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, NULL);
        const float *x = run.inputs[0].data, *y = run.outputs[0].data;
        long double sums[5 * 3 * 70 * 9] = {0};
        int size = 0;
        for (int i = 0; i < 5 * 3 * 70 * 9; i++) {
            int rest = i, at = 0, stride = 1;
            for (int d = 3; d >= 0; d--) {
                int kept = set >> d & 1 ? 1 : dims[d];
                at += rest % dims[d] % kept * stride;
                stride *= kept;
                rest /= dims[d];
            }
            sums[at] += (long double)x[i];
            size = stride;
        }
        CU_ASSERT_EQUAL_FATAL(tensor_count(&run.outputs[0]), (size_t)size);
        double worst = 0;
        for (int i = 0; i < size; i++)
            worst = fmax(worst, fabs((double)(sums[i] - (long double)y[i])));
        CU_ASSERT(worst < 4e-6); /* a rounding of the result, at most 60 in magnitude */
        op_run_fini(&run);
    }
}

static void sums_a_million_accurately(void)
{
    CU_ASSERT_TRUE(op_case_holds(&(struct op_case){.type = "ReduceMean",
                                                   .opset = 13,
                                                   .attributes = "keepdims=0",
                                                   .inputs = {"f32[1000,1001]: 0.1"},
                                                   .outputs = {"f32[]: 0.1"},
                                                   .relative = 1e-7}));
    CU_ASSERT_TRUE(op_case_holds(&(struct op_case){.type = "ReduceSum",
                                                   .opset = 11,
                                                   .attributes = "axes=[0] keepdims=0",
                                                   .inputs = {"f32[1000000,1]: 0.1"},
                                                   .outputs = {"f32[1]: 100000.00149"},
                                                   .relative = 1e-7}));
    CU_ASSERT_TRUE(op_case_holds(&(struct op_case){.type = "Softmax",
                                                   .opset = 13,
                                                   .attributes = "axis=0",
                                                   .inputs = {"f32[1000000]: 3"},
                                                   .outputs = {"f32[1000000]: 1e-6"},
                                                   .relative = 1e-6}));
}

#define REFUSED(WORDS, ...)                                                                        \
    CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.outputs = {"any"}, __VA_ARGS__}, WORDS))
#define IN(...) .inputs = {__VA_ARGS__}

static void refuses_bad_shapes(void)
{
    REFUSED("reshape", .type = "Reshape", .opset = 13, IN("f32[2,3]: 1", "i64[1]: 5"));
    REFUSED("divide", .type = "Reshape", .opset = 13, IN("f32[2,3]: 1", "i64[2]: -1 4"));
    REFUSED("twice", .type = "Reshape", .opset = 13, IN("f32[2,3]: 1", "i64[2]: -1 -1"));
    REFUSED("-2", .type = "Reshape", .opset = 13, IN("f32[2,3]: 1", "i64[1]: -2"));
    REFUSED("lacks", .type = "Reshape", .opset = 13, IN("f32[6]: 1", "i64[2]: 6 0"));
    REFUSED("too large", .type = "Reshape", .opset = 13,
            IN("f32[6]: 1", "i64[3]: 4294967296 4294967296 -1"));
    REFUSED("missing", .type = "Reshape", .opset = 13, IN("f32[6]: 1", ""));
    REFUSED("axis", .type = "Flatten", .opset = 13, .attributes = "axis=3", IN("f32[2,3]: 1"));
    REFUSED("not 1", .type = "Squeeze", .opset = 13, IN("f32[2,1]: 1", "i64[1]: 0"));
    REFUSED("axis", .type = "Squeeze", .opset = 11, .attributes = "axes=[2]", IN("f32[2,1]: 1"));
    REFUSED("list of integers", .type = "Squeeze", .opset = 11, .attributes = "axes=1",
            IN("f32[2,1]: 1"));
    REFUSED("missing", .type = "Unsqueeze", .opset = 13, IN("f32[2]: 1"));
    REFUSED("twice", .type = "Unsqueeze", .opset = 13, IN("f32[2]: 1", "i64[2]: 0 -3"));
    REFUSED("rank", .type = "Unsqueeze", .opset = 13, IN("f32[2]: 1", "i64[8]: 0 1 2 3 4 5 6 7"));
    REFUSED("missing", .type = "Identity", .opset = 13, IN(""));
    REFUSED("training", .type = "Dropout", .opset = 13, IN("f32[2]: 1", "", "const bool[]: 1"));
    REFUSED("no value", .type = "Constant", .opset = 13, .attributes = "value_string='a'");
    REFUSED("one element", .type = "ConstantOfShape", .opset = 9, .attributes = "value={f32[2]: 1}",
            IN("i64[1]: 2"));
    REFUSED("negative", .type = "ConstantOfShape", .opset = 9, IN("i64[1]: -2"));
    REFUSED("too large", .type = "ConstantOfShape", .opset = 9,
            IN("i64[1]: 1152921504606846976000"));
    REFUSED("no bound", .type = "Range", .opset = 11, IN("i64[]: 0", "i64[]: 3", "i64[]: 0"));
    REFUSED("input 2", .type = "Range", .opset = 11, IN("i64[]: 0", "i64[]: 3", "i32[]: 1"));
    REFUSED("type 10", .type = "Cast", .opset = 13, .attributes = "to=10", IN("f32[1]: 1"));
    REFUSED("type 0", .type = "Cast", .opset = 13, IN("f32[1]: 1"));
    REFUSED("missing", .type = "Shape", .opset = 13, IN(""));
    REFUSED("missing", .type = "Size", .opset = 13, IN(""));
}

static void refuses_bad_axes(void)
{
    static const char *const reductions[] = {
        "ReduceSum", "ReduceMean", "ReduceMax",       "ReduceMin",    "ReduceProd",
        "ReduceL1",  "ReduceL2",   "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
    for (size_t i = 0; i < sizeof(reductions) / sizeof(reductions[0]); i++) {
        REFUSED("axis", .type = reductions[i], .opset = 11, .attributes = "axes=[2]",
                IN("f32[2,3]: 1"));
        REFUSED("twice", .type = reductions[i], .opset = 18, IN("f32[2,3]: 1", "i64[2]: 1 -1"));
        REFUSED("bool", .type = reductions[i], .opset = 11, IN("bool[2,3]: 1"));
    }
    REFUSED("int64", .type = "ReduceLogSumExp", .opset = 11, IN("i64[2,3]: 1"));
    REFUSED("axis", .type = "ArgMax", .opset = 11, .attributes = "axis=2", IN("f32[2,3]: 1"));
    REFUSED("nothing", .type = "ArgMin", .opset = 11, .attributes = "axis=1", IN("f32[2,0]:"));
    REFUSED("axis", .type = "Softmax", .opset = 13, .attributes = "axis=2", IN("f32[2,3]: 1"));
    REFUSED("axis", .type = "LogSoftmax", .opset = 11, IN("f32[2]: 1"));
    REFUSED("int64", .type = "Softmax", .opset = 13, IN("i64[2,3]: 1"));
}

const struct cunit_test tests[] = {
    {"shapes, constants, casts, reductions and softmax agree with ONNX Runtime",
     agrees_with_onnx_runtime},
    {"every set of axes reduces as index arithmetic says", reduces_every_set_of_axes},
    {"sums of a million elements keep their digits", sums_a_million_accurately},
    {"shapes that do not fit are refused", refuses_bad_shapes},
    {"axes that do not exist are refused", refuses_bad_axes},
    {NULL, NULL},
};
