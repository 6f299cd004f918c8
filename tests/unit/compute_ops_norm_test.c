/* Tests of compute/ops/batch_norm.c, instance_norm.c, layer_norm.c, lrn.c, mean_variance.c and
 * global_pool.c. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_norm_cases.h"
#include "tests/unit/random_shape.h"

#include <math.h>

static void onnx_cases(void)
{
    for (size_t i = 0; i < sizeof(onnx_norm_cases) / sizeof(onnx_norm_cases[0]); i++) {
        struct op_case test = onnx_norm_cases[i];
        test.relative = test.absolute = 4e-6;
        CU_ASSERT_TRUE(op_case_holds(&test));
    }
}

static void small_cases(void)
{
    /* By hand from the definitions. */
    static const struct op_case cases[] = {
        {.name = "opset 7 with a parameter for each element",
         .type = "BatchNormalization",
         .opset = 7,
         .attributes = "spatial=0 epsilon=0.0",
         .inputs = {"f32[2,1,2]: 1 2 3 4", "f32[1,2]: 1 2", "f32[1,2]: 0 1", "f32[1,2]: 1 2",
                    "f32[1,2]: 1 4"},
         .outputs = {"f32[2,1,2]: 0 1 2 3"}},
        {.name = "a vector is one channel",
         .type = "BatchNormalization",
         .opset = 9,
         .attributes = "epsilon=0.0",
         .inputs = {"f32[3]: 1 2 3", "f32[1]: 2", "f32[1]: 1", "f32[1]: 1", "f32[1]: 4"},
         .outputs = {"f32[3]: 1 2 3"}},
        {.name = "groups of two channels, scaled by group",
         .type = "GroupNormalization",
         .opset = 18,
         .attributes = "num_groups=2 epsilon=0.0",
         .inputs = {"f32[1,4,1]: 1 3 0 4", "f32[2]: 1 10", "f32[2]: 0 1"},
         .outputs = {"f32[1,4,1]: -1 1 -9 11"}},
        {.name = "scale and shift repeated along an axis",
         .type = "LayerNormalization",
         .opset = 17,
         .attributes = "axis=1 epsilon=0.0",
         .inputs = {"f32[1,2,2]: -1 1 1 -1", "f32[2,1]: 1 2", "f32[2]: 5 6"},
         .outputs = {"f32[1,2,2]: 4 7 7 4", "f32[1,1,1]: 0", "f32[1,1,1]: 1"}},
        {.name = "an even window reaches further up than down",
         .type = "LRN",
         .opset = 13,
         .attributes = "size=2 alpha=2.0 beta=1.0 bias=0.0",
         .inputs = {"f32[1,3]: 1 2 4"},
         .outputs = {"f32[1,3]: 0.2 0.1 0.25"}},
        {.name = "p of 1",
         .type = "GlobalLpPool",
         .opset = 7,
         .attributes = "p=1",
         .inputs = {"f32[1,2,3]: 1 -2 3 0 0 -1"},
         .outputs = {"f32[1,2,1]: 6 1"}},
        {.name = "the root of the sum of squares by default",
         .type = "GlobalLpPool",
         .opset = 7,
         .inputs = {"f32[1,1,2,1]: 3 -4"},
         .outputs = {"f32[1,1,1,1]: 5"}},
        {.name = "negative numbers",
         .type = "GlobalMaxPool",
         .opset = 7,
         .inputs = {"f32[2,1,2]: -3 -2 -7 -9"},
         .outputs = {"f32[2,1,1]: -2 -7"}},
        {.name = "no channels, of axes whose product does not fit",
         .type = "GlobalAveragePool",
         .opset = 7,
         .inputs = {"f32[1,0,4294967296,4294967296]:"},
         .outputs = {"f32[1,0,1,1]:"}},
        {.name = "no channels, of axes whose product does not fit",
         .type = "LRN",
         .opset = 7,
         .attributes = "size=3",
         .inputs = {"f32[1,0,4294967297,4294967295]:"},
         .outputs = {"f32[1,0,4294967297,4294967295]:"}},
    };
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Largest difference from a formula over seeded tensors. */
static void lrn_formula(void)
{
    uint64_t seed = 3;
    for (unsigned round = 0; round < 100; round++) {
        int64_t dims[4] = {random_between(&seed, 1, 2), random_between(&seed, 1, 12),
                           random_between(&seed, 1, 5), random_between(&seed, 1, 5)};
        int64_t size = random_between(&seed, 1, 9);
        uint32_t rank = (uint32_t)random_between(&seed, 2, 4);
        char x[96], attributes[96];
        random_tensor_text(x, sizeof(x), "f32", dims, rank, round);
        snprintf(attributes, sizeof(attributes), "size=%d alpha=0.7 beta=0.6 bias=1.5", (int)size);
        struct op_case test = {
            .type = "LRN", .opset = 13, .attributes = attributes, .inputs = {x}, .outputs = {"y"}};
        struct op_run run;
        op_run_init(&run, &test);
        CU_ASSERT_EQUAL_FATAL(op_run_infer(&run, &test), 0);
        op_run_compute(&run, NULL);
        const float *in = run.inputs[0].data, *out = run.outputs[0].data;
        int64_t pixels = (rank > 2 ? dims[2] : 1) * (rank > 3 ? dims[3] : 1);
        for (int64_t i = 0; i < dims[0] * dims[1] * pixels; i++) {
            int64_t c = i / pixels % dims[1];
            double sum = 0;
            for (int64_t k = 0; k < dims[1]; k++) {
                double other = (double)in[i + (k - c) * pixels];
                if (k >= c - (int64_t)floor((double)(size - 1) / 2) &&
                    k <= c + (int64_t)ceil((double)(size - 1) / 2))
                    sum += other * other;
            }
            double expected =
                (double)in[i] / pow(1.5 + (double)0.7f / (double)size * sum, (double)0.6f);
            CU_ASSERT_DOUBLE_EQUAL((double)out[i], expected, 1e-6);
        }
        op_run_fini(&run);
    }
}

