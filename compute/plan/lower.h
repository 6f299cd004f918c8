/* From layers to steps: which kernel computes each layer, in which layout, fused with what. */
#ifndef COMPUTE_PLAN_LOWER_H
#define COMPUTE_PLAN_LOWER_H

#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"
#include "compute/plan/weights.h"

/* Chooses the algorithm of a convolution over this many images. */
typedef enum conv_algorithm lower_choose(void *arg, const struct conv_shape *shape,
                                         uint32_t images);

struct lower_config {
    const struct graph *graph;
    const struct layers *layers;
    const struct cuts *cuts;
    enum isa isa;
    bool has_batch;
    uint32_t threads;
    lower_choose *choose;
    void *choose_arg;
};

/* Fills the plan's steps, places and buffers; plan->instance is there already. Pieces that the
 * steps need are added to weights. 0 or -ENOMEM. */
int lower(const struct lower_config *config, struct plan *plan, struct weights *weights);

#endif
