/* The best groups where every step runs on one side. */
#ifndef SCHEDULER_PLAN_ONE_SIDE_H
#define SCHEDULER_PLAN_ONE_SIDE_H

#include "scheduler/plan/plan.h"

/* They depend on the problem alone: a link moves the same bytes whatever the groups are, and the
 * server's load multiplies all of the cloud's times. */
struct split_one_side {
    struct split_part *parts;
    uint32_t part_count;
};

/* side SPLIT_CLOUD: by cloud time, whatever the objective. 0 or -ENOMEM. */
int split_one_side_init(struct split_one_side *one_side, const struct split_problem *problem,
                        enum split_side side, enum split_objective objective);
void split_one_side_fini(struct split_one_side *one_side); /* accepts NULL and a zeroed object */

#endif
