/* Tests of compute/onnx/: models that are as they should be. */
#include "compute/onnx/onnx_load.h"
#include "compute/ops/op.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct graph graph;
static struct graph_error error;

/* Loads the model; the graph must not outlive the model, which holds the bytes. */
static bool load(struct onnx_model *model)
{
    size_t size;
    const uint8_t *bytes = onnx_model_pack(model, &size);
    int rc = onnx_load_memory(bytes, size, NULL, &graph, &error);
    if (rc)
        printf("\n  %s\n", error.text);
    CU_ASSERT_EQUAL(rc, 0);
    return rc == 0;
}

static void finish(struct onnx_model *model)
{
    graph_fini(&graph);
    onnx_model_destroy(model);
}

static const struct value *value_of(const char *name)
{
    for (uint32_t i = 0; i < graph.value_count; i++)
        if (strcmp(graph.values[i].name, name) == 0)
            return &graph.values[i];
    return NULL;
}

static void reads_values_nodes_and_names(void)
{
    struct onnx_model *model = onnx_model_create(13);
    float weight[] = {1, 2, 3};
    onnx_model_input(model, "x", TENSOR_F32, 2, (int64_t[]){-1, 3});
    onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){3}, weight, sizeof(weight));
    onnx_model_node(model, "Add", "x w", "sum")->name = onnx_model_text(model, "first");
    onnx_model_node(model, "Relu", "sum", "y")->domain = onnx_model_text(model, "ai.onnx");
    onnx_model_output(model, "y");
    if (load(model)) {
        CU_ASSERT_STRING_EQUAL(graph.name, "test");
        CU_ASSERT_EQUAL(graph.opset, 13);
        CU_ASSERT_EQUAL(graph.node_count, 2);
        CU_ASSERT_STRING_EQUAL(graph.nodes[0].name, "first");
        CU_ASSERT_STRING_EQUAL(graph.nodes[1].name, "Relu_1");
        CU_ASSERT_STRING_EQUAL(graph.nodes[1].domain, "");
        CU_ASSERT_EQUAL(graph.nodes[1].opset, 13);
        CU_ASSERT_PTR_EQUAL(graph.nodes[1].op, op_find("", "Relu", 13));
        CU_ASSERT_EQUAL(graph.input_count, 1);
        CU_ASSERT_EQUAL(graph.output_count, 1);
        const struct value *x = value_of("x"), *w = value_of("w"), *y = value_of("y");
        CU_ASSERT_PTR_EQUAL(x, &graph.values[graph.inputs[0]]);
        CU_ASSERT_PTR_EQUAL(y, &graph.values[graph.outputs[0]]);
        CU_ASSERT_TRUE(x->is_input && !x->is_output && !x->is_constant);
        CU_ASSERT_TRUE(y->is_output && !y->is_input);
        CU_ASSERT_EQUAL(x->type, TENSOR_F32);
        CU_ASSERT_TRUE(x->has_dimensions);
        CU_ASSERT_EQUAL(x->dimension_count, 2);
        CU_ASSERT_EQUAL(x->dimensions[0].value, -1);
        CU_ASSERT_STRING_EQUAL(x->dimensions[0].symbol, "N");
        CU_ASSERT_EQUAL(x->dimensions[1].value, 3);
        CU_ASSERT_PTR_NULL(x->dimensions[1].symbol);
        CU_ASSERT_TRUE(w->is_constant);
        CU_ASSERT_EQUAL(memcmp(w->constant.data, weight, sizeof(weight)), 0);
        CU_ASSERT_EQUAL(y->producer, 1);
        CU_ASSERT_EQUAL(value_of("sum")->producer, 0);
        CU_ASSERT_PTR_EQUAL(&graph.values[graph.nodes[0].inputs[1]], w);
    }
    finish(model);
}

