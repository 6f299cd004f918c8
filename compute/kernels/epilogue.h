/* What a layer does to each element after its sum: bias, residual add, activation; fused so that
 * the tensor is not read again. */
#ifndef COMPUTE_KERNELS_EPILOGUE_H
#define COMPUTE_KERNELS_EPILOGUE_H

#include <stddef.h>
#include <stdint.h>

/* A float at any address: weights are packed from where they lie in a file. */
typedef float __attribute__((aligned(1))) packable_float;

enum activation_kind {
    ACTIVATION_NONE,
    ACTIVATION_RELU,
    ACTIVATION_CLIP, /* min(max(x, alpha), beta) */
    ACTIVATION_LEAKY_RELU, /* x < 0 ? alpha x : x */
    ACTIVATION_ELU, /* x < 0 ? alpha (e^x - 1) : x */
    ACTIVATION_SELU, /* gamma in beta: x < 0 ? beta alpha (e^x - 1) : beta x */
    ACTIVATION_SIGMOID,
    ACTIVATION_HARD_SIGMOID, /* min(max(alpha x + beta, 0), 1) */
    ACTIVATION_HARD_SWISH, /* x min(max(x/6 + 1/2, 0), 1) */
    ACTIVATION_TANH,
    ACTIVATION_SOFTPLUS, /* log(1 + e^x) */
    ACTIVATION_GELU, /* x/2 (1 + erf(x/sqrt 2)) */
    ACTIVATION_SILU, /* x sigmoid(x) */
};

struct activation {
    enum activation_kind kind;
    float alpha, beta;
};

/* y[m][n] = activation(sum[m][n] + bias[n] + residual[m * residual_stride + n]) */
struct epilogue {
    const float *bias; /* one per output channel, or NULL */
    const float *residual; /* laid out like the output, or NULL */
    size_t residual_stride; /* floats between the pixels (or rows) of residual */
    struct activation activation;
};

#endif
