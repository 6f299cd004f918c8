/* Tests of compute/onnx/: damaged and hostile models, each refused with one line. */
#include "compute/onnx/onnx_load.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct graph graph;
static struct graph_error error;

/* A sound model, for one test to break: x -> Relu -> y with a weight w. */
static struct onnx_model *sound(void)
{
    struct onnx_model *model = onnx_model_create(13);
    onnx_model_input(model, "x", TENSOR_F32, 1, (int64_t[]){2});
    onnx_model_constant(model, "w", TENSOR_F32, 1, (int64_t[]){2}, (float[]){1, 2}, 8);
    onnx_model_node(model, "Add", "x w", "s");
    onnx_model_node(model, "Relu", "s", "y");
    onnx_model_output(model, "y");
    return model;
}

static void refused_bytes(const void *bytes, size_t size, int code, const char *text)
{
    char expected[4200];
    int rc = onnx_load_memory(bytes, size, NULL, &graph, &error);
    snprintf(expected, sizeof(expected), "model in memory: %s", text);
    CU_ASSERT_EQUAL(rc, code);
    if (rc == 0 || strncmp(error.text, expected, strlen(expected)) != 0)
        printf("\n  got: %d %s\n  not: %d %s\n", rc, rc ? error.text : "", code, expected);
    CU_ASSERT_TRUE(rc != 0 && strncmp(error.text, expected, strlen(expected)) == 0);
    CU_ASSERT_PTR_NULL(graph.values);
    CU_ASSERT_EQUAL(graph.owned_count, 0);
    graph_fini(&graph);
}

/* Expects the model to be refused with text at the start of the message; destroys it. */
static void refused(struct onnx_model *model, int code, const char *text)
{
    size_t size;
    const uint8_t *bytes = onnx_model_pack(model, &size);
    refused_bytes(bytes, size, code, text);
    onnx_model_destroy(model);
}

static void lists_every_missing_operator(void)
{
    struct onnx_model *model = sound();
    onnx_model_node(model, "Foo", "x", "a")->name = onnx_model_text(model, "a");
    onnx_model_node(model, "Bar", "x", "c")->domain = onnx_model_text(model, "x");
    onnx_model_node(model, "Foo", "x", "b")->name = onnx_model_text(model, "b");
    refused(model, -ENOTSUP,
            "operators that this engine does not have: Foo (node 'a', 'b'), Bar of domain x (node "
            "'Bar_3')");
    /* More nodes than a line holds: every operator still shows. */
    model = sound();
    for (int i = 0; i < 2000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "out%d", i);
        onnx_model_node(model, i % 2 ? "Odd" : "Even", "x", name);
    }
    refused(model, -ENOTSUP,
            "operators that this engine does not have: Even (node 'Even_2', 'Even_4', 'Even_6' and "
            "997 more), Odd (node 'Odd_3', 'Odd_5', 'Odd_7' and 997 more)");
}

static void refuses_other_versions(void)
{
    struct onnx_model *model = sound();
    model->model.opset_import[0]->version = 19;
    refused(model, -ENOTSUP,
            "the model uses opset 19; 7 to 18 are read: export it with opset_version=18, or "
            "convert it with onnx.version_converter.convert_version(model, 18)");
    model = sound();
    model->model.opset_import[0]->version = 6;
    refused(model, -ENOTSUP, "the model uses opset 6; 7 to 18 are read: convert it with");
    model = sound();
    model->model.opset_import[0]->version = INT64_MIN;
    refused(model, -ENOTSUP, "the model uses opset -9223372036854775808; 7 to 18 are read");
    model = sound();
    model->model.n_opset_import = 0;
    refused(model, -EINVAL, "the model names no version of ONNX's operators (opset_import)");
    model = sound();
    onnx_model_opset(model, "ai.onnx", 12);
    refused(model, -EINVAL, "the model imports two versions of domain '', 13 and 12");
}

