/* What a plan is made of, and what each of it weighs: any criterion is their product.
 *
 * Latency, energy and cloud time are linear in eight amounts, so a weighted sum of criteria (as a
 * Lagrangian is) weighs the same eight and costs no more to minimise than one criterion. */
#ifndef SCHEDULER_PLAN_WEIGHTS_H
#define SCHEDULER_PLAN_WEIGHTS_H

#include "scheduler/plan/conditions.h"

enum split_criterion {
    SPLIT_BY_LATENCY,
    SPLIT_BY_ENERGY,
    SPLIT_BY_CLOUD_TIME,
    SPLIT_CRITERION_COUNT,
};

/* Amounts in a plan, or the weight of each. */
struct split_weights {
    double mobile_ms, mobile_mj;
    double cloud_ms, weight_bytes; /* weights: downloaded for steps on the cloud */
    double up_bytes, down_bytes; /* tensors */
    double to_cloud, to_mobile; /* changes of side */
};

void split_weights_of(struct split_weights *weights, const struct split_conditions *conditions,
                      enum split_criterion criterion);
void split_weights_add(struct split_weights *weights, double factor,
                       const struct split_weights *others);
double split_weights_product(const struct split_weights *weights,
                             const struct split_weights *amounts);

#endif
