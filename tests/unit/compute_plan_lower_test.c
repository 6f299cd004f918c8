/* Tests of compute/plan/lower*.c: which steps a layer becomes, and that each tensor of a cut is
 * somewhere in the plan at that boundary. Numbers are compared by the property tests. */
#include "compute/plan/lower.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <stdio.h>
#include <string.h>

struct lowered {
    struct plan_case c;
    struct plan plan;
    struct weights weights;
};

static void begin(struct lowered *l)
{
    *l = (struct lowered){.weights = {.isa = ISA_PLAIN}};
    plan_case_init(&l->c);
    onnx_model_input(l->c.model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 4, 6, 6});
    plan_case_floats(&l->c, "w", 4, (int64_t[]){4, 4, 1, 1});
    plan_case_floats(&l->c, "v", 1, (int64_t[]){4});
    plan_case_floats(&l->c, "p", 4, (int64_t[]){1, 4, 1, 1});
}

static const char *kind_name(enum step_kind kind)
{
    static const char *const names[] = {
        [STEP_MARK] = "mark", [STEP_TO_LAST] = "to-last", [STEP_TO_PLAIN] = "to-plain",
        [STEP_CONV] = "conv", [STEP_LINEAR] = "linear",   [STEP_POOL] = "pool",
        [STEP_LRN] = "lrn",   [STEP_AFFINE] = "affine",   [STEP_COMBINE] = "combine",
        [STEP_COPY] = "copy", [STEP_GENERIC] = "generic", [STEP_GLOBAL_AVERAGE] = "average",
    };
    return names[kind];
}

/* Each tensor of a cut has been written and is kept until somebody behind the cut reads it. */
static void check_cuts(const struct lowered *l)
{
    const struct plan *plan = &l->plan;
    for (uint32_t k = 0; k < l->c.cuts.count; k++) {
        const struct cut *cut = &l->c.cuts.items[k];
        uint32_t step = plan->layer_first[cut->boundary];
        for (uint32_t t = 0; t < cut->count; t++) {
            bool is_there = l->c.one.tensors[cut->values[t]].data != NULL;
            for (uint32_t p = 0; p < plan->place_count; p++) {
                const struct place *place = &plan->places[p];
                is_there |= place->value == cut->values[t] && place->last_use >= step &&
                            (place->is_input || place->written < step);
            }
            CU_ASSERT_TRUE(is_there);
        }
    }
}

/* Ends the network at `output`; compares its steps, marks left out. */
static void lower_and_check(struct lowered *l, const char *output, const char *steps)
{
    onnx_model_output(l->c.model, output);
    plan_case_load(&l->c);
    plan_case_analyse(&l->c, 3);
    struct graph_error error = {{0}};
    struct instance_symbols symbols = {.batch_symbol = "N", .batch = 2};
    l->plan.batch = 2;
    CU_ASSERT_EQUAL_FATAL(
        instance_init(&l->plan.instance, &l->c.graph, l->c.is_static, &symbols, &error), 0);
    struct lower_config config = {.graph = &l->c.graph,
                                  .layers = &l->c.layers,
                                  .cuts = &l->c.cuts,
                                  .isa = ISA_PLAIN,
                                  .has_batch = true};
    CU_ASSERT_EQUAL_FATAL(lower(&config, &l->plan, &l->weights), 0);
    check_cuts(l);
    char text[512] = "";
    size_t used = 0;
    for (uint32_t s = 0; s < l->plan.step_count; s++)
        if (l->plan.steps[s].kind != STEP_MARK)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
                                     kind_name(l->plan.steps[s].kind));
    if (strcmp(text, steps) != 0)
        printf("%s\n", text);
    CU_ASSERT_STRING_EQUAL(text, steps);
}

static void finish(struct lowered *l)
{
    plan_fini(&l->plan);
    weights_fini(&l->weights);
    plan_case_fini(&l->c);
}

