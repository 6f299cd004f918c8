/* Tests of compute/plan/fold.c: what is folded, what it points to, what is too large, what is dead.
 */
#include "compute/plan/fold.h"
#include "compute/ops/op.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <errno.h>
#include <string.h>

static const struct value *value(const struct plan_case *c, const char *name)
{
    return &c->graph.values[plan_case_value(c, name)];
}

static int fold(struct plan_case *c, const char *output)
{
    struct graph_error error = {{0}};
    onnx_model_output(c->model, output);
    plan_case_load(c);
    int rc = fold_constants(&c->graph, &error);
    CU_ASSERT_EQUAL(rc == 0, error.text[0] == '\0');
    return rc;
}

static void constants_are_computed_once(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 3});
    const float two[] = {2}, values[] = {1, 2, 3};
    onnx_model_constant(c.model, "two", PLAN_CASE_F32, 0, NULL, two, sizeof(two));
    onnx_model_constant(c.model, "v", PLAN_CASE_F32, 1, (int64_t[]){3}, values, sizeof(values));
    onnx_model_node(c.model, "Mul", "v two", "a");
    onnx_model_node(c.model, "Add", "a v", "b"); /* over what was folded */
    onnx_model_node(c.model, "Add", "x b", "y");
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 1);
    CU_ASSERT_EQUAL(value(&c, "y")->producer, 0);
    const struct value *b = value(&c, "b");
    CU_ASSERT_TRUE_FATAL(b->is_constant);
    CU_ASSERT_EQUAL(b->producer, GRAPH_NONE);
    CU_ASSERT_EQUAL(b->constant.shape.dims[0], 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(((const float *)b->constant.data)[i], 3 * values[i]);
    plan_case_fini(&c);
}

static void views_are_not_copied(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 6});
    plan_case_floats(&c, "w", 2, (int64_t[]){3, 2});
    plan_case_ints(&c, "shape", 2, (int64_t[]){1, 6});
    onnx_model_node(c.model, "Identity", "w", "same");
    onnx_model_node(c.model, "Reshape", "same shape", "row");
    onnx_model_node(c.model, "Add", "x row", "y");
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 1);
    CU_ASSERT_PTR_EQUAL(value(&c, "row")->constant.data, value(&c, "w")->constant.data);
    CU_ASSERT_EQUAL(value(&c, "row")->constant.shape.rank, 2);
    CU_ASSERT_EQUAL(value(&c, "row")->constant.shape.dims[1], 6);
    CU_ASSERT_EQUAL(value(&c, "w")->constant.shape.dims[0], 3);
    plan_case_fini(&c);
}

/* ConstantOfShape of this many floats, then a node that takes one of them. */
static void grown(struct plan_case *c, int64_t count)
{
    plan_case_init(c);
    onnx_model_input(c->model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 1});
    plan_case_ints(c, "count", 1, &count);
    plan_case_ints(c, "zero", 1, (int64_t[]){0});
    onnx_model_node(c->model, "ConstantOfShape", "count", "large");
    onnx_model_node(c->model, "Gather", "large zero", "one");
    onnx_model_node(c->model, "Add", "x one", "y");
}

static void growth_is_bounded(void)
{
    struct plan_case c;
    grown(&c, 1000);
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 1);
    plan_case_fini(&c);
    grown(&c, (int64_t)1 << 30); /* 4 GiB from 8 bytes: not now */
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 3);
    CU_ASSERT_FALSE(value(&c, "large")->is_constant);
    for (uint32_t n = 0; n < 3; n++)
        CU_ASSERT_EQUAL(c.graph.values[c.graph.nodes[n].outputs[0]].producer, n);
    plan_case_fini(&c);
    grown(&c, INT64_MAX); /* no size at all */
    CU_ASSERT_TRUE(fold(&c, "y") < 0);
    plan_case_fini(&c);
    grown(&c, -5);
    CU_ASSERT_EQUAL(fold(&c, "y"), -EINVAL);
    plan_case_fini(&c);
}

static void every_output_is_folded(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 1});
    const float values[] = {1, 2, 3};
    onnx_model_constant(c.model, "v", PLAN_CASE_F32, 1, (int64_t[]){3}, values, sizeof(values));
    plan_case_ints(&c, "sizes", 2, (int64_t[]){1, 2});
    onnx_model_node(c.model, "Split", "v sizes", "a b");
    onnx_model_node(c.model, "Mul", "a b", "d");
    onnx_model_node(c.model, "Add", "x d", "y");
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 1);
    CU_ASSERT_EQUAL(((const float *)value(&c, "b")->constant.data)[1], 3);
    CU_ASSERT_EQUAL(((const float *)value(&c, "d")->constant.data)[0], 2);
    plan_case_fini(&c);
}

static void an_output_may_become_constant(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 1});
    plan_case_floats(&c, "v", 1, (int64_t[]){2});
    onnx_model_node(c.model, "Add", "v v", "y");
    CU_ASSERT_EQUAL(fold(&c, "y"), 0);
    CU_ASSERT_EQUAL(c.graph.node_count, 0);
    CU_ASSERT_TRUE(value(&c, "y")->is_constant);
    CU_ASSERT_EQUAL(c.graph.output_count, 1);
    plan_case_fini(&c);
}

static void dead_nodes_are_dropped(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 4});
    plan_case_ints(&c, "sizes", 2, (int64_t[]){1, 3});
    onnx_model_node(c.model, "Relu", "x", "dead");
    onnx_model_node(c.model, "Sigmoid", "dead", "dead_too");
    Onnx__NodeProto *split = onnx_model_node(c.model, "Split", "x sizes", "a unused");
    onnx_model_int(c.model, split, "axis", 1);
    onnx_model_node(c.model, "Relu", "a", "y");
    onnx_model_node(c.model, "Add", "y dead_too", "dead_end");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    uint32_t values = c.graph.value_count;
    CU_ASSERT_EQUAL(fold_dead_nodes(&c.graph), 0);
    CU_ASSERT_EQUAL(c.graph.value_count, values);
    CU_ASSERT_EQUAL_FATAL(c.graph.node_count, 2);
    CU_ASSERT_STRING_EQUAL(c.graph.nodes[0].op_type, "Split");
    CU_ASSERT_STRING_EQUAL(c.graph.nodes[1].op_type, "Relu");
    CU_ASSERT_EQUAL(value(&c, "a")->producer, 0);
    CU_ASSERT_EQUAL(value(&c, "y")->producer, 1);
    plan_case_fini(&c);
}

const struct cunit_test tests[] = {
    {"nodes over constants are computed once", constants_are_computed_once},
    {"another shape of a constant shares its memory", views_are_not_copied},
    {"a constant does not grow without bound", growth_is_bounded},
    {"every output of a node is folded", every_output_is_folded},
    {"a graph output may be folded", an_output_may_become_constant},
    {"nodes that nobody uses are dropped, in order", dead_nodes_are_dropped},
    {NULL, NULL},
};
