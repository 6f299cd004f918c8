/* MobileNetV2 1.0 (Sandler et al.: "MobileNetV2: inverted residuals and linear bottlenecks", 2018,
 * table 2).
 *
 * conv 32 3x3/2; 17 bottlenecks (1x1 that expands t times, 3x3 depthwise, linear 1x1; a shortcut
 * in all but the first of a row) as (t, c, n, s) below; conv 1280 1x1, average, a 1x1 convolution
 * as the classifier. Batch norm after each convolution but the last, ReLU6 after all but the linear
 * ones. 3,504,872 parameters. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <stdio.h>

static const struct zoo_value *add_conv_norm(struct zoo_builder *b, const char *name,
                                             const struct zoo_value *x,
                                             struct zoo_convolution shape, bool is_linear)
{
    char part[ZOO_NAME_MAX];
    shape.has_no_bias = true;
    x = zoo_add_conv(b, name, x, shape);
    snprintf(part, sizeof(part), "%s_bn", name);
    x = zoo_add_batch_norm(b, part, x);
    if (is_linear)
        return x;
    snprintf(part, sizeof(part), "%s_relu6", name);
    return zoo_add_clipped_relu(b, part, x, 6);
}

static const struct zoo_value *add_bottleneck(struct zoo_builder *b, uint32_t number,
                                              const struct zoo_value *x, uint32_t expansion,
                                              uint32_t channels, uint32_t stride, bool is_repeated)
{
    char name[ZOO_NAME_MAX / 2]; /* add_conv_norm() adds to it */
    const struct zoo_value *shortcut = x;
    uint32_t inside = (uint32_t)x->dims[1] * expansion;
    if (expansion > 1) {
        snprintf(name, sizeof(name), "block%u_expand", number);
        x = add_conv_norm(b, name, x, (struct zoo_convolution){.channels = inside, .kernel = 1},
                          false);
    }
    snprintf(name, sizeof(name), "block%u_depthwise", number);
    x = add_conv_norm(
        b, name, x,
        (struct zoo_convolution){
            .channels = inside, .kernel = 3, .stride = stride, .pad = 1, .groups = inside},
        false);
    snprintf(name, sizeof(name), "block%u_project", number);
    x = add_conv_norm(b, name, x, (struct zoo_convolution){.channels = channels, .kernel = 1},
                      true);
    if (!is_repeated)
        return x;
    snprintf(name, sizeof(name), "block%u_add", number);
    return zoo_add_sum(b, name, shortcut, x);
}

void zoo_build_mobilenet_v2(struct zoo_builder *b)
{
    static const struct {
        uint32_t t, c, n, s;
    } rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    const struct zoo_value *x = zoo_add_image(b, 224);
    x = add_conv_norm(
        b, "conv1", x,
        (struct zoo_convolution){.channels = zoo_width(b, 32), .kernel = 3, .stride = 2, .pad = 1},
        false);
    uint32_t number = 1;
    for (uint32_t row = 0; row < 7; row++)
        for (uint32_t i = 0; i < rows[row].n; i++)
            x = add_bottleneck(b, number++, x, rows[row].t, zoo_width(b, rows[row].c),
                               i == 0 ? rows[row].s : 1, i > 0);
    x = add_conv_norm(b, "conv_last", x,
                      (struct zoo_convolution){.channels = zoo_width(b, 1280), .kernel = 1}, false);
    x = zoo_add_global_average_pool(b, "avgpool", x);
    x = zoo_add_conv(b, "logits", x, (struct zoo_convolution){.channels = 1000, .kernel = 1});
    x = zoo_add_flatten(b, "flatten", x);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
