/* Activations over short runs of floats, by the C library's functions. */
#include "compute/kernels/activation.h"

#include <math.h>

static float activate(struct activation activation, float x)
{
    float alpha = activation.alpha, beta = activation.beta;
    switch (activation.kind) {
    case ACTIVATION_NONE:
        return x;
    case ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case ACTIVATION_CLIP:
        return x < alpha ? alpha : x > beta ? beta : x;
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
        return x * (y < 0 ? 0 : y > 1 ? 1 : y);
    }
    case ACTIVATION_TANH:
        return tanhf(x);
    case ACTIVATION_SOFTPLUS:
        return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
    case ACTIVATION_GELU:
        return 0.5f * x * (1 + erff(x * 0.70710678118654752f));
    case ACTIVATION_SILU:
        return x / (1 + expf(-x));
    }
    return x;
}

void activation_span(enum isa isa, struct activation activation, float *values, size_t count)
{
    (void)isa;
    for (size_t i = 0; i < count; i++)
        values[i] = activate(activation, values[i]);
}
