/* An activation over a short run of floats that is hot in the cache, inside one thread. */
#ifndef COMPUTE_KERNELS_ACTIVATION_H
#define COMPUTE_KERNELS_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

#include "compute/kernels/cpu.h"
#include "compute/kernels/epilogue.h"

/* values[i] = activation(values[i]); the precision of activation_run in spatial.h. */
void activation_span(enum isa isa, struct activation activation, float *values, size_t count);

/* y = min(max(x, low), high) does the whole activation where is_all, and nothing where not (then
 * activation_span is to follow). */
struct clamp {
    bool is_all;
    float low, high;
};

static inline struct clamp activation_clamp(struct activation activation)
{
    switch (activation.kind) {
    case ACTIVATION_NONE:
        return (struct clamp){.is_all = true, .low = -__builtin_inff(), .high = __builtin_inff()};
    case ACTIVATION_RELU:
        return (struct clamp){.is_all = true, .low = 0, .high = __builtin_inff()};
    case ACTIVATION_CLIP:
        return (struct clamp){.is_all = true, .low = activation.alpha, .high = activation.beta};
    default:
        return (struct clamp){.is_all = false, .low = -__builtin_inff(), .high = __builtin_inff()};
    }
}

#endif
