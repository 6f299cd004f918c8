/* The least of one criterion under bounds on the others, exactly or by epsilon. */
#ifndef SCHEDULER_PLAN_MINIMISE_H
#define SCHEDULER_PLAN_MINIMISE_H

#include "scheduler/plan/labels.h"
#include "scheduler/plan/task.h"

/* Leaves the plan in task->best and its cost in task->upper; INFINITY: no plan keeps the bounds.
 * 0, and whether labels had to be set; -ENOMEM; -E2BIG. */
int split_minimise(struct split_task *task, struct split_labels *labels, bool *has_searched);

#endif
