/* Phases: over how many rows of a batch the steps run at a time.
 *
 * Early layers have small weights and large tensors: row after row, so that what one step writes is
 * still in the cache when the next one reads it. Late layers have large weights and small tensors:
 * the whole batch at once, so that the weights are read once. Rows per round also bound the memory:
 * tensors inside a phase exist for one round only. */
#ifndef COMPUTE_PLAN_PHASES_H
#define COMPUTE_PLAN_PHASES_H

#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"
#include "compute/plan/weights.h"

/* Sets plan->phases so that an estimate of the bytes that miss a cache of cache_bytes is least.
 * 0 or -ENOMEM. */
int phases_init(struct plan *plan, const struct cuts *cuts, const struct weights *weights,
                size_t cache_bytes);

#endif
