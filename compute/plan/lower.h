/* From layers to steps: which kernel computes each layer, in which layout, fused with what. */
#ifndef COMPUTE_PLAN_LOWER_H
#define COMPUTE_PLAN_LOWER_H

#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"
#include "compute/plan/weights.h"

struct lower_config {
    struct graph *graph; /* only its constants' alignment may change */
    const struct layers *layers;
    const struct cuts *cuts;
    enum isa isa;
    bool has_batch;
};

/* Fills the plan's steps, places and buffers; plan->instance is there already. Pieces that the
 * steps need are added to weights; which algorithm a convolution takes is chosen later, when it is
 * known over how many rows it runs at a time. 0 or -ENOMEM. */
int lower(const struct lower_config *config, struct plan *plan, struct weights *weights);

#endif