/* Two values that differ only in where their raw data lies: pads the file until one is aligned. */
static void uses_aligned_weights_in_place(void)
{
    bool has_place = false, has_copy = false;
    for (size_t pad = 0; pad < 4; pad++) {
        struct onnx_model *model = onnx_model_create(13);
        float weight[] = {1, 2, 3};
        model->model.producer_name = onnx_model_take(model, 8);
        memset(model->model.producer_name, 'p', pad);
        onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){3}, weight, sizeof(weight));
        onnx_model_node(model, "Relu", "w", "y");
        onnx_model_output(model, "y");
        size_t size;
        const uint8_t *bytes = onnx_model_pack(model, &size);
        CU_ASSERT_EQUAL_FATAL(onnx_load_memory(bytes, size, NULL, &graph, &error), 0);
        const uint8_t *data = value_of("w")->constant.data;
        CU_ASSERT_EQUAL((uintptr_t)data % 4, 0);
        CU_ASSERT_EQUAL(memcmp(data, weight, sizeof(weight)), 0);
        bool is_inside = data >= bytes && data < bytes + size;
        has_place = has_place || is_inside;
        has_copy = has_copy || !is_inside;
        finish(model);
    }
    CU_ASSERT_TRUE(has_place);
    CU_ASSERT_TRUE(has_copy);
}

static void reads_numbers_of_every_type(void)
{
    struct onnx_model *model = onnx_model_create(13);
    Onnx__TensorProto *t;
    t = onnx_model_constant(model, "f", TENSOR_F32, 1, (int64_t[]){2}, NULL, 0);
    t->n_float_data = 2;
    t->float_data = (float[]){0.5f, -1};
    t = onnx_model_constant(model, "l", TENSOR_I64, 1, (int64_t[]){2}, NULL, 0);
    t->n_int64_data = 2;
    t->int64_data = (int64_t[]){INT64_MIN, 5};
    t = onnx_model_constant(model, "i", TENSOR_I32, 1, (int64_t[]){2}, NULL, 0);
    t->n_int32_data = 2;
    t->int32_data = (int32_t[]){-7, INT32_MAX};
    t = onnx_model_constant(model, "u", TENSOR_U8, 1, (int64_t[]){2}, NULL, 0);
    t->n_int32_data = 2;
    t->int32_data = (int32_t[]){255, 0};
    t = onnx_model_constant(model, "b", TENSOR_BOOL, 0, NULL, NULL, 0);
    t->n_int32_data = 1;
    t->int32_data = (int32_t[]){1};
    onnx_model_constant(model, "raw", TENSOR_I64, 0, NULL, (int64_t[]){-2}, 8);
    onnx_model_constant(model, "flags", TENSOR_BOOL, 1, (int64_t[]){3}, "\1\0\1", 3);
    onnx_model_constant(model, "none", TENSOR_F32, 2, (int64_t[]){0, 4}, NULL, 0);
    onnx_model_constant(model, "none too", TENSOR_F32, 1, (int64_t[]){0}, "", 0);
    onnx_model_node(model, "Relu", "f", "y");
    onnx_model_output(model, "y");
    if (load(model)) {
        CU_ASSERT_EQUAL(((float *)value_of("f")->constant.data)[0], 0.5f);
        CU_ASSERT_EQUAL(((float *)value_of("f")->constant.data)[1], -1);
        CU_ASSERT_EQUAL(((int64_t *)value_of("l")->constant.data)[0], INT64_MIN);
        CU_ASSERT_EQUAL(((int64_t *)value_of("l")->constant.data)[1], 5);
        CU_ASSERT_EQUAL(((int32_t *)value_of("i")->constant.data)[0], -7);
        CU_ASSERT_EQUAL(((int32_t *)value_of("i")->constant.data)[1], INT32_MAX);
        CU_ASSERT_EQUAL(((uint8_t *)value_of("u")->constant.data)[0], 255);
        CU_ASSERT_EQUAL(((uint8_t *)value_of("u")->constant.data)[1], 0);
        CU_ASSERT_EQUAL(*(uint8_t *)value_of("b")->constant.data, 1);
        CU_ASSERT_EQUAL(value_of("b")->constant.shape.rank, 0);
        CU_ASSERT_EQUAL(*(int64_t *)value_of("raw")->constant.data, -2);
        CU_ASSERT_EQUAL(memcmp(value_of("flags")->constant.data, "\1\0\1", 3), 0);
        CU_ASSERT_EQUAL(tensor_count(&value_of("none")->constant), 0);
        CU_ASSERT_PTR_NOT_NULL(value_of("none")->constant.data);
        CU_ASSERT_PTR_NOT_NULL(value_of("none too")->constant.data);
        CU_ASSERT_EQUAL(value_of("u")->type, TENSOR_U8);
    }
    finish(model);
}

