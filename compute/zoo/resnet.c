/* ResNet-50 (He, Zhang, Ren, Sun: "Deep residual learning for image recognition", 2015), v1.
 *
 * conv1 64 7x7/2, pool 3x3/2, then 3, 4, 6, 3 bottlenecks (1x1, 3x3, 1x1 with 4 times the channels)
 * of width 64, 128, 256, 512, global average, fc 1000. In v1 the stride of a stage's first
 * bottleneck is in its first 1x1 (v1.5 puts it into the 3x3; the parameters are the same). Batch
 * norm after each convolution, which has no bias: 25,557,032 parameters with the norms' scales and
 * shifts. Names as in the authors' released files. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

/* Convolution and batch norm of one branch of a bottleneck: "res2a_branch2b", "bn2a_branch2b". */
static const struct zoo_value *add_branch(struct zoo_builder *b, const char *block,
                                          const char *branch, const struct zoo_value *x,
                                          struct zoo_convolution shape)
{
    char name[ZOO_NAME_MAX];
    shape.has_no_bias = true;
    snprintf(name, sizeof(name), "res%s_branch%s", block, branch);
    x = zoo_add_conv(b, name, x, shape);
    snprintf(name, sizeof(name), "bn%s_branch%s", block, branch);
    return zoo_add_batch_norm(b, name, x);
}

static const struct zoo_value *add_bottleneck(struct zoo_builder *b, const char *block,
                                              const struct zoo_value *x, uint32_t width,
                                              uint32_t stride, bool is_first)
{
    char name[ZOO_NAME_MAX];
    const struct zoo_value *shortcut = x;
    if (is_first)
        shortcut = add_branch(
            b, block, "1", x,
            (struct zoo_convolution){.channels = 4 * width, .kernel = 1, .stride = stride});
    x = add_branch(b, block, "2a", x,
                   (struct zoo_convolution){.channels = width, .kernel = 1, .stride = stride});
    snprintf(name, sizeof(name), "res%s_branch2a_relu", block);
    x = zoo_add_relu(b, name, x);
    x = add_branch(b, block, "2b", x,
                   (struct zoo_convolution){.channels = width, .kernel = 3, .pad = 1});
    snprintf(name, sizeof(name), "res%s_branch2b_relu", block);
    x = zoo_add_relu(b, name, x);
    x = add_branch(b, block, "2c", x, (struct zoo_convolution){.channels = 4 * width, .kernel = 1});
    snprintf(name, sizeof(name), "res%s", block);
    x = zoo_add_sum(b, name, shortcut, x);
    snprintf(name, sizeof(name), "res%s_relu", block);
    return zoo_add_relu(b, name, x);
}

void zoo_build_resnet50(struct zoo_builder *b)
{
    static const uint32_t blocks[] = {3, 4, 6, 3};
    const struct zoo_value *x = zoo_add_image(b, 224);
    x = zoo_add_conv(
        b, "conv1", x,
        (struct zoo_convolution){
            .channels = zoo_width(b, 64), .kernel = 7, .stride = 2, .pad = 3, .has_no_bias = true});
    x = zoo_add_batch_norm(b, "bn_conv1", x);
    x = zoo_add_relu(b, "conv1_relu", x);
    x = zoo_add_max_pool(b, "pool1", x, (struct zoo_pool){.kernel = 3, .stride = 2, .pad = 1});
    for (uint32_t stage = 0; stage < 4; stage++) {
        for (uint32_t block = 0; block < blocks[stage]; block++) {
            char name[8];
            snprintf(name, sizeof(name), "%u%c", stage + 2, (char)('a' + block));
            x = add_bottleneck(b, name, x, zoo_width(b, 64u << stage),
                               stage > 0 && block == 0 ? 2 : 1, block == 0);
        }
    }
    x = zoo_add_global_average_pool(b, "pool5", x);
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "fc1000", x, 1000);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
