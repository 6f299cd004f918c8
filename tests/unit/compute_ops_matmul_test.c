/* Tests of compute/ops/matmul.c and product.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"

#include <math.h>

static const struct op_case cases[] = {
#include "tests/unit/op_cases/matmul.h"
    {.name = "integers",
     .type = "Gemm",
     .opset = 13,
     .inputs = {"i32[1,2]: 1 2", "i32[2,2]: 1 2 3 4", "i32[2]: 5 6"},
     .outputs = {"i32[1,2]: 12 16"}},
    {.name = "integers, scaled",
     .type = "Gemm",
     .opset = 13,
     .attributes = "alpha=0.5 beta=2.0 transB=1",
     .inputs = {"i64[1,2]: 1 2", "i64[2,2]: 1 2 3 4", "i64[2]: 5 6"},
     .outputs = {"i64[1,2]: 12 17"}},
    {.name = "nothing but C",
     .type = "Gemm",
     .opset = 13,
     .attributes = "beta=2.0",
     .inputs = {"f32[1,0]:", "f32[0,2]:", "f32[2]: 5 6"},
     .outputs = {"f32[1,2]: 10 12"}},
    {.name = "an unused C of NaN",
     .type = "Gemm",
     .opset = 13,
     .attributes = "beta=0.0",
     .inputs = {"f32[1,1]: 2", "f32[1,1]: 3", "f32[1]: nan"},
     .outputs = {"f32[1,1]: 6"}},
};

static void agrees_with_onnx_runtime(void)
{
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* 2 x 97 x 130 times 2 x 130 x 61 (or one of them for both), over four threads, in long double. */
static void multiplies_large_matrices(void)
{
    static const char *const left[] = {"f32[2,97,130]: random 1", "f32[1,97,130]: random 1",
                                       "f32[2,97,130]: random 1"};
    static const char *const right[] = {"f32[2,130,61]: random 2", "f32[2,130,61]: random 2",
                                        "f32[130,61]: random 2"};
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(4, &pool), 0);
    for (int form = 0; form < 3; form++) {
        const struct op_case test = {
            .type = "MatMul", .opset = 13, .inputs = {left[form], right[form]}, .outputs = {"any"}};
        struct op_run run;
        op_run_init(&run, &test);
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, pool);
        const float *a = run.inputs[0].data, *b = run.inputs[1].data, *c = run.outputs[0].data;
        double worst = 0;
        for (int n = 0; n < 2; n++)
            for (int i = 0; i < 97; i++)
                for (int j = 0; j < 61; j++) {
                    long double sum = 0;
                    for (int k = 0; k < 130; k++)
                        sum += (long double)a[((form == 1 ? 0 : n) * 97 + i) * 130 + k] *
                               (long double)b[((form == 2 ? 0 : n) * 130 + k) * 61 + j];
                    worst = fmax(worst, fabs((double)sum - (double)c[(n * 97 + i) * 61 + j]));
                }
        CU_ASSERT(worst < 1e-5);
        op_run_fini(&run);
    }
    thread_pool_destroy(pool);
}

#define REFUSED(WORDS, ...)                                                                        \
    CU_ASSERT_TRUE(                                                                                \
        op_case_refused(&(struct op_case){.opset = 13, .outputs = {"any"}, __VA_ARGS__}, WORDS))
#define IN(...) .inputs = {__VA_ARGS__}

static void refuses_what_does_not_multiply(void)
{
    REFUSED("2x3 and 2x3", .type = "MatMul", IN("f32[2,3]: 1", "f32[2,3]: 1"));
    REFUSED("multiply", .type = "MatMul", IN("f32[2]: 1", "f32[3]: 1"));
    REFUSED("scalar", .type = "MatMul", IN("f32[]: 1", "f32[3]: 1"));
    REFUSED("broadcast", .type = "MatMul", IN("f32[2,1,1]: 1", "f32[3,1,1]: 1"));
    REFUSED("input 1", .type = "MatMul", IN("f32[1]: 1", "i64[1]: 1"));
    REFUSED("uint8", .type = "MatMul", IN("u8[1]: 1", "u8[1]: 1"));
    REFUSED("rank 2", .type = "Gemm", IN("f32[1,2,3]: 1", "f32[3,2]: 1"));
    REFUSED("multiply", .type = "Gemm", .attributes = "transB=1", IN("f32[2,3]: 1", "f32[3,2]: 1"));
    REFUSED("input 2", .type = "Gemm", IN("f32[2,3]: 1", "f32[3,2]: 1", "f32[3]: 1"));
    REFUSED("input 2", .type = "Gemm", IN("f32[2,3]: 1", "f32[3,2]: 1", "f32[2,2,2]: 1"));
    REFUSED("input 2", .type = "Gemm", IN("f32[2,3]: 1", "f32[3,2]: 1", "i32[2]: 1"));
    REFUSED("2^31", .type = "MatMul", IN("f32[0,3000000000]:", "f32[3000000000,0]:"));
}

const struct cunit_test tests[] = {
    {"products agree with ONNX Runtime", agrees_with_onnx_runtime},
    {"large batches agree with sums in long double, over threads", multiplies_large_matrices},
    {"shapes and types that do not multiply are refused", refuses_what_does_not_multiply},
    {NULL, NULL},
};
