/* Tests of compute/plan/cuts.c: liveness against brute force over random graphs, and how rows lie
 * in values. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Random sums and activations of earlier values, all of one shape. */
static void random_graph(struct plan_case *c, uint32_t seed)
{
    uint32_t state = seed;
    plan_case_init(c);
    uint32_t inputs = 1 + next_random(&state) % 2, nodes = 1 + next_random(&state) % 10;
    char name[16], operands[48];
    for (uint32_t i = 0; i < inputs; i++) {
        snprintf(name, sizeof(name), "t%u", i);
        onnx_model_input(c->model, name, PLAN_CASE_F32, 2, (int64_t[]){-1, 3});
    }
    for (uint32_t n = 0; n < nodes; n++) {
        uint32_t made = inputs + n;
        uint32_t a = next_random(&state) % made, b = next_random(&state) % made;
        snprintf(name, sizeof(name), "t%u", made);
        uint32_t kind = next_random(&state) % 4;
        snprintf(operands, sizeof(operands), kind < 2 ? "t%u t%u" : "t%u", a, b);
        onnx_model_node(c->model,
                        kind < 2    ? "Add"
                        : kind == 2 ? "Relu"
                                    : "Softmax",
                        operands, name);
        if (n + 1 == nodes || next_random(&state) % 8 == 0)
            onnx_model_output(c->model, name);
    }
}

/* By the definition: made by an input or a layer before the boundary, and read by a layer behind
 * it or from outside. */
static bool crosses(const struct plan_case *c, uint32_t value, uint32_t boundary)
{
    const struct graph *graph = &c->graph;
    bool is_made = false, is_read = false;
    for (uint32_t i = 0; i < graph->input_count; i++)
        is_made |= graph->inputs[i] == value;
    for (uint32_t i = 0; i < graph->output_count; i++)
        is_read |= graph->outputs[i] == value;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        bool is_before = c->layers.layer_of_node[n] < boundary;
        for (uint32_t i = 0; i < node->output_count; i++)
            is_made |= is_before && node->outputs[i] == value;
        for (uint32_t i = 0; i < node->input_count; i++)
            is_read |= !is_before && node->inputs[i] == value;
    }
    return is_made && is_read;
}

static bool has_value(const struct cut *cut, uint32_t value)
{
    for (uint32_t i = 0; i < cut->count; i++)
        if (cut->values[i] == value)
            return true;
    return false;
}

static void check_against_brute_force(const struct plan_case *c, uint32_t max_tensors)
{
    uint32_t k = 1;
    CU_ASSERT_EQUAL(c->cuts.items[0].boundary, 0);
    for (uint32_t boundary = 1; boundary < c->layers.count; boundary++) {
        uint32_t live = 0;
        for (uint32_t v = 0; v < c->graph.value_count; v++)
            live += crosses(c, v, boundary);
        if (live > max_tensors)
            continue;
        CU_ASSERT_TRUE_FATAL(k + 1 < c->cuts.count);
        const struct cut *cut = &c->cuts.items[k++];
        CU_ASSERT_EQUAL_FATAL(cut->boundary, boundary);
        CU_ASSERT_EQUAL(cut->count, live);
        for (uint32_t v = 0; v < c->graph.value_count; v++)
            CU_ASSERT_EQUAL(has_value(cut, v), crosses(c, v, boundary));
    }
    CU_ASSERT_EQUAL(c->cuts.count, k + 1);
    CU_ASSERT_EQUAL(c->cuts.items[k].boundary, c->layers.count);
}

static void liveness_is_what_brute_force_finds(void)
{
    for (uint32_t seed = 1; seed <= 400; seed++) {
        struct plan_case c;
        uint32_t max_tensors = 1 + seed % 3;
        random_graph(&c, seed);
        plan_case_load(&c);
        plan_case_analyse(&c, max_tensors);
        check_against_brute_force(&c, max_tensors);
        plan_case_fini(&c);
    }
}

static void first_and_last_are_inputs_and_outputs(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 3});
    onnx_model_input(c.model, "y", PLAN_CASE_F32, 2, (int64_t[]){-1, 3});
    onnx_model_node(c.model, "Softmax", "x", "a");
    onnx_model_node(c.model, "Softmax", "y", "b");
    onnx_model_node(c.model, "Softmax", "a", "c");
    onnx_model_output(c.model, "c");
    onnx_model_output(c.model, "b");
    plan_case_load(&c);
    plan_case_analyse(&c, 1); /* two tensors cross, and yet the ends are cuts */
    CU_ASSERT_EQUAL_FATAL(c.cuts.count, 2);
    CU_ASSERT_EQUAL_FATAL(c.cuts.items[0].count, 2);
    CU_ASSERT_EQUAL(c.cuts.items[0].values[0], plan_case_value(&c, "x"));
    CU_ASSERT_EQUAL(c.cuts.items[0].values[1], plan_case_value(&c, "y"));
    CU_ASSERT_EQUAL_FATAL(c.cuts.items[1].count, 2);
    CU_ASSERT_EQUAL(c.cuts.items[1].values[0], plan_case_value(&c, "c"));
    CU_ASSERT_EQUAL(c.cuts.items[1].values[1], plan_case_value(&c, "b"));
    plan_case_fini(&c);
    cuts_fini(NULL);
}

static void expect_rows(const struct plan_case *c, const char *name, enum row_kind kind,
                        uint32_t axis)
{
    const struct value_rows *rows = &c->cuts.rows[plan_case_value(c, name)];
    CU_ASSERT_EQUAL(rows->kind, kind);
    if (kind == ROWS_LEADING || kind == ROWS_AXIS)
        CU_ASSERT_EQUAL(rows->axis, axis);
}

