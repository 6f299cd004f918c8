/* OverFeat, fast model (Sermanet et al.: "OverFeat: integrated recognition, localization and
 * detection using convolutional networks", 2013, table 1).
 *
 * 231x231 input; conv 96 11x11/4 and 256 5x5 without padding, 512, 1024, 1024 3x3; 2x2 pools that
 * do not overlap after layers 1, 2 and 5; fc 3072, 4096, 1000; no response normalisation.
 * 145,920,872 parameters ("145 million"). */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

void zoo_build_overfeat(struct zoo_builder *b)
{
    static const struct {
        uint32_t channels, kernel, stride, pad;
        bool is_pooled;
    } layers[] = {
        {96, 11, 4, 0, true},   {256, 5, 1, 0, true},  {512, 3, 1, 1, false},
        {1024, 3, 1, 1, false}, {1024, 3, 1, 1, true},
    };
    char name[ZOO_NAME_MAX];
    const struct zoo_value *x = zoo_add_image(b, 231);
    for (uint32_t i = 0; i < 5; i++) {
        struct zoo_convolution shape = {.channels = zoo_width(b, layers[i].channels),
                                        .kernel = layers[i].kernel,
                                        .stride = layers[i].stride,
                                        .pad = layers[i].pad};
        snprintf(name, sizeof(name), "conv%u", i + 1);
        x = zoo_add_conv(b, name, x, shape);
        snprintf(name, sizeof(name), "relu%u", i + 1);
        x = zoo_add_relu(b, name, x);
        snprintf(name, sizeof(name), "pool%u", i + 1);
        if (layers[i].is_pooled)
            x = zoo_add_max_pool(b, name, x, (struct zoo_pool){.kernel = 2, .stride = 2});
    }
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "full6", x, zoo_width(b, 3072));
    x = zoo_add_relu(b, "relu6", x);
    x = zoo_add_dense(b, "full7", x, zoo_width(b, 4096));
    x = zoo_add_relu(b, "relu7", x);
    x = zoo_add_dense(b, "full8", x, 1000);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
