/* AlexNet (Krizhevsky, Sutskever, Hinton: "ImageNet classification with deep convolutional neural
 * networks", NIPS 2012).
 *
 * conv 96 11x11/4, 256 5x5, 384, 384, 256 3x3; fc 4096, 4096, 1000; conv2, conv4 and conv5 see only
 * the half of the maps that lies on the same GPU (2 groups). ReLU after each layer, response
 * normalisation after the ReLU of conv1 and conv2 (k=2, n=5, alpha=1e-4, beta=0.75, alpha not
 * divided by n, hence 5e-4 here), overlapping 3x3/2 pools. 60,965,224 parameters.
 * The paper says the input is 224x224 and conv1 gives 55x55, which takes 2 zeros at each edge. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

void zoo_build_alexnet(struct zoo_builder *b)
{
    const struct zoo_pool pool = {.kernel = 3, .stride = 2};
    const struct zoo_value *x = zoo_add_image(b, 224);
    x = zoo_add_conv(b, "conv1", x,
                     (struct zoo_convolution){
                         .channels = zoo_width(b, 96), .kernel = 11, .stride = 4, .pad = 2});
    x = zoo_add_relu(b, "relu1", x);
    x = zoo_add_lrn(b, "norm1", x, 5, 5e-4f, 0.75f, 2);
    x = zoo_add_max_pool(b, "pool1", x, pool);
    x = zoo_add_conv(b, "conv2", x,
                     (struct zoo_convolution){
                         .channels = zoo_width(b, 256), .kernel = 5, .pad = 2, .groups = 2});
    x = zoo_add_relu(b, "relu2", x);
    x = zoo_add_lrn(b, "norm2", x, 5, 5e-4f, 0.75f, 2);
    x = zoo_add_max_pool(b, "pool2", x, pool);
    x = zoo_add_conv(
        b, "conv3", x,
        (struct zoo_convolution){.channels = zoo_width(b, 384), .kernel = 3, .pad = 1});
    x = zoo_add_relu(b, "relu3", x);
    x = zoo_add_conv(b, "conv4", x,
                     (struct zoo_convolution){
                         .channels = zoo_width(b, 384), .kernel = 3, .pad = 1, .groups = 2});
    x = zoo_add_relu(b, "relu4", x);
    x = zoo_add_conv(b, "conv5", x,
                     (struct zoo_convolution){
                         .channels = zoo_width(b, 256), .kernel = 3, .pad = 1, .groups = 2});
    x = zoo_add_relu(b, "relu5", x);
    x = zoo_add_max_pool(b, "pool5", x, pool);
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "fc6", x, zoo_width(b, 4096));
    x = zoo_add_relu(b, "relu6", x);
    x = zoo_add_dense(b, "fc7", x, zoo_width(b, 4096));
    x = zoo_add_relu(b, "relu7", x);
    x = zoo_add_dense(b, "fc8", x, 1000);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
