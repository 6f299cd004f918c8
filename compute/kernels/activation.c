/* Activations: over a short run inside one thread, and over a whole tensor shared out. */
#include "compute/kernels/activation.h"

#include "compute/kernels/spatial_kernels.h"

#define BLOCK_FLOATS 1024

struct activation_call {
    const struct spatial_kernels *kernels;
    struct activation activation;
    const float *input;
    float *output;
    size_t count;
};

/* Nanoseconds for one float, at a guess. */
static double activation_ns(enum activation_kind kind)
{
    switch (kind) {
    case ACTIVATION_ELU:
    case ACTIVATION_SELU:
    case ACTIVATION_SIGMOID:
    case ACTIVATION_TANH:
    case ACTIVATION_SOFTPLUS:
    case ACTIVATION_GELU:
    case ACTIVATION_SILU:
        return 1.0;
    default:
        return 2 * sizeof(float) / SPATIAL_BYTES_PER_NS;
    }
}

/* Items: blocks of BLOCK_FLOATS. */
static void activate_range(const void *argument, size_t first, size_t last)
{
    const struct activation_call *call = argument;
    size_t start = first * BLOCK_FLOATS, end = last * BLOCK_FLOATS;
    if (end > call->count)
        end = call->count;
    call->kernels->activate(call->activation, call->input + start, call->output + start,
                            end - start);
}

void activation_span(enum isa isa, struct activation activation, float *values, size_t count)
{
    if (activation.kind != ACTIVATION_NONE)
        spatial_kernels(isa)->activate(activation, values, values, count);
}

void activation_run(enum isa isa, struct activation activation, const float *input, float *output,
                    size_t count, struct thread_pool *pool)
{
    struct activation_call call = {spatial_kernels(isa), activation, input, output, count};
    spatial_share(pool, (count + BLOCK_FLOATS - 1) / BLOCK_FLOATS,
                  activation_ns(activation.kind) * BLOCK_FLOATS, activate_range, &call);
}
