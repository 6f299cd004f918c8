/* Deep Speech (Hannun et al.: "Deep Speech: scaling up end-to-end speech recognition", 2014).
 *
 * Five hidden layers of 2048 with min(max(z, 0), 20). The first sees a frame of the spectrogram (80
 * filter banks and the energy) with 9 frames on either side, which is a convolution over time; the
 * second and third are fully connected per frame; the fourth is a recurrent layer that runs in both
 * directions, whose two states are added; the fifth is fully connected, and softmax gives 29
 * characters (a to z, space, apostrophe, blank). Both directions have the same input weights and
 * bias, as in the paper's formulas, so ONNX's RNN holds two copies of them; its two biases add up
 * to the paper's one. 28,389,405 different parameters by these sizes.
 *
 * Input N x 81 x frames, 200 (two seconds) unless the size says otherwise; output N x frames x 29.
 */
#include "compute/zoo/layers.h"
#include "compute/zoo/networks.h"

enum { FEATURES = 81, CONTEXT = 9, CHARACTERS = 29 };

static const float CLIP = 20;

void zoo_build_deepspeech(struct zoo_builder *b)
{
    static const int64_t swap_last[] = {0, 2, 1}, swap_first[] = {1, 0, 2};
    uint32_t hidden = zoo_width(b, 2048);
    const struct zoo_value *x =
        zoo_add_input(b, "input", 3, (int64_t[]){ZOO_BATCH, FEATURES, zoo_size(b, 200)});
    x = zoo_add_conv(
        b, "h1", x,
        (struct zoo_convolution){.channels = hidden, .kernel = 2 * CONTEXT + 1, .pad = CONTEXT});
    x = zoo_add_clipped_relu(b, "h1_relu", x, CLIP);
    x = zoo_add_transpose(b, "frames", x, swap_last);
    x = zoo_add_clipped_relu(b, "h2_relu", zoo_add_matmul(b, "h2", x, hidden), CLIP);
    x = zoo_add_clipped_relu(b, "h3_relu", zoo_add_matmul(b, "h3", x, hidden), CLIP);
    x = zoo_add_transpose(b, "time_first", x, swap_first);
    x = zoo_add_bidirectional_rnn(b, "h4", x, hidden, CLIP);
    x = zoo_add_reduce_sum(b, "h4_sum", x, 1);
    x = zoo_add_transpose(b, "batch_first", x, swap_first);
    x = zoo_add_clipped_relu(b, "h5_relu", zoo_add_matmul(b, "h5", x, hidden), CLIP);
    x = zoo_add_matmul(b, "characters", x, CHARACTERS);
    zoo_set_output(b, zoo_add_softmax(b, "prob", x));
}
