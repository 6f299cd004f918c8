/* The best placement of steps that form any DAG, without blocks, under bounds: branch and bound. */
#ifndef SCHEDULER_PLAN_BRANCH_H
#define SCHEDULER_PLAN_BRANCH_H

#include "scheduler/plan/agenda.h"
#include "scheduler/plan/mincut.h"

enum {
    SPLIT_BRANCH_SLOTS = SPLIT_MASTER_ROWS + 1,
};

struct split_branch_level;

struct split_branch {
    struct split_mincut mincut;
    uint8_t *sides; /* [nodes], SPLIT_MINCUT_FREE where not fixed */
    uint32_t *trail; /* the fixed nodes, in the order in which they were */
    uint32_t trail_count;
    struct split_agenda agenda;
    struct split_branch_level *levels; /* once the agenda is full: each decision that stands */
    bool *placements[SPLIT_BRANCH_SLOTS]; /* those of the master's plans, and one more */
    bool *best;
    struct split_values best_values;
    double best_cost; /* of the quantity minimised; INFINITY: none found */
    uint64_t work_limit; /* of the flow's work */
};

/* Borrows the problem, for which split_mincut_fits(), until fini. 0 or -ENOMEM. */
int split_branch_init(struct split_branch *branch, const struct split_problem *problem);
void split_branch_fini(struct split_branch *branch); /* accepts NULL and a zeroed object */

/* As split_solve(), conditions and goal checked; plan->solver is "min-cut" where no bound has to be
 * searched for, else "branch-and-bound". max_work: arcs of cuts looked at, in all. 0 or -E2BIG.
 * Allocates nothing. */
int split_branch_solve(struct split_branch *branch, const struct split_conditions *conditions,
                       const struct split_goal *goal, uint64_t max_work, struct split_plan *plan);

#endif
