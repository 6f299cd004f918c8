/* Tests of compute/ops: move.c, strided.c, slice.c, concat.c, pad.c, gather.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"

#include <stdio.h>
#include <string.h>

static const struct op_case cases[] = {
#include "tests/unit/op_cases/move.h"
};

static void agrees_with_onnx_runtime(void)
{
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* All 120 orders of five dimensions, odd sizes, against index arithmetic. */
static void transposes_every_order(void)
{
    static const int64_t dims[5] = {3, 37, 2, 5, 41};
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (int code = 0; code < 3125; code++) {
        int order[5], seen = 0;
        for (int d = 0, rest = code; d < 5; d++, rest /= 5)
            seen |= 1 << (order[d] = rest % 5);
        if (seen != 31)
            continue;
        char attributes[64];
        snprintf(attributes, sizeof(attributes), "perm=[%d,%d,%d,%d,%d]", order[0], order[1],
                 order[2], order[3], order[4]);
        const struct op_case test = {.type = "Transpose",
                                     .opset = 13,
                                     .attributes = attributes,
                                     .inputs = {"i32[3,37,2,5,41]: 0"},
                                     .outputs = {"any"}};
        struct op_run run;
        op_run_init(&run, &test);
        int32_t *x = run.inputs[0].data;
        for (int32_t i = 0; i < 3 * 37 * 2 * 5 * 41; i++)
            x[i] = i;
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, pool);
        const int32_t *y = run.outputs[0].data;
        int64_t wrong = 0, at[5] = {0}, stride[5] = {1, 1, 1, 1, 1};
        for (int d = 3; d >= 0; d--)
            stride[d] = stride[d + 1] * dims[d + 1];
        for (int64_t i = 0; i < 3 * 37 * 2 * 5 * 41; i++) {
            int64_t from = 0;
            for (int d = 0; d < 5; d++)
                from += at[d] * stride[order[d]];
            wrong += y[i] != from;
            for (int d = 4; d >= 0 && ++at[d] == dims[order[d]]; d--)
                at[d] = 0;
        }
        CU_ASSERT_EQUAL(wrong, 0);
        op_run_fini(&run);
    }
    thread_pool_destroy(pool);
}

/* Every start, end and step around a dimension of 4, against ONNX's words, one element a time. */
static void slices_everything_small(void)
{
    for (int start = -6; start <= 6; start++) {
        for (int end = -6; end <= 6; end++) {
            for (int step = -3; step <= 3; step++) {
                if (step == 0)
                    continue;
                char text[4][32];
                snprintf(text[0], sizeof(text[0]), "i64[1]: %d", start);
                snprintf(text[1], sizeof(text[1]), "i64[1]: %d", end);
                snprintf(text[2], sizeof(text[2]), "i64[1]: %d", step);
                const struct op_case test = {
                    .type = "Slice",
                    .opset = 13,
                    .inputs = {"i32[2,4,3]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
                               "21 22 23",
                               text[0], text[1], "i64[1]: 1", text[2]},
                    .outputs = {"any"}};
                struct op_run run;
                op_run_init(&run, &test);
                CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
                op_run_compute(&run, NULL);
                int first = start < 0 ? start + 4 : start, past = end < 0 ? end + 4 : end;
                int chosen[4], count = 0;
                if (step > 0) {
                    first = first < 0 ? 0 : first;
                    for (int i = first; i < 4 && i < past; i += step)
                        chosen[count++] = i;
                } else {
                    first = first > 3 ? 3 : first < 0 ? 0 : first;
                    for (int i = first; i >= 0 && i > past; i += step)
                        chosen[count++] = i;
                }
                CU_ASSERT_EQUAL_FATAL(run.outputs[0].shape.dims[1], count);
                const int32_t *y = run.outputs[0].data;
                int wrong = 0;
                for (int n = 0; n < 2; n++)
                    for (int i = 0; i < count; i++)
                        for (int c = 0; c < 3; c++)
                            wrong += y[(n * count + i) * 3 + c] != n * 12 + chosen[i] * 3 + c;
                CU_ASSERT_EQUAL(wrong, 0);
                op_run_fini(&run);
            }
        }
    }
}

static void clamps_indices_of_a_run(void)
{
    CU_ASSERT_TRUE(op_case_holds(&(struct op_case){
        .type = "Gather",
        .opset = 13,
        .inputs = {"f32[3]: 1 2 3", "i64[4]: 3 -4 9223372036854775807 -9223372036854775808"},
        .outputs = {"f32[4]: 3 1 3 1"}}));
    CU_ASSERT_TRUE(op_case_holds(&(struct op_case){.type = "GatherElements",
                                                   .opset = 13,
                                                   .inputs = {"u8[3]: 1 2 3", "i32[3]: 3 -4 0"},
                                                   .outputs = {"u8[3]: 3 1 1"}}));
}

