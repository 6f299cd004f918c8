/* Lagrangian multipliers of a task's bounds: a lower bound on its cost, often a plan that meets it,
 * and completion bounds for the search that closes the gap. */
#ifndef SCHEDULER_PLAN_MULTIPLIERS_H
#define SCHEDULER_PLAN_MULTIPLIERS_H

#include "scheduler/plan/task.h"

/* Needs cost and uses filled. Sets lagrangian, multipliers and lower; offers every plan it meets.
 * dear: far above what the best plan can cost; stops where lower is above it. */
void split_multipliers_find(struct split_task *task, double dear);

#endif