static void reads_attributes_of_every_kind(void)
{
    struct onnx_model *model = onnx_model_create(13);
    onnx_model_input(model, "x", TENSOR_F32, 0, NULL);
    Onnx__NodeProto *node = onnx_model_node(model, "Relu", "x", "y");
    onnx_model_output(model, "y");
    onnx_model_int(model, node, "i", -3);
    onnx_model_float(model, node, "f", 0.25f);
    onnx_model_string(model, node, "s", "SAME_UPPER");
    onnx_model_ints(model, node, "is", 3, (int64_t[]){1, -2, 3});
    onnx_model_ints(model, node, "no ints", 0, NULL);
    Onnx__AttributeProto *a =
        onnx_model_attribute(model, node, "fs", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    a->n_floats = 2;
    a->floats = (float[]){1.5f, 2};
    a = onnx_model_attribute(model, node, "ss", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    a->n_strings = 2;
    a->strings = (ProtobufCBinaryData[]){{1, (uint8_t[]){'a'}}, {2, (uint8_t[]){'b', 'c'}}};
    a = onnx_model_attribute(model, node, "t", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    a->t = onnx_model_tensor(model, "", TENSOR_I64, 1, (int64_t[]){2}, (int64_t[]){8, 9}, 16);
    a = onnx_model_attribute(model, node, "d", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    a->t = onnx_model_tensor(model, "", 11, 0, NULL, (double[]){0.125}, 8);
    a = onnx_model_attribute(model, node, "g", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);
    a->g = onnx_model_take(model, sizeof(*a->g));
    onnx__graph_proto__init(a->g);
    a = onnx_model_attribute(model, node, "old", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    a->has_type = 0;
    a->has_i = 1;
    a->i = 4;
    if (load(model)) {
        const struct node *read = &graph.nodes[0];
        size_t count;
        CU_ASSERT_EQUAL(read->attribute_count, 11);
        CU_ASSERT_EQUAL(node_int(read, "i", 0), -3);
        CU_ASSERT_EQUAL(node_int(read, "old", 0), 4);
        CU_ASSERT_EQUAL(node_float(read, "f", 0), 0.25f);
        CU_ASSERT_STRING_EQUAL(node_string(read, "s", ""), "SAME_UPPER");
        const int64_t *ints = node_ints(read, "is", &count);
        CU_ASSERT_TRUE(count == 3 && ints[0] == 1 && ints[1] == -2 && ints[2] == 3);
        CU_ASSERT_PTR_NOT_NULL(node_ints(read, "no ints", &count));
        CU_ASSERT_EQUAL(count, 0);
        const float *floats = node_floats(read, "fs", &count);
        CU_ASSERT_TRUE(count == 2 && floats[0] == 1.5f && floats[1] == 2);
        const struct attribute *strings = node_attribute(read, "ss");
        CU_ASSERT_EQUAL(strings->kind, ATTRIBUTE_STRINGS);
        CU_ASSERT_STRING_EQUAL(strings->strings[0], "a");
        CU_ASSERT_STRING_EQUAL(strings->strings[1], "bc");
        const struct attribute *t = node_attribute(read, "t");
        CU_ASSERT_EQUAL(t->kind, ATTRIBUTE_TENSOR);
        CU_ASSERT_EQUAL(((int64_t *)t->tensor.data)[1], 9);
        const struct attribute *d = node_attribute(read, "d");
        CU_ASSERT_EQUAL(d->tensor.type, TENSOR_F32);
        CU_ASSERT_EQUAL(*(float *)d->tensor.data, 0.125f);
        CU_ASSERT_EQUAL(node_attribute(read, "g")->kind, ATTRIBUTE_OTHER);
    }
    finish(model);
}

static void makes_defaults_of_inputs_constants(void)
{
    struct onnx_model *model = onnx_model_create(7);
    model->model.ir_version = 3;
    onnx_model_input(model, "w", TENSOR_F32, 1, (int64_t[]){1});
    onnx_model_input(model, "x", TENSOR_F32, 1, (int64_t[]){1});
    onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){1}, (float[]){2}, 4);
    onnx_model_node(model, "Add", "x w", "y");
    onnx_model_output(model, "y");
    if (load(model)) {
        CU_ASSERT_EQUAL(graph.input_count, 1);
        CU_ASSERT_STRING_EQUAL(graph.values[graph.inputs[0]].name, "x");
        CU_ASSERT_TRUE(value_of("w")->is_constant);
        CU_ASSERT_FALSE(value_of("w")->is_input);
    }
    finish(model);
}

static void keeps_places_of_omitted_values(void)
{
    struct onnx_model *model = onnx_model_create(13);
    onnx_model_input(model, "x", TENSOR_F32, 1, (int64_t[]){1});
    onnx_model_input(model, "max", TENSOR_F32, 0, NULL);
    onnx_model_node(model, "Clip", "x - max", "a");
    onnx_model_node(model, "Clip", "a - -", "y");
    onnx_model_output(model, "y");
    if (load(model)) {
        CU_ASSERT_EQUAL(graph.nodes[0].input_count, 3);
        CU_ASSERT_EQUAL(graph.nodes[0].inputs[1], GRAPH_NONE);
        CU_ASSERT_EQUAL(graph.nodes[1].input_count, 1);
    }
    finish(model);
}

static void keeps_unknown_dimensions(void)
{
    struct onnx_model *model = onnx_model_create(13);
    Onnx__ValueInfoProto *x = onnx_model_input(model, "x", TENSOR_F32, 2, (int64_t[]){5, 6});
    x->type->tensor_type->shape->dim[0]->dim_value = -1;
    x->type->tensor_type->shape->dim[1]->value_case =
        ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
    onnx_model_input(model, "z", TENSOR_F32, 0, NULL)->type->tensor_type->shape = NULL;
    onnx_model_node(model, "Add", "x z", "y");
    onnx_model_output(model, "y");
    if (load(model)) {
        const struct value *read = value_of("x");
        for (uint32_t i = 0; i < 2; i++) {
            CU_ASSERT_EQUAL(read->dimensions[i].value, -1);
            CU_ASSERT_STRING_EQUAL(read->dimensions[i].symbol, "");
        }
        CU_ASSERT_FALSE(value_of("z")->has_dimensions);
    }
    finish(model);
}

static void sorts_only_what_is_unsorted(void)
{
    struct onnx_model *model = onnx_model_create(13);
    onnx_model_input(model, "x", TENSOR_F32, 1, (int64_t[]){1});
    onnx_model_node(model, "Neg", "x", "free")->name = onnx_model_text(model, "0");
    onnx_model_node(model, "Add", "b c", "y")->name = onnx_model_text(model, "1");
    onnx_model_node(model, "Relu", "b", "c")->name = onnx_model_text(model, "2");
    onnx_model_node(model, "Relu", "x", "b")->name = onnx_model_text(model, "3");
    onnx_model_node(model, "Neg", "y", "z")->name = onnx_model_text(model, "4");
    onnx_model_output(model, "z");
    if (load(model)) {
        static const char *const expected[] = {"0", "3", "2", "1", "4"};
        for (uint32_t i = 0; i < 5; i++)
            CU_ASSERT_STRING_EQUAL(graph.nodes[i].name, expected[i]);
        CU_ASSERT_EQUAL(value_of("b")->producer, 1);
        CU_ASSERT_EQUAL(value_of("y")->producer, 3);
    }
    finish(model);
}

static void loads_long_chains_fast(void)
{
    /* 20,000 nodes, written backwards: sorting and naming must not be quadratic. */
    struct onnx_model *model = onnx_model_create(13);
    onnx_model_input(model, "v0", TENSOR_F32, 1, (int64_t[]){1});
    enum { COUNT = 20000 };
    Onnx__NodeProto **nodes = onnx_model_take(model, COUNT * sizeof(*nodes));
    for (int i = 0; i < COUNT; i++) {
        Onnx__NodeProto *node = onnx_model_take(model, sizeof(*node));
        char names[2][16];
        onnx__node_proto__init(node);
        snprintf(names[0], sizeof(names[0]), "v%d", COUNT - 1 - i);
        snprintf(names[1], sizeof(names[1]), "v%d", COUNT - i);
        node->op_type = onnx_model_text(model, "Relu");
        node->n_input = node->n_output = 1;
        node->input = onnx_model_take(model, sizeof(char *));
        node->output = onnx_model_take(model, sizeof(char *));
        node->input[0] = onnx_model_text(model, names[0]);
        node->output[0] = onnx_model_text(model, names[1]);
        nodes[i] = node;
    }
    model->graph.n_node = COUNT;
    model->graph.node = nodes;
    onnx_model_output(model, "v20000");
    if (load(model)) {
        CU_ASSERT_EQUAL(graph.node_count, COUNT);
        CU_ASSERT_STRING_EQUAL(graph.nodes[0].name, "Relu_19999");
        CU_ASSERT_EQUAL(value_of("v20000")->producer, COUNT - 1);
    }
    finish(model);
}

static void loads_a_file(void)
{
    char folder[] = "/tmp/onnx_load_test_XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/m.onnx", folder);
    /* Big enough to be read rather than copied where it is not aligned. */
    enum { COUNT = 1 << 20 };
    float *weight = malloc(COUNT * sizeof(float));
    CU_ASSERT_PTR_NOT_NULL_FATAL(weight);
    for (int i = 0; i < COUNT; i++)
        weight[i] = (float)i;
    for (size_t pad = 0; pad < 4; pad++) {
        struct onnx_model *model = onnx_model_create(13);
        model->model.producer_name = onnx_model_take(model, 8);
        memset(model->model.producer_name, 'p', pad);
        onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){COUNT}, weight,
                            COUNT * sizeof(float));
        onnx_model_node(model, "Relu", "w", "y");
        onnx_model_output(model, "y");
        size_t size;
        const uint8_t *bytes = onnx_model_pack(model, &size);
        FILE *file = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
        fclose(file);
        int rc = onnx_load(path, &graph, &error);
        CU_ASSERT_EQUAL(rc, 0);
        unlink(path); /* the mapping stays */
        if (rc == 0)
            CU_ASSERT_EQUAL(memcmp(value_of("w")->constant.data, weight, COUNT * sizeof(float)), 0);
        finish(model);
    }
    free(weight);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

const struct cunit_test tests[] = {
    {"values, nodes and names are as in the file, missing names made up",
     reads_values_nodes_and_names},
    {"weights are used where they lie if they are aligned there", uses_aligned_weights_in_place},
    {"constants are read from raw data and from numbers of every type",
     reads_numbers_of_every_type},
    {"attributes of every kind are read", reads_attributes_of_every_kind},
    {"inputs with initializers are constants", makes_defaults_of_inputs_constants},
    {"omitted inputs keep their places, but not at the end", keeps_places_of_omitted_values},
    {"unknown dimensions are unnamed symbols, and an unknown rank is kept",
     keeps_unknown_dimensions},
    {"nodes out of order are sorted, the others stay where they are", sorts_only_what_is_unsorted},
    {"a chain of 20,000 nodes written backwards is loaded", loads_long_chains_fast},
    {"a file is mapped, whatever the alignment of its weights", loads_a_file},
    {NULL, NULL},
};
