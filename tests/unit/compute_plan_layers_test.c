/* Tests of compute/plan/layers.c: the rule that layers.h states, case by case. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <string.h>

/* x [N, 4, 6, 6] and constants for convolutions, batch norms and sums. */
static void begin(struct plan_case *c)
{
    plan_case_init(c);
    onnx_model_input(c->model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 4, 6, 6});
    plan_case_floats(c, "w", 4, (int64_t[]){4, 4, 1, 1});
    plan_case_floats(c, "v", 1, (int64_t[]){4});
    plan_case_floats(c, "p", 4, (int64_t[]){1, 4, 1, 1});
}

/* Ends the network, and compares its layers. */
static void expect(struct plan_case *c, const char *output, const char *layers)
{
    char text[512];
    onnx_model_output(c->model, output);
    plan_case_load(c);
    plan_case_analyse(c, 1);
    CU_ASSERT_STRING_EQUAL(plan_case_layers(c, text), layers);
    plan_case_fini(c);
}

static void takes_in_what_follows(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "BatchNormalization", "a v v v v", "b");
    onnx_model_node(c.model, "Relu", "b", "c");
    onnx_model_node(c.model, "Mul", "c p", "d");
    onnx_model_node(c.model, "Flatten", "d", "e");
    expect(&c, "e", "Conv+BatchNormalization+Relu+Mul+Flatten");
}

static void others_open_a_layer(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Conv", "a w", "b");
    onnx_model_node(c.model, "Softmax", "b", "c");
    expect(&c, "c", "Conv Conv Softmax");
}

static void a_first_activation_is_a_layer(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Relu", "x", "a");
    onnx_model_node(c.model, "Conv", "a w", "b");
    expect(&c, "b", "Relu Conv");
}

static void a_sum_joins_the_later_layer(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Conv", "x w", "b");
    onnx_model_node(c.model, "Add", "a b", "c");
    onnx_model_node(c.model, "Relu", "c", "d");
    expect(&c, "d", "Conv Conv+Add+Relu");
    begin(&c); /* whichever operand comes first */
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Conv", "x w", "b");
    onnx_model_node(c.model, "Add", "b a", "c");
    expect(&c, "c", "Conv Conv+Add");
}

static void a_sum_with_the_input_joins(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Add", "x a", "b");
    expect(&c, "b", "Conv+Add");
}

static void two_readers_keep_a_value(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Sigmoid", "a", "b");
    onnx_model_node(c.model, "Mul", "a b", "c");
    expect(&c, "c", "Conv Sigmoid+Mul");
}

static void a_square_does_not_join(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Mul", "a a", "b");
    onnx_model_node(c.model, "Relu", "b", "c");
    expect(&c, "c", "Conv Mul+Relu");
}

static void a_graph_output_is_kept(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Relu", "a", "b");
    onnx_model_output(c.model, "a");
    expect(&c, "b", "Conv Relu");
}

static void several_results_are_kept(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Split", "x", "a b");
    onnx_model_node(c.model, "Relu", "a", "c");
    onnx_model_node(c.model, "Concat", "c b", "d");
    onnx_model_int(c.model, c.model->graph.node[0], "axis", 1);
    onnx_model_int(c.model, c.model->graph.node[2], "axis", 1);
    expect(&c, "d", "Split Relu Concat");
}

static void nodes_between_do_not_matter(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a");
    onnx_model_node(c.model, "Conv", "x w", "b");
    onnx_model_node(c.model, "Relu", "a", "c"); /* back to the first layer */
    onnx_model_node(c.model, "Relu", "b", "d");
    onnx_model_node(c.model, "Conv", "c w", "e");
    onnx_model_node(c.model, "Add", "e d", "f");
    expect(&c, "f", "Conv+Relu Conv+Relu Conv+Add");
}

static void static_nodes_are_left_out(void)
{
    struct plan_case c;
    begin(&c);
    plan_case_ints(&c, "zero", 1, (int64_t[]){0});
    plan_case_ints(&c, "rest", 1, (int64_t[]){-1});
    onnx_model_node(c.model, "Add", "v v", "sum"); /* constants alone */
    onnx_model_node(c.model, "Conv", "x w sum", "a");
    onnx_model_node(c.model, "Shape", "x", "s"); /* shapes alone */
    onnx_model_node(c.model, "Gather", "s zero", "n");
    onnx_model_node(c.model, "Concat", "n rest", "t");
    onnx_model_int(c.model, c.model->graph.node[4], "axis", 0);
    onnx_model_node(c.model, "Reshape", "a t", "b");
    onnx_model_output(c.model, "b");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    char text[512];
    CU_ASSERT_STRING_EQUAL(plan_case_layers(&c, text), "Conv+Reshape");
    for (uint32_t n = 0; n < c.graph.node_count; n++) {
        const char *type = c.graph.nodes[n].op_type;
        bool is_layer = strcmp(type, "Conv") == 0 || strcmp(type, "Reshape") == 0;
        CU_ASSERT_EQUAL(c.is_static[n], !is_layer);
        CU_ASSERT_EQUAL(c.layers.layer_of_node[n], is_layer ? 0 : GRAPH_NONE);
    }
    plan_case_fini(&c);
}

static void lists_agree(void)
{
    struct plan_case c;
    begin(&c);
    onnx_model_node(c.model, "Conv", "x w", "a")->name = onnx_model_text(c.model, "first");
    onnx_model_node(c.model, "Relu", "a", "b")->name = onnx_model_text(c.model, "joined");
    onnx_model_node(c.model, "Conv", "b w", "d")->name = onnx_model_text(c.model, "second");
    onnx_model_output(c.model, "d");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    CU_ASSERT_EQUAL_FATAL(c.layers.count, 2);
    CU_ASSERT_STRING_EQUAL(c.layers.items[0].name, "first");
    CU_ASSERT_STRING_EQUAL(c.layers.items[1].name, "second");
    uint32_t nodes = 0;
    for (uint32_t l = 0; l < c.layers.count; l++)
        for (uint32_t i = 0; i < c.layers.items[l].node_count; i++, nodes++)
            CU_ASSERT_EQUAL(c.layers.layer_of_node[c.layers.items[l].nodes[i]], l);
    CU_ASSERT_EQUAL(nodes, c.graph.node_count);
    plan_case_fini(&c);
    layers_fini(NULL);
}

const struct cunit_test tests[] = {
    {"a layer takes in what only changes its result", takes_in_what_follows},
    {"any other node opens a layer", others_open_a_layer},
    {"an activation of the input is a layer of its own", a_first_activation_is_a_layer},
    {"a sum of two layers joins the later one", a_sum_joins_the_later_layer},
    {"a sum with the network's input joins", a_sum_with_the_input_joins},
    {"a value with two readers is not joined away", two_readers_keep_a_value},
    {"a value times itself is not joined away", a_square_does_not_join},
    {"a graph output is not joined away", a_graph_output_is_kept},
    {"nobody joins a node with several results", several_results_are_kept},
    {"nodes of other layers may stand between", nodes_between_do_not_matter},
    {"what follows from shapes or constants is in no layer", static_nodes_are_left_out},
    {"names, node lists and numbers agree", lists_agree},
    {NULL, NULL},
};
