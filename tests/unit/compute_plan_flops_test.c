/* Tests of compute/plan/flops.c: published operation counts of networks, and counts by hand. */
#include "compute/plan/flops.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A network of convolutions and matrix products; their weights are inputs, since only their shapes
 * count. */
struct network {
    struct plan_case c;
    char now[16];
    uint32_t count;
    int64_t channels, size;
};

static void begin(struct network *network, int64_t size)
{
    *network = (struct network){.channels = 3, .size = size};
    plan_case_init(&network->c);
    snprintf(network->now, sizeof(network->now), "x");
    onnx_model_input(network->c.model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 3, size, size});
}

static Onnx__NodeProto *add(struct network *network, const char *type, size_t rank,
                            const int64_t *weights)
{
    char operands[48], made[16];
    network->count++;
    snprintf(made, sizeof(made), "t%u", network->count);
    snprintf(operands, sizeof(operands), "%s%s%s", network->now, rank ? " w" : "",
             rank ? made : "");
    if (rank)
        onnx_model_input(network->c.model, operands + strlen(network->now) + 1, PLAN_CASE_F32, rank,
                         weights);
    snprintf(network->now, sizeof(network->now), "%s", made);
    return onnx_model_node(network->c.model, type, operands, made);
}

static void conv(struct network *network, int64_t channels, int64_t kernel, int64_t stride,
                 int64_t pad)
{
    int64_t weights[] = {channels, network->channels, kernel, kernel};
    Onnx__NodeProto *node = add(network, "Conv", 4, weights);
    onnx_model_ints(network->c.model, node, "strides", 2, (int64_t[]){stride, stride});
    onnx_model_ints(network->c.model, node, "pads", 4, (int64_t[]){pad, pad, pad, pad});
    network->channels = channels;
    network->size = (network->size + 2 * pad - kernel) / stride + 1;
}

static void pool(struct network *network, int64_t kernel, int64_t stride, int64_t pad)
{
    Onnx__NodeProto *node = add(network, "MaxPool", 0, NULL);
    onnx_model_ints(network->c.model, node, "kernel_shape", 2, (int64_t[]){kernel, kernel});
    onnx_model_ints(network->c.model, node, "strides", 2, (int64_t[]){stride, stride});
    onnx_model_ints(network->c.model, node, "pads", 4, (int64_t[]){pad, pad, pad, pad});
    network->size = (network->size + 2 * pad - kernel) / stride + 1;
}

static void dense(struct network *network, int64_t columns)
{
    if (network->size) {
        add(network, "Flatten", 0, NULL);
        network->channels *= network->size * network->size;
        network->size = 0;
    }
    Onnx__NodeProto *node = add(network, "Gemm", 2, (int64_t[]){columns, network->channels});
    onnx_model_int(network->c.model, node, "transB", 1);
    network->channels = columns;
}

/* Operations of one image's products. */
static double finish(struct network *network)
{
    onnx_model_output(network->c.model, network->now);
    plan_case_load(&network->c);
    plan_case_analyse(&network->c, 1);
    const struct graph *graph = &network->c.graph;
    double flops = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const char *type = graph->nodes[n].op_type;
        double own = node_flops(&network->c.one, n);
        if (strcmp(type, "Conv") == 0 || strcmp(type, "Gemm") == 0) {
            flops += own;
            CU_ASSERT_DOUBLE_EQUAL(node_flops(&network->c.two, n), 2 * own, 0);
        }
    }
    plan_case_fini(&network->c);
    return flops;
}

/* torchvision.models.VGG16_Weights: 15.47 GFLOPS, counted in multiply-adds. */
static void vgg16(void)
{
    struct network network;
    begin(&network, 224);
    const int64_t widths[] = {64, 128, 256, 512, 512}, depths[] = {2, 2, 3, 3, 3};
    for (int block = 0; block < 5; block++) {
        for (int64_t i = 0; i < depths[block]; i++)
            conv(&network, widths[block], 3, 1, 1);
        pool(&network, 2, 2, 0);
    }
    dense(&network, 4096);
    dense(&network, 4096);
    dense(&network, 1000);
    CU_ASSERT_DOUBLE_EQUAL(finish(&network) / 2e9, 15.47, 0.005);
}

