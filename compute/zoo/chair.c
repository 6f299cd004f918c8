/* The chair generator (Dosovitskiy, Springenberg, Brox: "Learning to generate chairs with
 * convolutional neural networks", 2015), for 128x128 images.
 *
 * Class (one of 809), viewpoint (sine and cosine of azimuth and elevation: 4) and transformation
 * (12 parameters) pass two fully connected layers of 512 each, are joined and pass 1024 and 1024;
 * from there two streams, image and mask, each: fc 16384 as 256 maps 8x8, then four times unpooling
 * by 2 and a 5x5 convolution, to 92, 92, 48 maps and 3 channels (1 for the mask). LeakyReLU 0.2
 * between. Unpooling puts each value into the corner of a 2x2 field of zeros; with the convolution
 * after it, that is one transposed convolution with stride 2, and is written so.
 *
 * The three inputs come as one vector of 825 and are split, and image and mask leave as the four
 * channels of one tensor, so that the network can be cut before its first and after its last layer.
 * 39,249,460 parameters by these sizes; the paper gives no count. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

#include <errno.h>
#include <stdio.h>

enum { CLASSES = 809, VIEWPOINT = 4, TRANSFORMATION = 12 };

static const float SLOPE = 0.2f;

static const struct zoo_value *add_dense_relu(struct zoo_builder *b, const char *name,
                                              const struct zoo_value *x, uint32_t outputs)
{
    char relu[ZOO_NAME_MAX + 8];
    snprintf(relu, sizeof(relu), "%s_lrelu", name);
    return zoo_add_leaky_relu(b, relu, zoo_add_dense(b, name, x, outputs), SLOPE);
}

/* Splits the input and encodes its three parts: "fc1_class", "fc2_class" and so on. */
static const struct zoo_value *add_encoder(struct zoo_builder *b, const struct zoo_value *x)
{
    static const char *const names[] = {"class", "viewpoint", "transformation"};
    static const int64_t sizes[] = {CLASSES, VIEWPOINT, TRANSFORMATION};
    const struct zoo_value *parts[3];
    zoo_add_split(b, "split", x, 3, names, sizes, parts);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t layer = 1; layer <= 2; layer++) {
            char name[ZOO_NAME_MAX];
            snprintf(name, sizeof(name), "fc%u_%s", layer, names[i]);
            parts[i] = add_dense_relu(b, name, parts[i], zoo_width(b, 512));
        }
    }
    return zoo_add_concat(b, "concat", 3, parts);
}

/* From the code of 1024 to a picture 16 times as wide as its first maps. */
static const struct zoo_value *add_stream(struct zoo_builder *b, const char *stream,
                                          const struct zoo_value *x, uint32_t channels)
{
    const uint32_t maps[] = {zoo_width(b, 92), zoo_width(b, 92), zoo_width(b, 48), channels};
    const uint32_t first = zoo_width(b, 256), size = zoo_size(b, 128) / 16;
    char name[ZOO_NAME_MAX];
    snprintf(name, sizeof(name), "fc5_%s", stream);
    x = add_dense_relu(b, name, x, first * size * size);
    snprintf(name, sizeof(name), "reshape_%s", stream);
    x = zoo_add_reshape(b, name, x, 3, (int64_t[]){first, size, size});
    for (uint32_t i = 0; i < 4; i++) {
        struct zoo_convolution shape = {
            .channels = maps[i], .kernel = 5, .stride = 2, .pad = 2, .output_pad = 1};
        snprintf(name, sizeof(name), "uconv%u_%s", i + 1, stream);
        x = zoo_add_conv_transpose(b, name, x, shape);
        snprintf(name, sizeof(name), "uconv%u_%s_lrelu", i + 1, stream);
        if (i < 3)
            x = zoo_add_leaky_relu(b, name, x, SLOPE);
    }
    return x;
}

void zoo_build_chair(struct zoo_builder *b)
{
    if (zoo_size(b, 128) % 16 != 0) {
        zoo_fail(b, -EINVAL, "the size must be a multiple of 16: it is doubled 4 times");
        return;
    }
    const struct zoo_value *x =
        zoo_add_input(b, "input", 2, (int64_t[]){ZOO_BATCH, CLASSES + VIEWPOINT + TRANSFORMATION});
    x = add_encoder(b, x);
    x = add_dense_relu(b, "fc3", x, zoo_width(b, 1024));
    x = add_dense_relu(b, "fc4", x, zoo_width(b, 1024));
    const struct zoo_value *image = add_stream(b, "image", x, 3);
    const struct zoo_value *mask = add_stream(b, "mask", x, 1);
    zoo_set_output(
        b, zoo_add_concat(b, "image_and_mask", 2, (const struct zoo_value *const[]){image, mask}));
}
