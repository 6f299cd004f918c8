/* Tests of compute/ops/binary.c, binary_loops.c, variadic.c and broadcast.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"

#include <stdio.h>
#include <string.h>

/* Expected values: ONNX Runtime 1.30, NumPy for what it has not (bytes, the least integer). */
static const struct op_case cases[] = {
#include "tests/unit/op_cases/binary.h"
    {.name = "bool",
     .type = "Less",
     .opset = 13,
     .inputs = {"bool[2]: 0 1", "bool[2]: 1 1"},
     .outputs = {"bool[2]: 1 0"}},
    {.name = "truncates; the least number over -1 wraps; over 0 is 0",
     .type = "Div",
     .opset = 13,
     .inputs = {"i32[4]: 7 -7 -2147483648 5", "i32[4]: -2 2 -1 0"},
     .outputs = {"i32[4]: -3 -3 -2147483648 0"}},
    {.name = "the least number over -1 wraps",
     .type = "Div",
     .opset = 13,
     .inputs = {"i64[2]: -9223372036854775808 1", "i64[2]: -1 0"},
     .outputs = {"i64[2]: -9223372036854775808 0"}},
    {.name = "negative exponents of integers truncate",
     .type = "Pow",
     .opset = 13,
     .inputs = {"i32[4]: 1 -1 -1 2", "i64[4]: -3 -3 -2 -1"},
     .outputs = {"i32[4]: 1 -1 1 0"}},
    {.name = "what does not fit saturates",
     .type = "Pow",
     .opset = 13,
     .inputs = {"i32[3]: 10 -10 10", "f32[3]: 20 21 nan"},
     .outputs = {"i32[3]: 2147483647 -2147483648 0"}},
};

static void agrees_with_onnx_runtime(void)
{
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Every pair of shapes whose dimensions are 1 or a number, against index arithmetic. */
static void broadcasts_every_pair_of_shapes(void)
{
    static const int full[4] = {2, 3, 2, 5};
    for (unsigned mask = 0; mask < 256; mask++) {
        char a[64], b[64], sizes[2][32] = {"", ""};
        int dims[2][4];
        for (int k = 0; k < 2; k++)
            for (int d = 0; d < 4; d++)
                dims[k][d] = mask >> (4 * k + d) & 1 ? full[d] : 1;
        for (int k = 0; k < 2; k++)
            snprintf(sizes[k], sizeof(sizes[k]), "%d,%d,%d,%d", dims[k][0], dims[k][1], dims[k][2],
                     dims[k][3]);
        snprintf(a, sizeof(a), "f32[%s]: random 1", sizes[0]);
        snprintf(b, sizeof(b), "f32[%s]: random 2", sizes[1]);
        const struct op_case test = {
            .type = "Sub", .opset = 13, .inputs = {a, b}, .outputs = {"any"}};
        struct op_run run;
        op_run_init(&run, &test);
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, NULL);
        const float *x = run.inputs[0].data, *y = run.inputs[1].data, *z = run.outputs[0].data;
        int64_t out[4], wrong = 0;
        memcpy(out, run.outputs[0].shape.dims, sizeof(out));
        for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; i++) {
            int64_t rest = i, at[2] = {0, 0}, step[2] = {1, 1};
            for (int d = 3; d >= 0; d--) {
                for (int k = 0; k < 2; k++) {
                    at[k] += rest % out[d] % dims[k][d] * step[k];
                    step[k] *= dims[k][d];
                }
                rest /= out[d];
            }
            wrong += z[i] != x[at[0]] - y[at[1]];
        }
        CU_ASSERT_EQUAL(wrong, 0);
        op_run_fini(&run);
    }
}

