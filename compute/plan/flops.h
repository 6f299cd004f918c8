/* How much arithmetic a node is by its definition, whatever algorithm computes it. */
#ifndef COMPUTE_PLAN_FLOPS_H
#define COMPUTE_PLAN_FLOPS_H

#include "compute/plan/instance.h"

/* Floating point operations at the instance's batch; multiply and add count as two. Products count
 * in full; everything else as one per element it reads or writes, whichever is more. */
double node_flops(const struct instance *instance, uint32_t node);

#endif
