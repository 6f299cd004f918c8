/* pix2pix's generator (Isola, Zhu, Zhou, Efros: "Image-to-image translation with conditional
 * adversarial networks", 2017): the U-Net for 256x256 of its appendix.
 *
 * Encoder C64-C128-C256-C512-C512-C512-C512-C512, 4x4/2 convolutions with LeakyReLU 0.2; decoder
 * CD512-CD512-CD512-C512-C256-C128-C64, 4x4/2 transposed convolutions with ReLU, each joined with
 * the encoder's map of its size; a last one to 3 channels and tanh. Batch norm everywhere but at
 * C64 and at the innermost layer (1x1, where it would erase everything). The authors normalise with
 * the batch's own statistics and keep dropout when they generate; this file has running statistics
 * and no dropout, so that a row's result does not depend on the rows beside it. As in the
 * authors' PyTorch code, only the last layer has a bias, and activations stand before convolutions:
 * 54,413,955 parameters ("54.414 M"). */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <errno.h>
#include <stdio.h>

enum { DEPTH = 8 };

static const uint32_t CHANNELS[DEPTH] = {64, 128, 256, 512, 512, 512, 512, 512};

/* skips[i] becomes the map after level i, before the activation of the level inside it. */
static void add_encoder(struct zoo_builder *b, const struct zoo_value *x,
                        const struct zoo_value *skips[])
{
    char name[ZOO_NAME_MAX];
    for (uint32_t i = 0; i < DEPTH; i++) {
        if (i > 0) {
            snprintf(name, sizeof(name), "down%u_lrelu", i + 1);
            x = zoo_add_leaky_relu(b, name, x, 0.2f);
        }
        snprintf(name, sizeof(name), "down%u", i + 1);
        x = zoo_add_conv(b, name, x,
                         (struct zoo_convolution){.channels = zoo_width(b, CHANNELS[i]),
                                                  .kernel = 4,
                                                  .stride = 2,
                                                  .pad = 1,
                                                  .has_no_bias = true});
        if (i > 0 && i < DEPTH - 1) {
            snprintf(name, sizeof(name), "down%u_bn", i + 1);
            x = zoo_add_batch_norm(b, name, x);
        }
        skips[i] = x;
    }
}

void zoo_build_pix2pix(struct zoo_builder *b)
{
    if (zoo_size(b, 256) % 256 != 0) {
        zoo_fail(b, -EINVAL, "the input size must be a multiple of 256: it is halved 8 times");
        return;
    }
    char name[ZOO_NAME_MAX];
    const struct zoo_value *skips[DEPTH];
    add_encoder(b, zoo_add_image(b, 256), skips);
    const struct zoo_value *x = skips[DEPTH - 1];
    for (uint32_t i = DEPTH; i-- > 0;) {
        bool is_outermost = i == 0;
        snprintf(name, sizeof(name), "up%u_relu", i + 1);
        x = zoo_add_relu(b, name, x);
        snprintf(name, sizeof(name), "up%u", i + 1);
        x = zoo_add_conv_transpose(
            b, name, x,
            (struct zoo_convolution){.channels = is_outermost ? 3 : zoo_width(b, CHANNELS[i - 1]),
                                     .kernel = 4,
                                     .stride = 2,
                                     .pad = 1,
                                     .has_no_bias = !is_outermost});
        if (is_outermost)
            break;
        snprintf(name, sizeof(name), "up%u_bn", i + 1);
        x = zoo_add_batch_norm(b, name, x);
        snprintf(name, sizeof(name), "up%u_skip", i + 1);
        x = zoo_add_concat(b, name, 2, (const struct zoo_value *const[]){skips[i - 1], x});
    }
    zoo_set_output(b, zoo_add_tanh(b, "tanh", x));
}
