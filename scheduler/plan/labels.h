/* Label-setting: every partial plan that can still become the best, step after step. */
#ifndef SCHEDULER_PLAN_LABELS_H
#define SCHEDULER_PLAN_LABELS_H

#include "scheduler/plan/front.h"
#include "scheduler/plan/task.h"

struct split_labels {
    struct split_front front;
    struct split_label *entries; /* kept at the entries of all nodes */
    struct split_label *exits; /* kept at the exits of the nodes of one step */
    size_t entry_count, entry_room, exit_count, exit_room;
    uint32_t *entry_starts; /* [node_count + 1] */
    uint32_t *exit_starts; /* [nodes of the widest step + 1] */
    double *least; /* [node_count] the least Lagrangian among a node's entries */
    uint32_t *arcs; /* [step_count] of the plan found */
    size_t bytes_left;
    uint64_t max_work, work; /* labels made; the caller sets work to 0 */
};

int split_labels_init(struct split_labels *labels, const struct split_graph *graph,
                      size_t max_bytes, uint64_t max_work);
void split_labels_fini(struct split_labels *labels); /* accepts NULL and a zeroed object */

/* Looks for the task's best plan among those that cost at most limit, and leaves it in the trial.
 * width 0: exactly. Above 0: costs are compared by buckets of that width, and the plan found costs
 * at most width for each step more than the least, if that is below limit by as much.
 * 0, and whether one was found; -ENOMEM; -E2BIG. Needs all of the task's to_go. */
int split_labels_search(struct split_labels *labels, struct split_task *task, double limit,
                        double width, bool *is_found);

#endif