static void shares_large_tensors_out(void)
{
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(4, &pool), 0);
    const struct op_case test = {
        .type = "Add",
        .opset = 13,
        .inputs = {"f32[37,1,1001]: random 1", "f32[5,1]: random 2"},
        .outputs = {"any"},
    };
    struct op_run run;
    op_run_init(&run, &test);
    CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
    op_run_compute(&run, pool);
    const float *x = run.inputs[0].data, *y = run.inputs[1].data, *z = run.outputs[0].data;
    size_t wrong = 0;
    for (size_t i = 0; i < 37 * 5 * 1001; i++)
        wrong += z[i] != x[i / 5005 * 1001 + i % 1001] + y[i / 1001 % 5];
    CU_ASSERT_EQUAL(wrong, 0);
    op_run_fini(&run);
    thread_pool_destroy(pool);
}

static void refuses_what_does_not_go_together(void)
{
    static const char *const two[] = {"Add",        "Sub",     "Mul",  "Div",
                                      "Min",        "Max",     "Sum",  "Mean",
                                      "Equal",      "Greater", "Less", "GreaterOrEqual",
                                      "LessOrEqual"};
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
        CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.type = two[i],
                                                         .opset = 13,
                                                         .inputs = {"f32[2,3]: 1", "f32[2]: 1"},
                                                         .outputs = {"any"}},
                                       "2x3"));
        CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.type = two[i],
                                                         .opset = 13,
                                                         .inputs = {"f32[3]: 1", "i64[3]: 1"},
                                                         .outputs = {"any"}},
                                       "int64"));
        CU_ASSERT_TRUE(op_case_refused(
            &(struct op_case){
                .type = two[i], .opset = 13, .inputs = {"f32[3]: 1", ""}, .outputs = {"any"}},
            "missing"));
    }
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){
            .type = "Pow", .opset = 13, .inputs = {"u8[3]: 1", "f32[3]: 1"}, .outputs = {"any"}},
        "uint8"));
    CU_ASSERT_TRUE(op_case_refused(
        &(struct op_case){
            .type = "And", .opset = 7, .inputs = {"f32[3]: 1", "f32[3]: 1"}, .outputs = {"any"}},
        "float"));
    CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.type = "PRelu",
                                                     .opset = 9,
                                                     .inputs = {"f32[3]: 1", "f32[2,3]: 1"},
                                                     .outputs = {"any"}},
                                   "slope"));
    CU_ASSERT_TRUE(
        op_case_refused(&(struct op_case){.type = "Where",
                                          .opset = 9,
                                          .inputs = {"f32[3]: 1", "f32[3]: 1", "f32[3]: 1"},
                                          .outputs = {"any"}},
                        "input 0"));
    CU_ASSERT_TRUE(
        op_case_refused(&(struct op_case){.type = "Where",
                                          .opset = 9,
                                          .inputs = {"bool[3]: 1", "f32[3]: 1", "i32[3]: 1"},
                                          .outputs = {"any"}},
                        "input 2"));
}

static void refuses_sizes_that_overflow(void)
{
    struct op_run run;
    const struct op_case test = {
        .type = "Add", .opset = 13, .inputs = {"f32[1]: 1", "f32[1]: 1"}, .outputs = {"any"}};
    op_run_init(&run, &test);
    run.inputs[0].shape = (struct shape){.rank = 2, .dims = {1LL << 40, 1}};
    run.inputs[1].shape = (struct shape){.rank = 2, .dims = {1, 1LL << 40}};
    CU_ASSERT_NOT_EQUAL(op_run_infer(&run, &test), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(run.error.text, "too large"));
    op_run_fini(&run);
}

const struct cunit_test tests[] = {
    {"operators of several tensors agree with ONNX Runtime", agrees_with_onnx_runtime},
    {"every pair of shapes broadcasts as index arithmetic says", broadcasts_every_pair_of_shapes},
    {"a large tensor is the same over several threads", shares_large_tensors_out},
    {"shapes and types that do not go together are refused", refuses_what_does_not_go_together},
    {"an output whose size overflows is refused", refuses_sizes_that_overflow},
    {NULL, NULL},
};