static void refuses_double_names(void)
{
    struct onnx_model *model = sound();
    onnx_model_input(model, "x", TENSOR_F32, 1, (int64_t[]){2});
    refused(model, -EEXIST, "input 'x' is there twice");
    model = sound();
    onnx_model_constant(model, "w", TENSOR_F32, 0, NULL, "abcd", 4);
    refused(model, -EEXIST, "initializer 'w' is there twice");
    model = sound();
    onnx_model_output(model, "y");
    refused(model, -EEXIST, "output 'y' is there twice");
    model = sound();
    onnx_model_node(model, "Relu", "x", "y");
    refused(model, -EEXIST, "Relu node 'Relu_2' makes 'y', which Relu node 'Relu_1' makes already");
    model = sound();
    onnx_model_node(model, "Relu", "x", "x");
    refused(model, -EEXIST, "Relu node 'Relu_2' makes 'x', which is an input of the graph already");
    model = sound();
    onnx_model_node(model, "Relu", "x", "w");
    refused(model, -EEXIST, "Relu node 'Relu_2' makes 'w', which is an initializer already");
    model = sound();
    onnx_model_node(model, "Relu", "x", "z z");
    refused(model, -EEXIST, "Relu node 'Relu_2' makes 'z', which Relu node 'Relu_2' makes already");
    model = sound();
    onnx_model_int(model, model->graph.node[0], "a", 1);
    onnx_model_int(model, model->graph.node[0], "a", 1);
    refused(model, -EEXIST, "Add node 'Add_0' has the attribute 'a' twice");
}

static void refuses_undefined_names(void)
{
    struct onnx_model *model = sound();
    onnx_model_node(model, "Relu", "ghost", "z");
    refused(model, -ENOENT,
            "Relu node 'Relu_2' reads 'ghost', which is no input, no initializer and no node's "
            "output");
    model = sound();
    onnx_model_output(model, "ghost");
    refused(model, -ENOENT, "output 'ghost' is made by no node");
    model = sound();
    onnx_model_node(model, "Relu", "ghost", "z");
    onnx_model_output(model, "ghost");
    refused(model, -ENOENT, "output 'ghost' is made by no node");
    model = sound();
    onnx_model_output(model, "");
    refused(model, -EBADMSG, "an output of the graph has no name");
    model = sound();
    onnx_model_input(model, "", TENSOR_F32, 0, NULL);
    refused(model, -EBADMSG, "an input of the graph has no name");
    model = sound();
    onnx_model_constant(model, "", TENSOR_F32, 0, NULL, "abcd", 4);
    refused(model, -EINVAL, "an initializer has no name");
    model = sound();
    model->graph.node[1]->op_type = NULL;
    refused(model, -EINVAL, "node 1 ('') has no operator");
    model = sound();
    onnx_model_int(model, model->graph.node[0], "", 1);
    refused(model, -EINVAL, "an attribute of Add node 'Add_0' has no name");
}

static void refuses_cycles(void)
{
    struct onnx_model *model = sound();
    onnx_model_node(model, "Relu", "d", "b");
    onnx_model_node(model, "Relu", "b", "c");
    onnx_model_node(model, "Add", "x c", "d");
    onnx_model_node(model, "Relu", "d", "after");
    refused(model, -ELOOP, "the nodes run in a cycle: 'Relu_2' -> 'Relu_3' -> 'Add_4' -> 'Relu_2'");
    model = sound();
    onnx_model_node(model, "Relu", "b", "b");
    refused(model, -ELOOP, "the nodes run in a cycle: 'Relu_2' -> 'Relu_2'");
}

static void refuses_wrong_counts(void)
{
    struct onnx_model *model = sound();
    onnx_model_node(model, "Relu", "x w", "z");
    refused(model, -EINVAL, "Relu node 'Relu_2' has 2 inputs; the operator has 1");
    model = sound();
    onnx_model_node(model, "Relu", "", "z");
    refused(model, -EINVAL, "Relu node 'Relu_2' has 0 inputs; the operator has 1");
    model = sound();
    onnx_model_node(model, "Clip", "x x x x", "z");
    refused(model, -EINVAL, "Clip node 'Clip_2' has 4 inputs; the operator has 1 to 3");
    model = sound();
    onnx_model_node(model, "Relu", "x", "");
    refused(model, -EINVAL, "Relu node 'Relu_2' has 0 outputs; the operator has 1");
}

