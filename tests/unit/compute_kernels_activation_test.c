/* Tests of compute/kernels/activation.c and its kernels, against double precision. */
#include "compute/kernels/activation.h"
#include "compute/kernels/spatial.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct activation activations[] = {
    {ACTIVATION_NONE, 0, 0},       {ACTIVATION_RELU, 0, 0},
    {ACTIVATION_CLIP, -0.5f, 6},   {ACTIVATION_LEAKY_RELU, 0.01f, 0},
    {ACTIVATION_ELU, 1.5f, 0},     {ACTIVATION_SELU, 1.67326324f, 1.05070098f},
    {ACTIVATION_SIGMOID, 0, 0},    {ACTIVATION_HARD_SIGMOID, 0.2f, 0.5f},
    {ACTIVATION_HARD_SWISH, 0, 0}, {ACTIVATION_TANH, 0, 0},
    {ACTIVATION_SOFTPLUS, 0, 0},   {ACTIVATION_GELU, 0, 0},
    {ACTIVATION_SILU, 0, 0},
};
#define ACTIVATIONS (sizeof(activations) / sizeof(activations[0]))

static double expected(struct activation activation, double x)
{
    double alpha = activation.alpha, beta = activation.beta;
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
        return x < 0 ? alpha * expm1(x) : x;
    case ACTIVATION_SELU:
        return x < 0 ? beta * alpha * expm1(x) : beta * x;
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACTIVATION_HARD_SIGMOID:
        x = alpha * x + beta;
        return x < 0 ? 0 : x > 1 ? 1 : x;
    case ACTIVATION_HARD_SWISH:
        return x <= -3 ? 0 : x >= 3 ? x : x * (x / 6 + 0.5);
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_SOFTPLUS:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case ACTIVATION_GELU:
        return x == -INFINITY ? 0 : 0.5 * x * erfc(-x * M_SQRT1_2);
    case ACTIVATION_SILU:
        return x == -INFINITY ? 0 : x / (1 + exp(-x));
    }
    return x;
}

/* The error in ulp of the expected value, 0 where it is below 1e-7. */
static double error_in_ulp(float got, double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    if ((float)want == got || fabs(got - want) <= 1e-7)
        return 0;
    float magnitude = fabsf((float)want);
    if (isinf(magnitude) || isinf(got))
        return INFINITY;
    return fabs(got - want) / (nextafterf(magnitude, INFINITY) - magnitude);
}

/* Every 1021st float of all there are, and the special ones. */
#define STEP 1021
#define CHUNK 4099

static double largest_error(enum isa isa, struct activation activation)
{
    static float input[CHUNK], output[CHUNK];
    double largest = 0;
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        size_t count = 0;
        for (; count < CHUNK && bits <= UINT32_MAX; count++, bits += STEP) {
            uint32_t word = (uint32_t)bits;
            memcpy(&input[count], &word, sizeof(word));
        }
        activation_run(isa, activation, input, output, count, NULL);
        for (size_t i = 0; i < count; i++) {
            double error = error_in_ulp(output[i], expected(activation, input[i]));
            if (error > largest) {
                largest = error;
                if (error > 4)
                    printf("\n  %s kind %d at %a (%g): %g", isa_name(isa), activation.kind,
                           input[i], input[i], output[i]);
            }
        }
    }
    return largest;
}

static void stays_within_four_ulp(void)
{
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
        for (size_t i = 0; isa_available(isa) && i < ACTIVATIONS; i++) {
            double error = largest_error(isa, activations[i]);
            if (error > 4)
                printf("\n  %s kind %d: %.2f ulp", isa_name(isa), activations[i].kind, error);
            CU_ASSERT(error <= 4);
        }
}

static void keeps_special_values(void)
{
    const float special[] = {0,      -0.0f,   INFINITY, -INFINITY, NAN,
                             1e-45f, -1e-40f, 3.4e38f,  -3.4e38f};
    const size_t count = sizeof(special) / sizeof(special[0]);
    float output[sizeof(special) / sizeof(special[0])];
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
        for (size_t i = 0; isa_available(isa) && i < ACTIVATIONS; i++) {
            activation_run(isa, activations[i], special, output, count, NULL);
            for (size_t j = 0; j < count; j++) {
                double error = error_in_ulp(output[j], expected(activations[i], special[j]));
                if (error > 4)
                    printf("\n  %s kind %d at %g: %g", isa_name(isa), activations[i].kind,
                           special[j], output[j]);
                CU_ASSERT(error <= 4);
            }
        }
}

static void works_in_place_at_any_length(void)
{
    uint64_t state = 4;
    for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
        for (size_t count = 1; isa_available(isa) && count < 70; count++) {
            struct activation activation = activations[count % ACTIVATIONS];
            struct canvas input = canvas_create_random(1, count, count, &state);
            struct canvas output = canvas_create(1, count, count);
            activation_run(isa, activation, input.data, output.data, count, NULL);
            activation_span(isa, activation, input.data, count);
            CU_ASSERT(memcmp(input.data, output.data, count * sizeof(float)) == 0);
            canvas_destroy(&output);
            canvas_destroy(&input);
        }
}

static void threads_share_a_long_run(void)
{
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    const size_t count = 300001;
    uint64_t state = 5;
    struct canvas input = canvas_create_random(1, count, count, &state);
    struct canvas alone = canvas_create(1, count, count), shared = canvas_create(1, count, count);
    const struct activation activation = {ACTIVATION_TANH, 0, 0};
    activation_run(isa_best(), activation, input.data, alone.data, count, NULL);
    activation_run(isa_best(), activation, input.data, shared.data, count, pool);
    CU_ASSERT(memcmp(alone.data, shared.data, count * sizeof(float)) == 0);
    canvas_destroy(&shared);
    canvas_destroy(&alone);
    canvas_destroy(&input);
    thread_pool_destroy(pool);
}

const struct cunit_test tests[] = {
    {"every activation stays within 4 ulp or 1e-7 over all floats", stays_within_four_ulp},
    {"infinities, zeros, denormals and not-a-number come out as the definition says",
     keeps_special_values},
    {"a run of any length works in place and touches nothing beyond it",
     works_in_place_at_any_length},
    {"threads share a long run and give the same numbers", threads_share_a_long_run},
    {NULL, NULL},
};