#define REFUSED(WORDS, ...)                                                                        \
    CU_ASSERT_TRUE(op_case_refused(&(struct op_case){.outputs = {"any"}, __VA_ARGS__}, WORDS))
#define SPLIT_REFUSED(WORDS, ...)                                                                  \
    CU_ASSERT_TRUE(op_case_refused(                                                                \
        &(struct op_case){.type = "Split", .outputs = {"a", "b"}, __VA_ARGS__}, WORDS))
#define IN(...) .inputs = {__VA_ARGS__}

static void refuses_bad_moves(void)
{
    REFUSED("perm", .type = "Transpose", .opset = 13, .attributes = "perm=[0]", IN("f32[2,3]: 1"));
    REFUSED("twice", .type = "Transpose", .opset = 13, .attributes = "perm=[0,0]",
            IN("f32[2,3]: 1"));
    REFUSED("axis", .type = "Transpose", .opset = 13, .attributes = "perm=[0,2]",
            IN("f32[2,3]: 1"));
    REFUSED("broadcast", .type = "Expand", .opset = 13, IN("f32[2,3]: 1", "i64[1]: 2"));
    REFUSED("-2", .type = "Expand", .opset = 13, IN("f32[1]: 1", "i64[1]: -2"));
    REFUSED("too large", .type = "Expand", .opset = 13,
            IN("f32[1]: 1", "i64[2]: 1099511627776 1099511627776"));
    REFUSED("at most", .type = "Expand", .opset = 13, IN("f32[1]: 1", "i64[9]: 1"));
    REFUSED("repeats", .type = "Tile", .opset = 13, IN("f32[2]: 1", "i64[2]: 1 2"));
    REFUSED("repeat", .type = "Tile", .opset = 13, IN("f32[2]: 1", "i64[1]: -1"));
    REFUSED("repeat", .type = "Tile", .opset = 13, IN("f32[2]: 1", "i64[1]: 9223372036854775807"));
    REFUSED("blocksize", .type = "DepthToSpace", .opset = 13, IN("f32[1,4,1,1]: 1"));
    REFUSED("divide", .type = "DepthToSpace", .opset = 13, .attributes = "blocksize=3",
            IN("f32[1,4,1,1]: 1"));
    REFUSED("mode", .type = "DepthToSpace", .opset = 13, .attributes = "blocksize=2 mode='X'",
            IN("f32[1,4,1,1]: 1"));
    REFUSED("rank 4", .type = "SpaceToDepth", .opset = 13, .attributes = "blocksize=2",
            IN("f32[4,2,2]: 1"));
    REFUSED("divide", .type = "SpaceToDepth", .opset = 13, .attributes = "blocksize=2",
            IN("f32[1,1,2,3]: 1"));
    REFUSED("blocksize", .type = "SpaceToDepth", .opset = 13, .attributes = "blocksize=4294967296",
            IN("f32[1,1,2,3]: 1"));
}

static void refuses_bad_slices_and_joints(void)
{
    REFUSED("missing", .type = "Slice", .opset = 13, IN("f32[2,3]: 1"));
    REFUSED("length", .type = "Slice", .opset = 13, IN("f32[2,3]: 1", "i64[1]: 1", "i64[2]: 1"));
    REFUSED("step of 0", .type = "Slice", .opset = 13,
            IN("f32[2,3]: 1", "i64[1]: 0", "i64[1]: 1", "i64[1]: 0", "i64[1]: 0"));
    REFUSED("axis", .type = "Slice", .opset = 13,
            IN("f32[2,3]: 1", "i64[1]: 0", "i64[1]: 1", "i64[1]: 2"));
    REFUSED("twice", .type = "Slice", .opset = 13,
            IN("f32[2,3]: 1", "i64[2]: 0", "i64[2]: 1", "i64[2]: 1 -1"));
    REFUSED("axis", .type = "Slice", .opset = 13, IN("f32[2]: 1", "i64[2]: 0", "i64[2]: 1"));
    REFUSED("cannot be of type float", .type = "Slice", .opset = 13,
            IN("f32[2,3]: 1", "f32[1]: 0", "i64[1]: 1"));
    REFUSED("axis", .type = "Concat", .opset = 13, IN("f32[2]: 1", "f32[2]: 1"));
    REFUSED("axis", .type = "Concat", .opset = 13, .attributes = "axis=1",
            IN("f32[2]: 1", "f32[2]: 1"));
    REFUSED("rank", .type = "Concat", .opset = 13, .attributes = "axis=0",
            IN("f32[2]: 1", "f32[2,1]: 1"));
    REFUSED("differs", .type = "Concat", .opset = 13, .attributes = "axis=0",
            IN("f32[2,3]: 1", "f32[2,1]: 1"));
    REFUSED("int64", .type = "Concat", .opset = 13, .attributes = "axis=0",
            IN("f32[2]: 1", "i64[2]: 1"));
    SPLIT_REFUSED("divide", .opset = 13, IN("f32[3]: 1"));
    SPLIT_REFUSED("add up", .opset = 13, IN("f32[3]: 1", "i64[2]: 1 1"));
    SPLIT_REFUSED("add up", .opset = 13, IN("f32[3]: 1", "i64[2]: -1 4"));
    SPLIT_REFUSED("outputs", .opset = 11, .attributes = "split=[1,1,1]", IN("f32[3]: 1"));
    SPLIT_REFUSED("outputs", .opset = 18, .attributes = "num_outputs=3", IN("f32[3]: 1"));
}

