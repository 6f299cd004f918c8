/* LeNet-5 (LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document
 * recognition", 1998).
 *
 * 32x32 grey digits; C1 6 maps 5x5, S2, C3 16 maps 5x5, S4, C5 120, F6 84, 10 classes. As it is
 * usually built since: S2 and S4 are plain 2x2 averages, C3 sees all maps of S2, tanh is not
 * scaled, and a fully connected layer with softmax stands for the RBF output: 61,706 parameters,
 * against the 60,000 of the paper. 28x28 (--size 28, MNIST as it comes) works as well. */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

void zoo_build_lenet(struct zoo_builder *b)
{
    const struct zoo_pool pool = {.kernel = 2, .stride = 2};
    int64_t size = zoo_size(b, 32);
    const struct zoo_value *x = zoo_add_input(b, "input", 4, (int64_t[]){ZOO_BATCH, 1, size, size});
    x = zoo_add_conv(b, "c1", x,
                     (struct zoo_convolution){.channels = zoo_width(b, 6), .kernel = 5});
    x = zoo_add_tanh(b, "tanh1", x);
    x = zoo_add_average_pool(b, "s2", x, pool);
    x = zoo_add_conv(b, "c3", x,
                     (struct zoo_convolution){.channels = zoo_width(b, 16), .kernel = 5});
    x = zoo_add_tanh(b, "tanh3", x);
    x = zoo_add_average_pool(b, "s4", x, pool);
    x = zoo_add_flatten(b, "flatten", x);
    x = zoo_add_dense(b, "c5", x, zoo_width(b, 120));
    x = zoo_add_tanh(b, "tanh5", x);
    x = zoo_add_dense(b, "f6", x, zoo_width(b, 84));
    x = zoo_add_tanh(b, "tanh6", x);
    x = zoo_add_dense(b, "output", x, 10);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
