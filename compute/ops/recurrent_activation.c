/* The activation functions that recurrent operators may name, and how their attributes list them.
 */
#include "compute/ops/recurrent.h"

#include <inttypes.h>
#include <math.h>
#include <strings.h>

static const struct {
    const char *name;
    bool takes_alpha, takes_beta;
    float alpha, beta; /* where the node gives none */
} functions[] = {
    [RECURRENT_RELU] = {"Relu", false, false, 0, 0},
    [RECURRENT_TANH] = {"Tanh", false, false, 0, 0},
    [RECURRENT_SIGMOID] = {"Sigmoid", false, false, 0, 0},
    [RECURRENT_AFFINE] = {"Affine", true, true, 1, 0},
    [RECURRENT_LEAKY_RELU] = {"LeakyRelu", true, false, 0.01f, 0},
    [RECURRENT_THRESHOLDED_RELU] = {"ThresholdedRelu", true, false, 1, 0},
    [RECURRENT_SCALED_TANH] = {"ScaledTanh", true, true, 1, 1},
    [RECURRENT_HARD_SIGMOID] = {"HardSigmoid", true, true, 0.2f, 0.5f},
    [RECURRENT_ELU] = {"Elu", true, false, 1, 0},
    [RECURRENT_SOFTSIGN] = {"Softsign", false, false, 0, 0},
    [RECURRENT_SOFTPLUS] = {"Softplus", false, false, 0, 0},
};

static int recurrent_function_find(const struct op_call *call, const char *name,
                                   enum recurrent_function *function)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcasecmp(functions[i].name, name) == 0) {
            *function = (enum recurrent_function)i;
            return 0;
        }
    }
    return op_fail(call, "activation '%.30s' is not one of ONNX's", name);
}

int recurrent_activations_parse(const struct op_call *call, const char *const *fallback,
                                size_t count_each, size_t directions,
                                struct recurrent_activation (*list)[RECURRENT_MAX_ACTIVATIONS])
{
    const struct attribute *names = node_attribute(call->node, "activations");
    if (names && names->kind != ATTRIBUTE_STRINGS)
        names = NULL;
    if (names && names->count > 0 && names->count != count_each * directions)
        return op_fail(call, "attribute activations has %zu names, %zu are needed", names->count,
                       count_each * directions);
    size_t alpha_count, beta_count;
    const float *alphas = node_floats(call->node, "activation_alpha", &alpha_count);
    const float *betas = node_floats(call->node, "activation_beta", &beta_count);
    for (size_t i = 0; i < count_each * directions; i++) {
        struct recurrent_activation *activation = &list[i / count_each][i % count_each];
        const char *name = names && names->count > 0 ? names->strings[i] : fallback[i % count_each];
        int result = recurrent_function_find(call, name, &activation->function);
        if (result != 0)
            return result;
        activation->alpha = functions[activation->function].alpha;
        activation->beta = functions[activation->function].beta;
        /* Functions that take a number use the lists up in order. */
        if (functions[activation->function].takes_alpha && alpha_count > 0) {
            activation->alpha = *alphas++;
            alpha_count--;
        }
        if (functions[activation->function].takes_beta && beta_count > 0) {
            activation->beta = *betas++;
            beta_count--;
        }
    }
    return 0;
}

float recurrent_activate(const struct recurrent_activation *activation, float x)
{
    float alpha = activation->alpha, beta = activation->beta;
    switch (activation->function) {
    case RECURRENT_RELU:
        return x > 0 ? x : 0;
    case RECURRENT_TANH:
        return tanhf(x);
    case RECURRENT_SIGMOID:
        return 1 / (1 + expf(-x));
    case RECURRENT_AFFINE:
        return alpha * x + beta;
    case RECURRENT_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case RECURRENT_THRESHOLDED_RELU:
        return x >= alpha ? x : 0;
    case RECURRENT_SCALED_TANH:
        return alpha * tanhf(beta * x);
    case RECURRENT_HARD_SIGMOID:
        return fminf(fmaxf(alpha * x + beta, 0), 1);
    case RECURRENT_ELU:
        return x < 0 ? alpha * expm1f(x) : x;
    case RECURRENT_SOFTSIGN:
        return x / (1 + fabsf(x));
    case RECURRENT_SOFTPLUS:
        return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
    }
    return x;
}

float recurrent_activate_clipped(const struct recurrent_activation *activation, float clip, float x)
{
    return recurrent_activate(activation, x > clip ? clip : x < -clip ? -clip : x);
}