static void transpose(struct plan_case *c, const char *input, const char *output, int64_t a,
                      int64_t b, int64_t d)
{
    Onnx__NodeProto *node = onnx_model_node(c->model, "Transpose", input, output);
    onnx_model_ints(c->model, node, "perm", 3, (int64_t[]){a, b, d});
}

static void rows_of_transposes(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){-1, 5, 3});
    onnx_model_input(c.model, "fixed", PLAN_CASE_F32, 2, (int64_t[]){5, 3});
    onnx_model_input(c.model, "one", PLAN_CASE_F32, 3, (int64_t[]){-1, 1, 3});
    transpose(&c, "x", "sequence_first", 1, 0, 2);
    transpose(&c, "x", "batch_last", 2, 1, 0);
    transpose(&c, "one", "still_outermost", 1, 0, 2);
    onnx_model_node(c.model, "Relu", "fixed", "shared");
    onnx_model_output(c.model, "sequence_first");
    onnx_model_output(c.model, "batch_last");
    onnx_model_output(c.model, "still_outermost");
    onnx_model_output(c.model, "shared");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    expect_rows(&c, "x", ROWS_LEADING, 0);
    expect_rows(&c, "sequence_first", ROWS_AXIS, 1);
    expect_rows(&c, "batch_last", ROWS_AXIS, 2);
    expect_rows(&c, "still_outermost", ROWS_LEADING, 1);
    expect_rows(&c, "fixed", ROWS_SHARED, 0);
    expect_rows(&c, "shared", ROWS_SHARED, 0);
    plan_case_fini(&c);
}

static void rows_of_merged_dimensions(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){-1, 5, 3});
    plan_case_ints(&c, "two", 2, (int64_t[]){-1, 3});
    plan_case_ints(&c, "three", 3, (int64_t[]){-1, 5, 3});
    plan_case_floats(&c, "w", 2, (int64_t[]){3, 4});
    onnx_model_node(c.model, "Reshape", "x two", "merged"); /* [N*5, 3]: rows still apart */
    onnx_model_node(c.model, "MatMul", "merged w", "product");
    onnx_model_node(c.model, "Reshape", "merged three", "apart");
    transpose(&c, "x", "sequence_first", 1, 0, 2);
    onnx_model_node(c.model, "Reshape", "sequence_first two", "mixed"); /* [5*N, 3] */
    onnx_model_node(c.model, "MatMul", "mixed w", "mixed_product");
    onnx_model_node(c.model, "Concat", "merged merged", "joined"); /* all rows, and all again */
    onnx_model_int(c.model, c.model->graph.node[c.model->graph.n_node - 1], "axis", 0);
    const char *const outputs[] = {"product", "apart", "mixed_product", "joined"};
    for (int i = 0; i < 4; i++)
        onnx_model_output(c.model, outputs[i]);
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    expect_rows(&c, "merged", ROWS_LEADING, 0);
    expect_rows(&c, "product", ROWS_LEADING, 0);
    expect_rows(&c, "apart", ROWS_LEADING, 0);
    expect_rows(&c, "mixed", ROWS_MIXED, 0);
    expect_rows(&c, "mixed_product", ROWS_MIXED, 0);
    expect_rows(&c, "joined", ROWS_MIXED, 0);
    plan_case_fini(&c);
}

static void rows_of_recurrent_layouts(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){7, -1, 3}); /* [S, N, C] */
    plan_case_floats(&c, "w", 3, (int64_t[]){2, 4, 3});
    plan_case_floats(&c, "r", 3, (int64_t[]){2, 4, 4});
    Onnx__NodeProto *node = onnx_model_node(c.model, "RNN", "x w r", "all last");
    onnx_model_int(c.model, node, "hidden_size", 4);
    onnx_model_string(c.model, node, "direction", "bidirectional");
    onnx_model_output(c.model, "all");
    onnx_model_output(c.model, "last");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    expect_rows(&c, "x", ROWS_AXIS, 1);
    expect_rows(&c, "all", ROWS_AXIS, 2); /* [S, 2, N, 4] */
    expect_rows(&c, "last", ROWS_AXIS, 1); /* [2, N, 4] */
    plan_case_fini(&c);
}

static void rows_that_meet_are_mixed(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 3});
    onnx_model_node(c.model, "Transpose", "x", "y");
    onnx_model_node(c.model, "MatMul", "x y", "z"); /* [N, N] */
    onnx_model_output(c.model, "z");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    expect_rows(&c, "y", ROWS_AXIS, 1);
    expect_rows(&c, "z", ROWS_MIXED, 0);
    plan_case_fini(&c);
}

static void no_batch_no_rows(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){1, 3});
    onnx_model_node(c.model, "Softmax", "x", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    CU_ASSERT_FALSE(c.has_batch);
    expect_rows(&c, "x", ROWS_SHARED, 0);
    expect_rows(&c, "y", ROWS_SHARED, 0);
    plan_case_fini(&c);
}

const struct cunit_test tests[] = {
    {"the cuts of 400 random graphs are what brute force finds",
     liveness_is_what_brute_force_finds},
    {"inputs and outputs are cuts, however many", first_and_last_are_inputs_and_outputs},
    {"transposes move the rows to another axis", rows_of_transposes},
    {"merged dimensions keep rows apart only where the batch was outermost",
     rows_of_merged_dimensions},
    {"recurrent layers have the batch in the middle", rows_of_recurrent_layouts},
    {"a product of rows with rows is mixed", rows_that_meet_are_mixed},
    {"without a batch dimension nothing has rows", no_batch_no_rows},
    {NULL, NULL},
};