static void refuses(void)
{
    static const struct {
        struct op_case test;
        const char *words;
    } cases[] = {
        {{.type = "BatchNormalization",
          .opset = 14,
          .attributes = "training_mode=1",
          .inputs = {"f32[1,1]: 1", "f32[1]: 1", "f32[1]: 1", "f32[1]: 1", "f32[1]: 1"},
          .outputs = {"y"}},
         "training_mode"},
        {{.type = "BatchNormalization",
          .opset = 9,
          .inputs = {"f32[1,1]: 1", "f32[1]: 1", "f32[1]: 1", "f32[1]: 1", "f32[1]: 1"},
          .outputs = {"y", "mean"}},
         "training"},
        {{.type = "BatchNormalization",
          .opset = 9,
          .inputs = {"f32[1,2]: 1", "f32[2]: 1", "f32[2]: 1", "f32[1]: 1", "f32[2]: 1"},
          .outputs = {"y"}},
         "input 3"},
        {{.type = "InstanceNormalization",
          .opset = 9,
          .inputs = {"f32[1,2,3]: 1", "f32[3]: 1", "f32[2]: 1"},
          .outputs = {"y"}},
         "input 1"},
        {{.type = "GroupNormalization",
          .opset = 18,
          .attributes = "num_groups=2",
          .inputs = {"f32[1,3,3]: 1", "f32[2]: 1", "f32[2]: 1"},
          .outputs = {"y"}},
         "groups"},
        {{.type = "LayerNormalization",
          .opset = 17,
          .attributes = "axis=2",
          .inputs = {"f32[1,3]: 1", "f32[3]: 1"},
          .outputs = {"y"}},
         "axis"},
        {{.type = "LayerNormalization",
          .opset = 17,
          .inputs = {"f32[1,3]: 1", "f32[2]: 1"},
          .outputs = {"y"}},
         "input 1"},
        {{.type = "LRN", .opset = 13, .inputs = {"f32[1,3]: 1"}, .outputs = {"y"}}, "size"},
        {{.type = "LRN",
          .opset = 13,
          .attributes = "size=3",
          .inputs = {"f32[3]: 1"},
          .outputs = {"y"}},
         "rank"},
        {{.type = "GlobalAveragePool", .opset = 7, .inputs = {"f32[1,2,0]:"}, .outputs = {"y"}},
         "empty"},
        {{.type = "GlobalLpPool",
          .opset = 7,
          .attributes = "p=0",
          .inputs = {"f32[1,2,3]: 1"},
          .outputs = {"y"}},
         "attribute p"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_TRUE(op_case_refused(&cases[i].test, cases[i].words));
}

const struct cunit_test tests[] = {
    {"ONNX's own cases of normalisations hold", onnx_cases},
    {"small cases worked out by hand hold", small_cases},
    {"LRN is its formula for every window and rank", lrn_formula},
    {"shapes, attributes and training that do not fit are refused", refuses},
    {NULL, NULL},
};
