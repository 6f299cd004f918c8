/* Tests of compute/engine/views.c: what a layer reads and weighs, against a network drawn by hand.
 *
 *   x --> conv a (1) --> depthwise conv b (2) --> max pool p (3) --+
 *              |                                                   v
 *              +---------------------------> conv c (4) --> add, relu --> y */
#include "compute/engine.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/onnx_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define F32 1

static void add_conv(struct onnx_model *onnx, const char *operands, const char *output,
                     int64_t group)
{
    static const float weights[4 * 4 * 9];
    char name[8];
    snprintf(name, sizeof(name), "w%s", output);
    int64_t dims[] = {4, 4 / group, 3, 3};
    onnx_model_constant(onnx, name, F32, 4, dims, weights, sizeof(weights) / (size_t)group);
    Onnx__NodeProto *node = onnx_model_node(onnx, "Conv", operands, output);
    onnx_model_int(onnx, node, "group", group);
    onnx_model_ints(onnx, node, "pads", 4, (int64_t[]){1, 1, 1, 1});
}

static struct engine_model *open_network(void)
{
    static const float bias[4];
    struct onnx_model *onnx = onnx_model_create(13);
    onnx_model_input(onnx, "x", F32, 4, (int64_t[]){-1, 4, 5, 5});
    onnx_model_constant(onnx, "bias", F32, 1, (int64_t[]){4}, bias, sizeof(bias));
    add_conv(onnx, "x wa bias", "a", 1);
    add_conv(onnx, "a wb", "b", 4);
    Onnx__NodeProto *pool = onnx_model_node(onnx, "MaxPool", "b", "p");
    onnx_model_ints(onnx, pool, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_model_ints(onnx, pool, "pads", 4, (int64_t[]){1, 1, 1, 1});
    add_conv(onnx, "a wc", "c", 1);
    onnx_model_node(onnx, "Add", "c p", "s");
    onnx_model_node(onnx, "Relu", "s", "y");
    onnx_model_output(onnx, "y");
    size_t size;
    const uint8_t *bytes = onnx_model_pack(onnx, &size);
    int fd = memfd_create("model", MFD_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct engine_config config;
    engine_config_default(&config);
    struct engine_model *model = NULL;
    struct engine_error error = {{0}};
    if (engine_model_open(path, &config, &model, &error))
        printf("%s\n", error.text);
    close(fd);
    onnx_model_destroy(onnx);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    return model;
}

static void layers_say_what_they_read(void)
{
    static const struct {
        uint32_t layer, from;
        const char *tensor;
    } expected[] = {{0, 0, "x"}, {1, 1, "a"}, {2, 2, "b"}, {3, 1, "a"}, {3, 3, "p"}};
    struct engine_model *model = open_network();
    CU_ASSERT_EQUAL_FATAL(engine_model_layer_count(model), 4);
    size_t at = 0;
    for (uint32_t l = 0; l < 4; l++) {
        const struct engine_layer *layer = engine_model_layer(model, l);
        for (uint32_t u = 0; u < layer->use_count; u++, at++) {
            CU_ASSERT_FATAL(at < sizeof(expected) / sizeof(expected[0]));
            CU_ASSERT_EQUAL(l, expected[at].layer);
            CU_ASSERT_EQUAL(layer->uses[u].from, expected[at].from);
            CU_ASSERT_STRING_EQUAL(layer->uses[u].tensor.name, expected[at].tensor);
            CU_ASSERT_EQUAL(layer->uses[u].tensor.bytes, 4 * 5 * 5 * sizeof(float));
        }
    }
    CU_ASSERT_EQUAL(at, sizeof(expected) / sizeof(expected[0]));
    engine_model_destroy(model);
}

static void layers_weigh_what_the_file_holds(void)
{
    static const size_t floats[] = {4 * 4 * 9 + 4, 4 * 9, 0, 4 * 4 * 9};
    struct engine_model *model = open_network();
    for (uint32_t l = 0; l < 4; l++) {
        const struct engine_layer *layer = engine_model_layer(model, l);
        CU_ASSERT_EQUAL(layer->weight_bytes, floats[l] * sizeof(float));
        CU_ASSERT_EQUAL(layer->is_depthwise, l == 1);
    }
    engine_model_destroy(model);
}

const struct cunit_test tests[] = {
    {"a layer says which tensors it reads and which layer made each", layers_say_what_they_read},
    {"a layer weighs what the file holds for it, and tells a depthwise convolution",
     layers_weigh_what_the_file_holds},
    {NULL, NULL},
};
