/* Network in Network, ImageNet model (Lin, Chen, Yan: "Network in network", 2013; the layer sizes
 * are those of the authors' released model).
 *
 * Four times a convolution and two 1x1 convolutions ("cccp"), a ReLU after each; 3x3/2 pools whose
 * last window may hang over the edge; the 1000 maps of cccp8 are averaged whole: no fully connected
 * layer. 12 convolutions, 12 ReLUs, 4 pools and softmax are the 29 layers of the JointDNN paper.
 * 7,595,176 parameters. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

static const struct zoo_value *add_conv_relu(struct zoo_builder *b, const char *name,
                                             const struct zoo_value *x,
                                             struct zoo_convolution shape)
{
    char relu[ZOO_NAME_MAX + 8];
    snprintf(relu, sizeof(relu), "relu_%s", name);
    return zoo_add_relu(b, relu, zoo_add_conv(b, name, x, shape));
}

void zoo_build_nin(struct zoo_builder *b)
{
    static const struct {
        const char *conv, *first, *second, *pool;
        uint32_t channels, kernel, stride, pad;
    } blocks[] = {
        {"conv1", "cccp1", "cccp2", "pool1", 96, 11, 4, 0},
        {"conv2", "cccp3", "cccp4", "pool2", 256, 5, 1, 2},
        {"conv3", "cccp5", "cccp6", "pool3", 384, 3, 1, 1},
        {"conv4-1024", "cccp7-1024", "cccp8-1024", "pool4", 1024, 3, 1, 1},
    };
    const struct zoo_value *x = zoo_add_image(b, 224);
    for (uint32_t i = 0; i < 4; i++) {
        bool is_last = i == 3;
        uint32_t channels = zoo_width(b, blocks[i].channels);
        struct zoo_convolution shape = {.channels = channels,
                                        .kernel = blocks[i].kernel,
                                        .stride = blocks[i].stride,
                                        .pad = blocks[i].pad};
        x = add_conv_relu(b, blocks[i].conv, x, shape);
        shape = (struct zoo_convolution){.channels = channels, .kernel = 1};
        x = add_conv_relu(b, blocks[i].first, x, shape);
        if (is_last)
            shape.channels = 1000;
        x = add_conv_relu(b, blocks[i].second, x, shape);
        if (is_last)
            x = zoo_add_global_average_pool(b, blocks[i].pool, x);
        else
            x = zoo_add_max_pool(b, blocks[i].pool, x,
                                 (struct zoo_pool){.kernel = 3, .stride = 2, .rounds_up = true});
    }
    x = zoo_add_flatten(b, "flatten", x);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