static void refuses_parts_it_lacks(void)
{
    struct onnx_model *model = sound();
    Onnx__FunctionProto function = ONNX__FUNCTION_PROTO__INIT;
    Onnx__FunctionProto *functions[] = {&function};
    function.name = onnx_model_text(model, "mine");
    model->model.n_functions = 1;
    model->model.functions = functions;
    refused(model, -ENOTSUP, "the model defines functions of its own ('mine')");
    model = sound();
    Onnx__SparseTensorProto sparse = ONNX__SPARSE_TENSOR_PROTO__INIT;
    Onnx__SparseTensorProto *sparses[] = {&sparse};
    model->graph.n_sparse_initializer = 1;
    model->graph.sparse_initializer = sparses;
    refused(model, -ENOTSUP, "the graph has sparse initializers, which are not supported");
    model = sound();
    model->graph.n_node = 0;
    model->graph.n_output = 0;
    refused(model, -EINVAL, "the graph has no nodes");
    model = sound();
    model->graph.n_output = 0;
    refused(model, -EINVAL, "the graph has no outputs");
    model = sound();
    model->model.graph = NULL;
    refused(model, -EINVAL, "the model has no graph; the file is damaged, or is not ONNX");
    refused_bytes("", 0, -EINVAL, "the model has no graph");
}

static struct onnx_model *with_constant(int32_t type, size_t rank, const int64_t *dims,
                                        const void *data, size_t bytes, Onnx__TensorProto **tensor)
{
    struct onnx_model *model = sound();
    *tensor = onnx_model_constant(model, "c", type, rank, dims, data, bytes);
    return model;
}

static void refuses_tensors_that_cannot_be(void)
{
    Onnx__TensorProto *t;
    refused(with_constant(TENSOR_F32, 1, (int64_t[]){3}, "12345678", 8, &t), -EINVAL,
            "initializer 'c' holds 8 bytes of data but its shape 3 of float needs 12");
    refused(with_constant(TENSOR_F32, 1, (int64_t[]){1}, "12345678", 8, &t), -EINVAL,
            "initializer 'c' holds 8 bytes of data but its shape 1 of float needs 4");
    refused(with_constant(TENSOR_F32, 1, (int64_t[]){3}, NULL, 0, &t), -EINVAL,
            "initializer 'c' holds 0 elements but its shape 3 of float needs 3");
    refused(with_constant(TENSOR_F32, 1, (int64_t[]){1LL << 60}, "1234", 4, &t), -EINVAL,
            "initializer 'c' holds 4 bytes of data but its shape 1152921504606846976 of float "
            "needs 4611686018427387904");
    refused(with_constant(TENSOR_U8, 1, (int64_t[]){1LL << 60}, NULL, 0, &t), -EINVAL,
            "initializer 'c' holds 0 elements but its shape 1152921504606846976 of uint8 needs "
            "1152921504606846976");
    refused(with_constant(TENSOR_F32, 2, (int64_t[]){1LL << 32, 1LL << 32}, NULL, 0, &t),
            -EOVERFLOW,
            "initializer 'c' has the shape 4294967296x4294967296, which is larger than memory can "
            "be");
    refused(with_constant(TENSOR_F32, 1, (int64_t[]){-2}, "1234", 4, &t), -EINVAL,
            "initializer 'c' has a negative dimension (-2)");
    refused(with_constant(TENSOR_F32, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, "1234", 4, &t),
            -EINVAL, "initializer 'c' has 9 dimensions; at most 8 are supported");
    refused(with_constant(TENSOR_BOOL, 1, (int64_t[]){2}, "\1\2", 2, &t), -EINVAL,
            "initializer 'c' has a bool that is neither 0 nor 1");
    struct onnx_model *model = with_constant(TENSOR_U8, 1, (int64_t[]){1}, NULL, 0, &t);
    t->n_int32_data = 1;
    t->int32_data = (int32_t[]){256};
    refused(model, -EINVAL, "initializer 'c' has the element 256, which is no uint8");
    model = with_constant(TENSOR_F32, 1, (int64_t[]){1}, "1234", 4, &t);
    t->n_float_data = 1;
    t->float_data = (float[]){1};
    refused(model, -EINVAL, "initializer 'c' has its elements in more than one place");
    model = with_constant(TENSOR_F32, 1, (int64_t[]){1}, "1234", 4, &t);
    t->segment = onnx_model_take(model, sizeof(*t->segment));
    onnx__tensor_proto__segment__init(t->segment);
    refused(model, -ENOTSUP, "initializer 'c' is a segment of a tensor; store it whole");
}

