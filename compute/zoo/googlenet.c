/* GoogLeNet (Szegedy et al.: "Going deeper with convolutions", 2014, table 1), without the
 * auxiliary classifiers, which only training uses.
 *
 * Stem with response normalisation before and after its 3x3, nine inception modules, average, one
 * fully connected layer. The paper leaves the normalisation's constants open; they are the usual
 * n=5, alpha=1e-4 (divided by n), beta=0.75, k=1. Pools round up, as the map sizes of table 1 need.
 * 6,998,552 parameters (the table, summed with biases). Names as in the usual Caffe files. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

static const struct zoo_pool HALVE = {.kernel = 3, .stride = 2, .rounds_up = true};

/* Convolution "module/suffix" and ReLU "module/relu_suffix". */
static const struct zoo_value *add_conv_relu(struct zoo_builder *b, const char *module,
                                             const char *suffix, const struct zoo_value *x,
                                             struct zoo_convolution shape)
{
    char name[ZOO_NAME_MAX];
    snprintf(name, sizeof(name), "%s/%s", module, suffix);
    x = zoo_add_conv(b, name, x, shape);
    snprintf(name, sizeof(name), "%s/relu_%s", module, suffix);
    return zoo_add_relu(b, name, x);
}

struct inception {
    const char *name;
    uint32_t c1, c3_reduce, c3, c5_reduce, c5, pool_proj; /* table 1's columns */
    bool is_pooled; /* a 3x3/2 pool follows */
};

static const struct zoo_value *add_inception(struct zoo_builder *b, const struct inception *m,
                                             const struct zoo_value *x)
{
    char name[ZOO_NAME_MAX];
    const struct zoo_value *parts[4];
    parts[0] =
        add_conv_relu(b, m->name, "1x1", x,
                      (struct zoo_convolution){.channels = zoo_width(b, m->c1), .kernel = 1});
    const struct zoo_value *reduced = add_conv_relu(
        b, m->name, "3x3_reduce", x,
        (struct zoo_convolution){.channels = zoo_width(b, m->c3_reduce), .kernel = 1});
    parts[1] = add_conv_relu(
        b, m->name, "3x3", reduced,
        (struct zoo_convolution){.channels = zoo_width(b, m->c3), .kernel = 3, .pad = 1});
    reduced = add_conv_relu(
        b, m->name, "5x5_reduce", x,
        (struct zoo_convolution){.channels = zoo_width(b, m->c5_reduce), .kernel = 1});
    parts[2] = add_conv_relu(
        b, m->name, "5x5", reduced,
        (struct zoo_convolution){.channels = zoo_width(b, m->c5), .kernel = 5, .pad = 2});
    snprintf(name, sizeof(name), "%s/pool", m->name);
    const struct zoo_value *pool =
        zoo_add_max_pool(b, name, x, (struct zoo_pool){.kernel = 3, .stride = 1, .pad = 1});
    parts[3] = add_conv_relu(
        b, m->name, "pool_proj", pool,
        (struct zoo_convolution){.channels = zoo_width(b, m->pool_proj), .kernel = 1});
    snprintf(name, sizeof(name), "%s/output", m->name);
    return zoo_add_concat(b, name, 4, parts);
}

static const struct zoo_value *add_stem(struct zoo_builder *b, const struct zoo_value *x)
{
    x = add_conv_relu(
        b, "conv1", "7x7_s2", x,
        (struct zoo_convolution){.channels = zoo_width(b, 64), .kernel = 7, .stride = 2, .pad = 3});
    x = zoo_add_max_pool(b, "pool1/3x3_s2", x, HALVE);
    x = zoo_add_lrn(b, "pool1/norm1", x, 5, 1e-4f, 0.75f, 1);
    x = add_conv_relu(b, "conv2", "3x3_reduce", x,
                      (struct zoo_convolution){.channels = zoo_width(b, 64), .kernel = 1});
    x = add_conv_relu(
        b, "conv2", "3x3", x,
        (struct zoo_convolution){.channels = zoo_width(b, 192), .kernel = 3, .pad = 1});
    x = zoo_add_lrn(b, "conv2/norm2", x, 5, 1e-4f, 0.75f, 1);
    return zoo_add_max_pool(b, "pool2/3x3_s2", x, HALVE);
}

void zoo_build_googlenet(struct zoo_builder *b)
{
    static const struct inception modules[] = {
        {"inception_3a", 64, 96, 128, 16, 32, 32, false},
        {"inception_3b", 128, 128, 192, 32, 96, 64, true},
        {"inception_4a", 192, 96, 208, 16, 48, 64, false},
        {"inception_4b", 160, 112, 224, 24, 64, 64, false},
        {"inception_4c", 128, 128, 256, 24, 64, 64, false},
        {"inception_4d", 112, 144, 288, 32, 64, 64, false},
        {"inception_4e", 256, 160, 320, 32, 128, 128, true},
        {"inception_5a", 256, 160, 320, 32, 128, 128, false},
        {"inception_5b", 384, 192, 384, 48, 128, 128, false},
    };
    const struct zoo_value *x = add_stem(b, zoo_add_image(b, 224));
    for (uint32_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        x = add_inception(b, &modules[i], x);
        if (modules[i].is_pooled) {
            char name[ZOO_NAME_MAX];
            snprintf(name, sizeof(name), "pool%c/3x3_s2", modules[i].name[10]);
            x = zoo_add_max_pool(b, name, x, HALVE);
        }
    }
    x = zoo_add_global_average_pool(b, "pool5/7x7_s1", x);
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "loss3/classifier", x, 1000);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
