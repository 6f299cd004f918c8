/* Lagrangian multipliers of a task's bounds: a lower bound on its cost, often a plan that meets it,
 * and completion bounds for the search that closes the gap. */
#ifndef SCHEDULER_PLAN_MULTIPLIERS_H
#define SCHEDULER_PLAN_MULTIPLIERS_H

#include "scheduler/plan/task.h"

/* Needs cost and uses filled. Sets lagrangian, multipliers and lower; offers every plan it meets.
 * ceiling: no plan costs more; lower above it says that no plan keeps the bounds. */
void split_multipliers_find(struct split_task *task, double ceiling);

#endif
