/* Activations by the C library's functions: the plain twin of activation_vector.c. */
#include <math.h>

#include "compute/kernels/spatial_plain.h"

static float activate(struct activation activation, float x)
{
    float alpha = activation.alpha, beta = activation.beta;
    switch (activation.kind) {
    case ACTIVATION_NONE:
        return x;
    case ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case ACTIVATION_CLIP:
        x = x < alpha ? alpha : x;
        return x > beta ? beta : x;
    case ACTIVATION_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case ACTIVATION_ELU:
        return x < 0 ? alpha * expm1f(x) : x;
    case ACTIVATION_SELU:
        return x < 0 ? beta * alpha * expm1f(x) : beta * x;
    case ACTIVATION_SIGMOID:
        return 1 / (1 + expf(-x));
    case ACTIVATION_HARD_SIGMOID: {
        float y = alpha * x + beta;
        return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    case ACTIVATION_HARD_SWISH: {
        float y = x / 6 + 0.5f;
        return y <= 0 ? 0 : y >= 1 ? x : x * y;
    }
    case ACTIVATION_TANH:
        return tanhf(x);
    case ACTIVATION_SOFTPLUS:
        return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
    case ACTIVATION_GELU:
        return x <= -20 ? 0 : 0.5f * x * erfcf(x * -0.70710678118654752f);
    case ACTIVATION_SILU:
        return x <= -200 ? 0 : x / (1 + expf(-x));
    }
    return x;
}

void activation_plain(struct activation activation, const float *input, float *output, size_t count)
{
    for (size_t i = 0; i < count; i++)
        output[i] = activate(activation, input[i]);
}
