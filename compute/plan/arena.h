/* The memory plan: the life of each buffer, and offsets such that buffers alive at the same time do
 * not overlap. */
#ifndef COMPUTE_PLAN_ARENA_H
#define COMPUTE_PLAN_ARENA_H

#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"

/* Needs the phases. Sets every buffer's bytes and offset, and plan->arena_bytes. 0, -ENOMEM or
 * -EOVERFLOW. */
int arena_lay_out(struct plan *plan, const struct cuts *cuts);

#endif
