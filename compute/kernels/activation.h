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

struct clamp activation_clamp(struct activation activation);

#endif