static void a_layer_is_one_convolution(void)
{
    struct lowered l;
    begin(&l);
    onnx_model_node(l.c.model, "Conv", "x w v", "a");
    onnx_model_node(l.c.model, "BatchNormalization", "a v v v v", "b");
    onnx_model_node(l.c.model, "Mul", "b p", "d");
    onnx_model_node(l.c.model, "Conv", "x w", "other");
    onnx_model_node(l.c.model, "Add", "d other", "sum");
    onnx_model_node(l.c.model, "Relu", "sum", "y");
    lower_and_check(&l, "y", "to-last conv conv");
    /* 0.5 / sqrt(0.5 + 1e-5) * 0.5 scales; the bias goes through all of it. */
    const struct piece *piece = &l.weights.pieces[0];
    double scale = 0.5 / 0.70711385;
    CU_ASSERT_DOUBLE_EQUAL(piece->scale[3], scale * 0.5, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(piece->shift[3], ((0.5 - 0.5) * scale + 0.5) * 0.5, 1e-6);
    const struct step *last = &l.plan.steps[l.plan.step_count - 1];
    CU_ASSERT_EQUAL(l.plan.places[last->second].value, plan_case_value(&l.c, "d"));
    CU_ASSERT_EQUAL(last->activation.kind, ACTIVATION_RELU);
    finish(&l);
}

static void nothing_joins_behind_a_residual_but_an_activation(void)
{
    struct lowered l;
    begin(&l);
    onnx_model_node(l.c.model, "Conv", "x w", "a");
    onnx_model_node(l.c.model, "Add", "a x", "b");
    onnx_model_node(l.c.model, "BatchNormalization", "b v v v v", "y"); /* of the sum */
    lower_and_check(&l, "y", "to-last conv affine");
    finish(&l);
}

static void concatenations_cost_nothing(void)
{
    struct lowered l;
    begin(&l);
    onnx_model_node(l.c.model, "Conv", "x w", "a");
    onnx_model_node(l.c.model, "Conv", "x w", "b");
    onnx_model_node(l.c.model, "Relu", "b", "r");
    onnx_model_node(l.c.model, "Concat", "a r", "c");
    onnx_model_int(l.c.model, l.c.model->graph.node[3], "axis", 1);
    onnx_model_node(l.c.model, "MaxPool", "c", "y");
    onnx_model_ints(l.c.model, l.c.model->graph.node[4], "kernel_shape", 2, (int64_t[]){2, 2});
    lower_and_check(&l, "y", "to-last conv conv pool");
    /* Both branches lie in one buffer, side by side. */
    const struct place *a = &l.plan.places[l.plan.last[plan_case_value(&l.c, "a")]];
    const struct place *r = &l.plan.places[l.plan.last[plan_case_value(&l.c, "r")]];
    CU_ASSERT_EQUAL(a->buffer, r->buffer);
    CU_ASSERT_EQUAL(a->offset, 0);
    CU_ASSERT_EQUAL(r->offset, 4 * sizeof(float));
    CU_ASSERT_EQUAL(a->stride, 8);
    finish(&l);
    begin(&l); /* a tensor twice: the second time it is copied */
    onnx_model_node(l.c.model, "Conv", "x w", "a");
    onnx_model_node(l.c.model, "Concat", "a a", "y");
    onnx_model_int(l.c.model, l.c.model->graph.node[1], "axis", -3);
    lower_and_check(&l, "y", "to-last conv copy");
    finish(&l);
}

static void values_are_converted_once(void)
{
    struct lowered l;
    begin(&l);
    plan_case_floats(&l.c, "m", 2, (int64_t[]){144, 3});
    onnx_model_node(l.c.model, "Conv", "x w", "a");
    onnx_model_node(l.c.model, "Flatten", "a", "f"); /* a in ONNX's order ... */
    onnx_model_node(l.c.model, "Flatten", "a", "g"); /* ... for both */
    onnx_model_node(l.c.model, "Gemm", "f m", "h");
    onnx_model_node(l.c.model, "MatMul", "g m", "i");
    onnx_model_node(l.c.model, "Add", "h i", "y");
    lower_and_check(&l, "y", "to-last conv to-plain linear linear");
    finish(&l);
}

static void what_cannot_be_an_image_stays_general(void)
{
    struct lowered l;
    begin(&l);
    onnx_model_node(l.c.model, "Conv", "x q", "a"); /* weights that come with the run */
    onnx_model_input(l.c.model, "q", PLAN_CASE_F32, 4, (int64_t[]){4, 4, 1, 1});
    onnx_model_node(l.c.model, "Sigmoid", "a", "y");
    lower_and_check(&l, "y", "generic generic");
    finish(&l);
}

static void an_operand_that_is_not_read_still_crosses(void)
{
    struct lowered l;
    begin(&l);
    onnx_model_input(l.c.model, "ratio", PLAN_CASE_F32, 0, NULL);
    onnx_model_node(l.c.model, "Softmax", "x", "a");
    onnx_model_node(l.c.model, "Softmax", "a", "b");
    onnx_model_node(l.c.model, "Dropout", "b ratio", "y");
    lower_and_check(&l, "y", "generic generic generic");
    finish(&l);
}

const struct cunit_test tests[] = {
    {"a layer around a convolution is one step", a_layer_is_one_convolution},
    {"a norm behind a residual sum is a step of its own",
     nothing_joins_behind_a_residual_but_an_activation},
    {"a concatenation costs nothing, but for a tensor that is in it twice",
     concatenations_cost_nothing},
    {"a value is converted once for all its readers", values_are_converted_once},
    {"weights that are not constant run the general operator",
     what_cannot_be_an_image_stays_general},
    {"an input that no step needs is kept until the layer that names it",
     an_operand_that_is_not_read_still_crosses},
    {NULL, NULL},
};
