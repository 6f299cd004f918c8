/* What a network costs on each side: the planner's picture of a profile file, in memory.
 *
 * Layers stand in the order in which they run, numbered from 1; number 0 stands for the network's
 * input. Times are milliseconds, energies millijoules (of the mobile alone), sizes bytes; all are
 * finite and not negative. A profile is plain data: whoever fills it owns its arrays. */
#ifndef SCHEDULER_PLAN_PROFILE_H
#define SCHEDULER_PLAN_PROFILE_H

#include "scheduler/plan/split_error.h"

#include <stdbool.h>
#include <stdint.h>

#define SPLIT_MAX_LAYERS 65535

/* One layer. The backward costs are those of its share of a training step. */
struct split_layer {
    const char *name; /* may be NULL */
    double output_bytes; /* of its output, as it is sent */
    double weight_bytes; /* W: what a download of its weights takes */
    double mobile_ms, mobile_mj; /* Tm, Em */
    double cloud_ms; /* Tc, on an unloaded server */
    double backward_mobile_ms, backward_mobile_mj, backward_cloud_ms;
    uint32_t input_count; /* 0: its one input is the output of the layer before it */
    const uint32_t *inputs; /* numbers of the layers whose outputs it takes, each below its own */
};

/* Layers first..last run as one fused group, at its own cost; overrides the sum over the layers. */
struct split_block {
    uint32_t first, last; /* 1 <= first <= last <= layer_count */
    double mobile_ms, mobile_mj, cloud_ms;
    bool has_backward; /* it is a group in the backward pass too, at these costs */
    double backward_mobile_ms, backward_mobile_mj, backward_cloud_ms;
};

/* Layer `to` needs the output of layer `from` as well (from + 1 < to for a residual connection).
 * Where bytes is that layer's output_bytes, it is the very tensor that goes to layer from + 1, and
 * crosses once for both; with other bytes it is a tensor of its own. */
struct split_skip {
    uint32_t from, to; /* 0 <= from < to <= layer_count */
    double bytes;
};

struct split_profile {
    const char *model; /* may be NULL */
    uint32_t batch;
    double input_bytes;
    uint32_t layer_count;
    struct split_layer *layers; /* [layer_count], layers[0] is layer 1 */
    uint32_t block_count;
    struct split_block *blocks;
    uint32_t skip_count;
    struct split_skip *skips;
};

/* Checks every number and reference. 0; -EINVAL, with the field and the reason: no layers or more
 * than SPLIT_MAX_LAYERS, a number that is negative, not finite or above SPLIT_MAX_NUMBER, a
 * reference out of range, the same block twice, an output that nobody needs. */
int split_profile_check(const struct split_profile *profile, struct split_error *error);

#endif
