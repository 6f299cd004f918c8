/* Seeded random floats, guarded memory and expected activations for the tests of the kernels. */
#ifndef TESTS_UNIT_COMPUTE_KERNELS_RANDOM_H
#define TESTS_UNIT_COMPUTE_KERNELS_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/kernels/epilogue.h"

#define CANARY_BYTE 0x5a
#define CANARY_BYTES 256

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static uint32_t random_between(uint32_t first, uint32_t last)
{
    return first + random_below(last - first + 1);
}

/* About normal, variance 1. */
static float random_float(void)
{
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (float)random_below(1 << 20) / (1 << 20) - 0.5f;
    return sum * 1.7320508f;
}

static float *random_floats(size_t count, float factor)
{
    float *values = malloc((count + 1) * sizeof(*values));
    for (size_t i = 0; i < count; i++)
        values[i] = random_float() * factor;
    return values;
}

/* rows of columns floats, stride apart, with not-a-number between them: nobody may read it. */
static float *random_rows(size_t rows, size_t columns, size_t stride)
{
    float *values = malloc((rows * stride + 1) * sizeof(*values));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < stride; c++)
            values[r * stride + c] = c < columns ? random_float() : NAN;
    return values;
}

static double expected_activation(struct activation activation, double x)
{
    double alpha = (double)activation.alpha, beta = (double)activation.beta;
    switch (activation.kind) {
    case ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case ACTIVATION_CLIP:
        return fmin(fmax(x, alpha), beta);
    case ACTIVATION_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case ACTIVATION_ELU:
        return x < 0 ? alpha * expm1(x) : x;
    case ACTIVATION_SELU:
        return x < 0 ? beta * alpha * expm1(x) : beta * x;
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(alpha * x + beta, 0), 1);
    case ACTIVATION_HARD_SWISH:
        return x * fmin(fmax(x / 6 + 0.5, 0), 1);
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_SOFTPLUS:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case ACTIVATION_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    default:
        return x;
    }
}

static struct activation random_activation(void)
{
    struct activation activation = {random_below(ACTIVATION_SILU + 1), 0, 0};
    switch (activation.kind) {
    case ACTIVATION_CLIP:
        return (struct activation){ACTIVATION_CLIP, -0.5f, 1.5f};
    case ACTIVATION_SELU:
        return (struct activation){ACTIVATION_SELU, 1.67326319f, 1.05070102f};
    case ACTIVATION_HARD_SIGMOID:
        return (struct activation){ACTIVATION_HARD_SIGMOID, 0.2f, 0.5f};
    default:
        activation.alpha = 0.1f;
        return activation;
    }
}

static unsigned char *guarded_alloc(size_t bytes)
{
    unsigned char *memory = aligned_alloc(64, (bytes + CANARY_BYTES + 63) / 64 * 64);
    memset(memory, 0xff, bytes); /* as floats: not-a-number */
    memset(memory + bytes, CANARY_BYTE, CANARY_BYTES);
    return memory;
}

static bool is_guarded(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < CANARY_BYTES; i++)
        if (memory[bytes + i] != CANARY_BYTE)
            return false;
    return true;
}

#endif
