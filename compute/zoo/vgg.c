/* VGG16 (Simonyan, Zisserman: "Very deep convolutional networks for large-scale image recognition",
 * 2014), configuration D.
 *
 * Five blocks of 2, 2, 3, 3, 3 convolutions 3x3 with 64, 128, 256, 512, 512 channels, a 2x2 pool
 * after each block, fc 4096, 4096, 1000. 138,357,544 parameters. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

void zoo_build_vgg16(struct zoo_builder *b)
{
    static const struct {
        uint32_t layers, channels;
    } blocks[] = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
    char name[ZOO_NAME_MAX];
    const struct zoo_value *x = zoo_add_image(b, 224);
    for (uint32_t block = 0; block < 5; block++) {
        for (uint32_t layer = 1; layer <= blocks[block].layers; layer++) {
            struct zoo_convolution shape = {
                .channels = zoo_width(b, blocks[block].channels), .kernel = 3, .pad = 1};
            snprintf(name, sizeof(name), "conv%u_%u", block + 1, layer);
            x = zoo_add_conv(b, name, x, shape);
            snprintf(name, sizeof(name), "relu%u_%u", block + 1, layer);
            x = zoo_add_relu(b, name, x);
        }
        snprintf(name, sizeof(name), "pool%u", block + 1);
        x = zoo_add_max_pool(b, name, x, (struct zoo_pool){.kernel = 2, .stride = 2});
    }
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "fc6", x, zoo_width(b, 4096));
    x = zoo_add_relu(b, "relu6", x);
    x = zoo_add_dense(b, "fc7", x, zoo_width(b, 4096));
    x = zoo_add_relu(b, "relu7", x);
    x = zoo_add_dense(b, "fc8", x, 1000);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
