/* Tests of compute/plan/instance.c: symbols become numbers, shapes follow, and what follows from
 * shapes alone is computed. */
#include "compute/plan/instance.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dimensions as text: a number, a name, or "?" for one without a name. */
static void input(struct plan_case *c, const char *name, const char *const *dims, size_t rank)
{
    int64_t numbers[8] = {0};
    for (size_t d = 0; d < rank; d++)
        numbers[d] = dims[d][0] >= '0' && dims[d][0] <= '9' ? strtoll(dims[d], NULL, 10) : -1;
    Onnx__ValueInfoProto *info = onnx_model_input(c->model, name, PLAN_CASE_F32, rank, numbers);
    for (size_t d = 0; d < rank; d++)
        if (numbers[d] == -1)
            info->type->tensor_type->shape->dim[d]->dim_param =
                onnx_model_text(c->model, dims[d][0] == '?' ? "" : dims[d]);
}

#define INPUT(C, NAME, ...)                                                                        \
    input(C, NAME, (const char *const[]){__VA_ARGS__},                                             \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static int instance_of(struct plan_case *c, struct instance_symbols *symbols,
                       struct graph_error *error)
{
    c->is_static = calloc((size_t)c->graph.node_count + 1, sizeof(*c->is_static));
    instance_mark_static(&c->graph, c->is_static);
    return instance_init(&c->one, &c->graph, c->is_static, symbols, error);
}

static void expect_batch_symbol(struct plan_case *c, const char *expected)
{
    onnx_model_node(c->model, "Relu", "x", "y");
    onnx_model_output(c->model, "y");
    plan_case_load(c);
    const char *symbol = graph_batch_symbol(&c->graph);
    CU_ASSERT_EQUAL(symbol == NULL, expected == NULL);
    if (symbol && expected)
        CU_ASSERT_STRING_EQUAL(symbol, expected);
    plan_case_fini(c);
}

static void finds_the_batch(void)
{
    struct plan_case c;
    plan_case_init(&c);
    INPUT(&c, "x", "N", "3");
    expect_batch_symbol(&c, "N");
    plan_case_init(&c);
    INPUT(&c, "x", "rows", "time"); /* the first dimension of the first input */
    expect_batch_symbol(&c, "rows");
    plan_case_init(&c);
    INPUT(&c, "x", "time", "batch", "3"); /* unless one is called so */
    expect_batch_symbol(&c, "batch");
    plan_case_init(&c);
    INPUT(&c, "x", "4", "k"); /* or the only one */
    expect_batch_symbol(&c, "k");
    plan_case_init(&c);
    INPUT(&c, "x", "4", "height", "width");
    expect_batch_symbol(&c, NULL);
    plan_case_init(&c);
    INPUT(&c, "x", "4", "3");
    expect_batch_symbol(&c, NULL);
    plan_case_init(&c);
    INPUT(&c, "x", "?", "3");
    expect_batch_symbol(&c, "");
}

static void symbols_become_numbers(void)
{
    struct plan_case c;
    struct graph_error error = {{0}};
    plan_case_init(&c);
    INPUT(&c, "x", "N", "time", "?", "4");
    onnx_model_node(c.model, "Relu", "x", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    const char *const names[] = {"time", "x:2"};
    const int64_t values[] = {7, 9};
    struct instance_symbols symbols = {
        .batch_symbol = "N", .batch = 5, .count = 2, .names = names, .values = values};
    CU_ASSERT_EQUAL_FATAL(instance_of(&c, &symbols, &error), 0);
    const struct shape *shape = &c.one.tensors[plan_case_value(&c, "y")].shape;
    CU_ASSERT_EQUAL(shape->rank, 4);
    const int64_t expected[] = {5, 7, 9, 4};
    for (int d = 0; d < 4; d++)
        CU_ASSERT_EQUAL(shape->dims[d], expected[d]);
    plan_case_fini(&c);
}

static void an_open_symbol_is_named(void)
{
    struct plan_case c;
    struct graph_error error = {{0}};
    plan_case_init(&c);
    INPUT(&c, "x", "N", "time");
    onnx_model_node(c.model, "Relu", "x", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    struct instance_symbols symbols = {.batch_symbol = "N", .batch = 1};
    CU_ASSERT_EQUAL(instance_of(&c, &symbols, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'time'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'x'"));
    plan_case_fini(&c);
}

static void unnamed_dimensions_are_not_all_the_batch(void)
{
    struct plan_case c;
    struct graph_error error = {{0}};
    plan_case_init(&c);
    INPUT(&c, "x", "?", "3", "?", "?");
    onnx_model_node(c.model, "Relu", "x", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    struct instance_symbols symbols = {.batch_symbol = graph_batch_symbol(&c.graph), .batch = 1};
    CU_ASSERT_EQUAL(instance_of(&c, &symbols, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "x:2=NUMBER"));
    plan_case_fini(&c);
}

static void shapes_alone_are_computed(void)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 3, 4, 5});
    plan_case_ints(&c, "zero", 1, (int64_t[]){0});
    plan_case_ints(&c, "rest", 1, (int64_t[]){-1});
    onnx_model_node(c.model, "Shape", "x", "shape");
    onnx_model_node(c.model, "Gather", "shape zero", "batch");
    Onnx__NodeProto *node = onnx_model_node(c.model, "Concat", "batch rest", "wanted");
    onnx_model_int(c.model, node, "axis", 0);
    onnx_model_node(c.model, "Relu", "x", "r");
    onnx_model_node(c.model, "Reshape", "r wanted", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    plan_case_analyse(&c, 1);
    const bool is_static[] = {true, true, true, false, false};
    for (int n = 0; n < 5; n++)
        CU_ASSERT_EQUAL(c.is_static[n], is_static[n]);
    uint32_t wanted = plan_case_value(&c, "wanted"), y = plan_case_value(&c, "y");
    CU_ASSERT_EQUAL(((const int64_t *)c.one.tensors[wanted].data)[0], 1);
    CU_ASSERT_EQUAL(((const int64_t *)c.two.tensors[wanted].data)[0], 2);
    CU_ASSERT_EQUAL(c.one.tensors[y].shape.dims[1], 60);
    CU_ASSERT_EQUAL(c.two.tensors[y].shape.dims[0], 2);
    CU_ASSERT_PTR_NULL(c.one.tensors[y].data);
    plan_case_fini(&c);
}

/* x plus the first of `nodes` constants of `count` floats each. */
static int instance_of_constants(int nodes, int64_t count, struct graph_error *error)
{
    struct plan_case c;
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 1, (int64_t[]){-1});
    plan_case_ints(&c, "count", 1, &count);
    plan_case_ints(&c, "zero", 1, (int64_t[]){0});
    char name[3][24] = {"x"}, operands[48];
    for (int n = 0; n < nodes; n++) {
        snprintf(name[1], sizeof(name[1]), "large%d", n);
        onnx_model_node(c.model, "ConstantOfShape", "count", name[1]);
        snprintf(operands, sizeof(operands), "%s zero", name[1]);
        snprintf(name[2], sizeof(name[2]), "one%d", n);
        onnx_model_node(c.model, "Gather", operands, name[2]);
        snprintf(operands, sizeof(operands), "%s %s", name[0], name[2]);
        snprintf(name[0], sizeof(name[0]), "sum%d", n);
        onnx_model_node(c.model, "Add", operands, name[0]);
    }
    onnx_model_output(c.model, name[0]);
    plan_case_load(&c);
    struct instance_symbols symbols = {.batch_symbol = "N", .batch = 1};
    int rc = instance_of(&c, &symbols, error);
    plan_case_fini(&c);
    return rc;
}

static void static_values_are_bounded(void)
{
    struct graph_error error = {{0}};
    int64_t most = (int64_t)(INSTANCE_STATIC_BYTES_MAX / sizeof(float));
    CU_ASSERT_EQUAL(instance_of_constants(1, 1000, &error), 0);
    CU_ASSERT_EQUAL(instance_of_constants(1, most + 1, &error), -EFBIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "ConstantOfShape"));
    /* Nor can many nodes of a small file take all memory together. */
    CU_ASSERT_EQUAL(instance_of_constants(40, most / 16, &error), -EFBIG);
}

static void sizes_that_overflow_are_refused(void)
{
    struct plan_case c;
    struct graph_error error = {{0}};
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){-1, INT64_MAX, INT64_MAX});
    onnx_model_node(c.model, "Relu", "x", "y");
    onnx_model_output(c.model, "y");
    plan_case_load(&c);
    struct instance_symbols symbols = {.batch_symbol = "N", .batch = 1};
    CU_ASSERT_TRUE(instance_of(&c, &symbols, &error) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'x'"));
    plan_case_fini(&c);
    instance_fini(NULL);
}

const struct cunit_test tests[] = {
    {"the batch is found by name or place", finds_the_batch},
    {"symbols become their numbers", symbols_become_numbers},
    {"a symbol without a number is named", an_open_symbol_is_named},
    {"of dimensions without a name only the first is the batch",
     unnamed_dimensions_are_not_all_the_batch},
    {"what follows from shapes is computed, for each batch size", shapes_alone_are_computed},
    {"memory for static values is bounded, of one and of all", static_values_are_bounded},
    {"sizes that overflow are refused", sizes_that_overflow_are_refused},
    {NULL, NULL},
};