static void refuses_types_it_lacks(void)
{
    static const char *const names[] = {
        [0] = "undefined (0)",   [3] = "int8 (3)",         [4] = "uint16 (4)",
        [5] = "int16 (5)",       [8] = "string (8)",       [10] = "float16 (10)",
        [11] = "double (11)",    [12] = "uint32 (12)",     [13] = "uint64 (13)",
        [14] = "complex64 (14)", [15] = "complex128 (15)", [16] = "bfloat16 (16)",
        [17] = "unknown (17)",
    };
    Onnx__TensorProto *t;
    for (int32_t type = 0; type < (int32_t)(sizeof(names) / sizeof(names[0])); type++) {
        char text[200];
        if (!names[type])
            continue;
        snprintf(text, sizeof(text),
                 "initializer 'c' has elements of type %s; convert it to float,", names[type]);
        refused(with_constant(type, 1, (int64_t[]){2}, "1234567812345678", 16, &t), -ENOTSUP, text);
        struct onnx_model *model = sound();
        onnx_model_input(model, "in", type, 0, NULL);
        snprintf(text, sizeof(text), "input 'in' has elements of type %s; float, int64,",
                 names[type]);
        refused(model, -ENOTSUP, text);
    }
    struct onnx_model *model = sound();
    Onnx__AttributeProto *a = onnx_model_attribute(model, model->graph.node[0], "value",
                                                   ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    a->t = onnx_model_tensor(model, "", 10, 0, NULL, "12", 2);
    refused(model, -ENOTSUP,
            "attribute 'value' of Add node 'Add_0' has elements of type float16 (10)");
    model = sound();
    onnx_model_attribute(model, model->graph.node[0], "value",
                         ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    refused(model, -EINVAL,
            "attribute 'value' of Add node 'Add_0' says that it is a tensor but has none");
}

static void refuses_inputs_that_cannot_be(void)
{
    struct onnx_model *model = sound();
    onnx_model_input(model, "in", TENSOR_F32, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    refused(model, -EINVAL, "input 'in' has 9 dimensions; at most 8 are supported");
    model = sound();
    onnx_model_input(model, "in", TENSOR_F32, 1, (int64_t[]){-2});
    refused(model, -EINVAL, "input 'in' has a negative dimension (-2)");
    model = sound();
    onnx_model_input(model, "in", TENSOR_F32, 0, NULL)->type = NULL;
    refused(model, -ENOTSUP, "input 'in' has elements of type undefined (0)");
    model = sound();
    Onnx__ValueInfoProto *in = onnx_model_input(model, "in", TENSOR_F32, 0, NULL);
    Onnx__TypeProto__Sequence sequence = ONNX__TYPE_PROTO__SEQUENCE__INIT;
    in->type->value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
    in->type->sequence_type = &sequence;
    refused(model, -ENOTSUP, "input 'in' is a sequence, map, optional or sparse tensor");
}

static void refuses_damaged_bytes(void)
{
    static const char text[] = "this is a text file, and not a model";
    refused_bytes(text, sizeof(text), -EBADMSG, "the model is malformed at byte 0: a field has an");
    refused_bytes("\x38\x01", 2, -EBADMSG, "the model has two graphs, or one of the wrong wire");
    refused_bytes("\x3a\x00\x3a\x00", 4, -EBADMSG, "the model has two graphs");
    refused_bytes("\x42\x04\x0a\x00\x10\x0d\x3a\x02\x08\x01", 10, -EBADMSG,
                  "the graph has a field 1 of the wrong wire type; the file is damaged");
    refused_bytes("\x42\x04\x0a\x00\x10\x0d\x3a\x02\x0a\x01", 10, -EBADMSG,
                  "the graph is malformed at byte 8: a field is longer than what is left");
    refused_bytes("\x42\x04\x0a\x00\x10\x0d\x3a\x04\x0a\x02\x08\x01", 12, -EBADMSG,
                  "node 0 is malformed (not a valid NodeProto)");
    refused_bytes("\x42\x02\x10\x80", 4, -EBADMSG,
                  "an opset import is malformed at byte 2: a number is cut off");
    /* Names are cleaned: an error is one line. */
    struct onnx_model *model = sound();
    onnx_model_node(model, "Relu", "a\nb\x1b[31m", "z");
    refused(model, -ENOENT, "Relu node 'Relu_2' reads 'a?b?[31m', which is no input");
}

/* Every truncation and every single damaged byte: an error or a graph, never a crash. */
static void survives_any_damage(void)
{
    size_t size;
    struct onnx_model *model = sound();
    onnx_model_ints(model, model->graph.node[0], "is", 2, (int64_t[]){1, 2});
    uint8_t *bytes = onnx_model_pack(model, &size);
    for (size_t cut = 0; cut < size; cut++) {
        /* An exact copy, so that the address sanitizer sees a read beyond the end. */
        uint8_t *part = malloc(cut ? cut : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(part);
        memcpy(part, bytes, cut);
        CU_ASSERT_TRUE(onnx_load_memory(part, cut, NULL, &graph, &error) < 0);
        free(part);
    }
    for (size_t i = 0; i < size; i++)
        for (unsigned damage = 1; damage < 256; damage++) {
            bytes[i] ^= (uint8_t)damage;
            int rc = onnx_load_memory(bytes, size, NULL, &graph, &error);
            CU_ASSERT_TRUE(rc == 0 || (rc < 0 && error.text[0] && !strchr(error.text, '\n')));
            graph_fini(&graph);
            bytes[i] ^= (uint8_t)damage;
        }
    onnx_model_destroy(model);
}

/* Wraps size bytes at the end of buffer into field number, depth times; returns the start. */
static size_t wrap(uint8_t *buffer, size_t start, size_t end, const uint8_t *tags, size_t tag_count,
                   size_t depth)
{
    for (size_t i = 0; i < depth * tag_count; i++) {
        uint8_t length[10];
        size_t used = 0;
        for (size_t left = end - start; used == 0 || left; left >>= 7)
            length[used++] = (uint8_t)((left & 0x7f) | (left >> 7 ? 0x80 : 0));
        start -= used;
        memcpy(buffer + start, length, used);
        buffer[--start] = tags[tag_count - 1 - i % tag_count];
    }
    return start;
}

static void survives_deep_nesting(void)
{
    enum { CAPACITY = 4 << 20, DEPTH = 200000 };
    uint8_t *buffer = calloc(1, CAPACITY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
    static const uint8_t opset[] = {0x42, 0x02, 0x10, 0x0d};
    size_t end = CAPACITY - sizeof(opset);
    memcpy(buffer + end, opset, sizeof(opset));
    /* Graphs in attributes of nodes of graphs: model.graph.node.attribute.g.node... */
    static const uint8_t graphs[] = {0x0a, 0x2a, 0x32};
    size_t start = wrap(buffer, end, end, graphs, 3, DEPTH);
    start = wrap(buffer, start, end, (const uint8_t[]){0x3a}, 1, 1);
    refused_bytes(buffer + start, CAPACITY - start, -EINVAL, "node 0 ('') has no operator");
    /* Sequences of sequences: model.graph.input.type.sequence.elem_type.sequence..., and a name. */
    static const uint8_t sequences[] = {0x22, 0x0a};
    size_t type_end = end - 3;
    memcpy(buffer + type_end, "\x0a\x01n", 3);
    start = wrap(buffer, type_end, type_end, sequences, 2, DEPTH);
    start = wrap(buffer, start, type_end, (const uint8_t[]){0x12}, 1, 1);
    start = wrap(buffer, start, end, (const uint8_t[]){0x3a, 0x5a}, 2, 1);
    refused_bytes(buffer + start, CAPACITY - start, -ENOTSUP,
                  "input 'n' is a sequence, map, optional or sparse tensor");
    free(buffer);
}

static void bounds_memory_by_the_files_size(void)
{
    /* A node with four million empty inputs: 8 MB in the file, gigabytes if they were unpacked. */
    enum { COUNT = 4 << 20 };
    uint8_t *bytes = malloc(COUNT * 2 + 20);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(bytes + 14 + 2 * i, "\x0a\x00", 2);
    size_t node = COUNT * 2, graph_size = node + 5;
    memcpy(bytes, "\x42\x02\x10\x0d\x3a", 5);
    for (int i = 0; i < 4; i++) {
        bytes[5 + i] = (uint8_t)((graph_size >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
        bytes[10 + i] = (uint8_t)((node >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
    }
    bytes[9] = 0x0a;
    refused_bytes(bytes, node + 14, -EBADMSG, "node 0 is malformed (not a valid NodeProto)");
    free(bytes);
}

static void names_the_file(void)
{
    CU_ASSERT_EQUAL(onnx_load("/nowhere/m.onnx", &graph, &error), -ENOENT);
    CU_ASSERT_STRING_EQUAL(error.text, "/nowhere/m.onnx: No such file or directory");
    CU_ASSERT_EQUAL(onnx_load("/tmp", &graph, &error), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "/tmp: is not a regular file");
    CU_ASSERT_EQUAL(onnx_load("/dev/null", &graph, &error), -EINVAL);
    char path[] = "/tmp/onnx_hostile_XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(onnx_load(path, &graph, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, ": is empty"));
    CU_ASSERT_EQUAL(write(fd, "\xff", 1), 1);
    CU_ASSERT_EQUAL(onnx_load(path, &graph, &error), -EBADMSG);
    CU_ASSERT_EQUAL(strncmp(error.text, path, strlen(path)), 0);
    CU_ASSERT_EQUAL(onnx_load(path, &graph, NULL), -EBADMSG);
    close(fd);
    unlink(path);
}

const struct cunit_test tests[] = {
    {"one error lists every missing operator with its nodes", lists_every_missing_operator},
    {"opsets outside 7 to 18 are refused with what to do", refuses_other_versions},
    {"a name can be given once only", refuses_double_names},
    {"names must be there and defined", refuses_undefined_names},
    {"a cycle is refused and named", refuses_cycles},
    {"an operator has as many inputs and outputs as it takes", refuses_wrong_counts},
    {"functions, sparse weights and empty graphs are refused", refuses_parts_it_lacks},
    {"shapes, sizes and data of a tensor must agree", refuses_tensors_that_cannot_be},
    {"other element types are refused by name", refuses_types_it_lacks},
    {"inputs are dense tensors of at most 8 dimensions", refuses_inputs_that_cannot_be},
    {"damaged bytes are refused where they are", refuses_damaged_bytes},
    {"every truncation is refused, and no damaged byte crashes the loader", survives_any_damage},
    {"nesting 200,000 deep does not exhaust the stack", survives_deep_nesting},
    {"memory is bounded by the file's size", bounds_memory_by_the_files_size},
    {"errors name the file", names_the_file},
    {NULL, NULL},
};
