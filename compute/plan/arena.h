/* The memory plan: phases, the life of each buffer, and offsets such that buffers alive at the same
 * time do not overlap. */
#ifndef COMPUTE_PLAN_ARENA_H
#define COMPUTE_PLAN_ARENA_H

#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"

/* Cuts the plan's steps into phases: steps whose tensors are large against the cache run over a few
 * rows at a time, steps whose weights are large over the whole batch. cache_bytes: what the tensors
 * of one round should fit into. 0 or -ENOMEM. */
int arena_make_phases(struct plan *plan, const struct cuts *cuts, size_t cache_bytes);

/* Sets every buffer's bytes and offset, and plan->arena_bytes. 0, -ENOMEM or -EOVERFLOW. */
int arena_lay_out(struct plan *plan, const struct cuts *cuts);

#endif