static void refuses_bad_pads_and_indices(void)
{
    REFUSED("pads", .type = "Pad", .opset = 13, IN("f32[2,3]: 1", "i64[2]: 1"));
    REFUSED("crop", .type = "Pad", .opset = 13, IN("f32[2]: 1", "i64[2]: -3 2"));
    REFUSED("crop", .type = "Pad", .opset = 13,
            IN("f32[2]: 1", "i64[2]: -9223372036854775808 -9223372036854775808"));
    REFUSED("too large", .type = "Pad", .opset = 13,
            IN("f32[2]: 1", "i64[2]: 9223372036854775807 1"));
    REFUSED("mode", .type = "Pad", .opset = 13, .attributes = "mode='mirror'",
            IN("f32[2]: 1", "i64[2]: 1 1"));
    REFUSED("no element", .type = "Pad", .opset = 13, .attributes = "mode='edge'",
            IN("f32[0]:", "i64[2]: 1 1"));
    REFUSED("one number", .type = "Pad", .opset = 13, IN("f32[2]: 1", "i64[2]: 1 1", "f32[2]: 1"));
    REFUSED("input 2", .type = "Pad", .opset = 13, IN("f32[2]: 1", "i64[2]: 1 1", "i64[]: 1"));
    REFUSED("axis", .type = "Pad", .opset = 18, IN("f32[2]: 1", "i64[2]: 1 1", "", "i64[1]: 1"));
    REFUSED("index 3", .type = "Gather", .opset = 13, IN("f32[3]: 1", "const i64[1]: 3"));
    REFUSED("axis", .type = "Gather", .opset = 13, .attributes = "axis=1",
            IN("f32[3]: 1", "i64[1]: 0"));
    REFUSED("axis", .type = "Gather", .opset = 13, IN("f32[]: 1", "i64[1]: 0"));
    REFUSED("nothing", .type = "Gather", .opset = 13, IN("f32[0]:", "i64[1]: 0"));
    REFUSED("rank", .type = "Gather", .opset = 13, IN("f32[1,1,1,1,1]: 1", "i64[1,1,1,1,1]: 0"));
    REFUSED("cannot be of type float", .type = "Gather", .opset = 13, IN("f32[2]: 1", "f32[1]: 0"));
    REFUSED("rank", .type = "GatherElements", .opset = 13, IN("f32[2]: 1", "i64[1,1]: 0"));
    REFUSED("larger", .type = "GatherElements", .opset = 13, IN("f32[2,2]: 1", "i64[1,3]: 0"));
    REFUSED("index -3", .type = "GatherElements", .opset = 13, IN("f32[2]: 1", "const i64[1]: -3"));
}

const struct cunit_test tests[] = {
    {"operators that move elements agree with ONNX Runtime", agrees_with_onnx_runtime},
    {"a transposition of any order is the index arithmetic", transposes_every_order},
    {"every small slice takes the elements that ONNX says", slices_everything_small},
    {"indices that come during a run are clamped", clamps_indices_of_a_run},
    {"bad orders, repeats and blocks are refused", refuses_bad_moves},
    {"bad slices, parts and joints are refused", refuses_bad_slices_and_joints},
    {"bad pads and indices are refused", refuses_bad_pads_and_indices},
    {NULL, NULL},
};