/* torchvision.models.AlexNet_Weights: 0.71. */
static void alexnet(void)
{
    struct network network;
    begin(&network, 224);
    conv(&network, 64, 11, 4, 2);
    pool(&network, 3, 2, 0);
    conv(&network, 192, 5, 1, 2);
    pool(&network, 3, 2, 0);
    conv(&network, 384, 3, 1, 1);
    conv(&network, 256, 3, 1, 1);
    conv(&network, 256, 3, 1, 1);
    pool(&network, 3, 2, 0);
    dense(&network, 4096);
    dense(&network, 4096);
    dense(&network, 1000);
    CU_ASSERT_DOUBLE_EQUAL(finish(&network) / 2e9, 0.71, 0.005);
}

/* torchvision.models.ResNet50_Weights: 4.09. The sums are left out: only products count here. */
static void resnet50(void)
{
    struct network network;
    begin(&network, 224);
    conv(&network, 64, 7, 2, 3);
    pool(&network, 3, 2, 1);
    const int64_t depths[] = {3, 4, 6, 3};
    for (int stage = 0; stage < 4; stage++)
        for (int64_t i = 0; i < depths[stage]; i++) {
            int64_t width = (int64_t)64 << stage, stride = i == 0 && stage > 0 ? 2 : 1;
            int64_t channels = network.channels, size = network.size;
            char from[16];
            memcpy(from, network.now, sizeof(from));
            if (i == 0) { /* the shortcut's projection, beside the block */
                conv(&network, width * 4, 1, stride, 0);
                onnx_model_output(network.c.model, network.now);
                memcpy(network.now, from, sizeof(from));
                network.channels = channels;
                network.size = size;
            }
            conv(&network, width, 1, 1, 0);
            conv(&network, width, 3, stride, 1);
            conv(&network, width * 4, 1, 1, 0);
        }
    add(&network, "GlobalAveragePool", 0, NULL);
    network.size = 1;
    dense(&network, 1000);
    CU_ASSERT_DOUBLE_EQUAL(finish(&network) / 2e9, 4.09, 0.005);
}

static double flops_of(struct plan_case *c, const char *output)
{
    onnx_model_output(c->model, output);
    plan_case_load(c);
    plan_case_analyse(c, 1);
    double flops = node_flops(&c->one, c->graph.node_count - 1);
    plan_case_fini(c);
    return flops;
}

static void counts_by_hand(void)
{
    struct plan_case c;
    plan_case_init(&c); /* depthwise: 9 products for each output */
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 8, 5, 5});
    onnx_model_input(c.model, "w", PLAN_CASE_F32, 4, (int64_t[]){8, 1, 3, 3});
    onnx_model_int(c.model, onnx_model_node(c.model, "Conv", "x w", "y"), "group", 8);
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 2 * 9 * 8 * 3 * 3);
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){-1, 7, 5});
    onnx_model_input(c.model, "w", PLAN_CASE_F32, 2, (int64_t[]){5, 3});
    onnx_model_node(c.model, "MatMul", "x w", "y");
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 2 * 7 * 5 * 3);
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 2, (int64_t[]){-1, 6});
    onnx_model_node(c.model, "Relu", "x", "y");
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 6);
    plan_case_init(&c); /* a pool reads more than it writes */
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 4, (int64_t[]){-1, 2, 4, 4});
    onnx_model_node(c.model, "GlobalAveragePool", "x", "y");
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 32);
    plan_case_init(&c);
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){-1, 2, 3});
    onnx_model_node(c.model, "Flatten", "x", "y");
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 0);
    plan_case_init(&c); /* 7 steps of 4 by (3 + 4) products in each of 2 directions */
    onnx_model_input(c.model, "x", PLAN_CASE_F32, 3, (int64_t[]){7, -1, 3});
    onnx_model_input(c.model, "w", PLAN_CASE_F32, 3, (int64_t[]){2, 4, 3});
    onnx_model_input(c.model, "r", PLAN_CASE_F32, 3, (int64_t[]){2, 4, 4});
    Onnx__NodeProto *node = onnx_model_node(c.model, "RNN", "x w r", "y");
    onnx_model_int(c.model, node, "hidden_size", 4);
    onnx_model_string(c.model, node, "direction", "bidirectional");
    CU_ASSERT_EQUAL(flops_of(&c, "y"), 2 * 7 * 2 * 4 * (3 + 4));
}

const struct cunit_test tests[] = {
    {"VGG16 is 15.47 billion multiply-adds", vgg16},
    {"AlexNet is 0.71 billion multiply-adds", alexnet},
    {"ResNet-50 is 4.09 billion multiply-adds", resnet50},
    {"small nodes count as by hand", counts_by_hand},
    {NULL, NULL},
};
