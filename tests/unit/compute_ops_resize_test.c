/* Tests of compute/ops/resize*.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_resize_cases.h"

static void table_holds(const struct op_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct op_case test = cases[i];
        test.relative = test.absolute = 5e-6;
        CU_ASSERT_TRUE(op_case_holds(&test));
    }
}

static void onnx_cases(void)
{
    table_holds(onnx_resize_cases, sizeof(onnx_resize_cases) / sizeof(onnx_resize_cases[0]));
}

static void onnxruntime_cases(void)
{
    table_holds(onnxruntime_resize_cases,
                sizeof(onnxruntime_resize_cases) / sizeof(onnxruntime_resize_cases[0]));
}

static void other_types(void)
{
    static const struct op_case cases[] = {
        {.name = "int64 nearest",
         .type = "Resize",
         .opset = 13,
         .attributes = "nearest_mode='floor' coordinate_transformation_mode='asymmetric'",
         .inputs = {"i64[2]: 9007199254740993 -5", "", "f32[1]: 2"},
         .outputs = {"i64[4]: 9007199254740993 9007199254740993 -5 -5"}},
        {.name = "int32 linear is cut off toward zero",
         .type = "Resize",
         .opset = 13,
         .attributes = "mode='linear' coordinate_transformation_mode='asymmetric'",
         .inputs = {"i32[2]: -3 4", "", "f32[1]: 2"},
         .outputs = {"i32[4]: -3 0 4 4"}},
        {.name = "uint8 cubic stays in range",
         .type = "Resize",
         .opset = 13,
         .attributes = "mode='cubic' coordinate_transformation_mode='asymmetric'",
         .inputs = {"u8[4]: 0 255 255 0", "", "f32[1]: 2"},
         .outputs = {"u8[8]: 0 127 255 255 255 127 0 0"}},
        {.name = "an empty batch",
         .type = "Resize",
         .opset = 13,
         .inputs = {"f32[0,2]:", "", "f32[2]: 1 2"},
         .outputs = {"f32[0,4]:"}},
    };
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* A linear resize of a linear ramp with aligned corners is the same ramp, whatever the sizes. */
static void long_rows(void)
{
    static const struct op_case test = {
        .type = "Resize",
        .opset = 13,
        .attributes = "mode='linear' coordinate_transformation_mode='align_corners'",
        .inputs = {"f32[3,700]: 0", "", "", "const i64[2]: 5 1399"},
        .outputs = {"y"}};
    struct op_run run;
    op_run_init(&run, &test);
    float *in = run.inputs[0].data;
    for (unsigned i = 0; i < 3 * 700; i++)
        in[i] = (float)(i / 700) + (float)(i % 700) / 699;
    CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
    op_run_compute(&run, NULL);
    const float *out = run.outputs[0].data;
    for (unsigned i = 0; i < 5 * 1399; i++)
        CU_ASSERT_DOUBLE_EQUAL((double)out[i], (i / 1399) / 2.0 + (i % 1399) / 1398.0, 1e-6);
    op_run_fini(&run);
}

static void refuses(void)
{
    static const struct {
        const char *type;
        int64_t opset;
        const char *attributes, *x, *roi, *scales, *sizes, *words;
    } cases[] = {
        {"Resize", 13, "", "f32[2,2]: 1", "", "", "", "neither scales nor sizes"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "f32[2]: 1", "i64[2]: 2", "both"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "f32[3]: 1", "", "numbers"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "f32[2]: -1", "", "scale"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "f32[2]: nan", "", "scale"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "f32[2]: 1e30", "", "scale"},
        {"Resize", 13, "", "f32[9,9]: 1", "", "f32[2]: 9e8", "", "too long"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "", "i64[2]: -1 2", "size"},
        {"Resize", 13, "", "f32[2,2]: 1", "", "", "i64[2]: 9223372036854775807 2", "size"},
        {"Resize", 13, "", "f32[2,0]:", "", "", "i64[2]: 2 2", "size"},
        {"Resize", 13, "mode='area'", "f32[2,2]: 1", "", "f32[2]: 1", "", "mode"},
        {"Resize", 13, "coordinate_transformation_mode='x'", "f32[2,2]: 1", "", "f32[2]: 1", "",
         "coordinate_transformation_mode"},
        {"Resize", 13, "coordinate_transformation_mode='tf_crop_and_resize'", "f32[2,2]: 1", "",
         "f32[2]: 1", "", "roi"},
        {"Resize", 18, "axes=[0,0]", "f32[2,2]: 1", "", "f32[2]: 1", "", "twice"},
        {"Resize", 18, "axes=[2]", "f32[2,2]: 1", "", "f32[1]: 1", "", "axis"},
        {"Resize", 18, "axes=[0] keep_aspect_ratio_policy='x'", "f32[2,2]: 1", "", "", "i64[1]: 2",
         "keep_aspect_ratio_policy"},
        {"Resize", 13, "", "f32[]: 1", "", "f32[1]: 1", "", "scalar"},
        {"Resize", 13, "", "bool[2]: 1", "", "f32[1]: 1", "", "type"},
        {"Upsample", 9, "", "f32[2,2]: 1", "f32[3]: 1", NULL, NULL, "numbers"},
        {"Upsample", 7, "", "f32[2,2]: 1", NULL, NULL, NULL, "scale"},
        {"Upsample", 7, "mode='cubic' scales=[1.0,1.0]", "f32[2,2]: 1", NULL, NULL, NULL, "mode"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct op_case test = {
            .type = cases[i].type,
            .opset = cases[i].opset,
            .attributes = cases[i].attributes,
            .inputs = {cases[i].x, cases[i].roi, cases[i].scales, cases[i].sizes},
            .outputs = {"y"}};
        CU_ASSERT_TRUE(op_case_refused(&test, cases[i].words));
    }
}

const struct cunit_test tests[] = {
    {"ONNX's own cases of Resize and Upsample hold", onnx_cases},
    {"all modes give ONNX Runtime's numbers", onnxruntime_cases},
    {"integers and empty tensors resize", other_types},
    {"a ramp stays a ramp over rows of more than one piece", long_rows},
    {"hostile scales, sizes and attributes are refused", refuses},
    {NULL, NULL},
};
