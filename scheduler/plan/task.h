/* One minimisation under bounds: what is wanted, and what is known of it so far. */
#ifndef SCHEDULER_PLAN_TASK_H
#define SCHEDULER_PLAN_TASK_H

#include "scheduler/plan/to_go.h"

enum {
    SPLIT_MAX_BOUNDS = 2, /* of three criteria one is minimised */
};

/* Two costs closer than this share of their size are one: sums in another order differ by less. */
#define SPLIT_COST_TOLERANCE 1e-11

struct split_bound {
    struct split_weights weights;
    double limit; /* the goal's, with its tolerance */
};

struct split_task {
    const struct split_costs *costs;
    struct split_weights objective;
    unsigned bound_count;
    struct split_bound bounds[SPLIT_MAX_BOUNDS];
    double epsilon;

    struct split_to_go cost, uses[SPLIT_MAX_BOUNDS], lagrangian;
    double multipliers[SPLIT_MAX_BOUNDS]; /* of the Lagrangian; its constant is left out */
    double lower; /* no plan within the bounds costs less */
    double upper; /* what `best` costs; INFINITY: none found yet */
    struct split_path best, trial;
};

/* Memory for tasks on this graph. 0 or -ENOMEM. */
int split_task_init(struct split_task *task, const struct split_graph *graph);
void split_task_fini(struct split_task *task); /* accepts NULL and a zeroed object */

/* Forgets what is known; objective, bounds and epsilon are the caller's to set. */
void split_task_clear(struct split_task *task, const struct split_costs *costs);

/* Takes the trial for the best, if it costs less; offer: and keeps the bounds. */
void split_task_take_trial(struct split_task *task);
void split_task_offer_trial(struct split_task *task);

/* The best is as good as wanted: exactly, or by epsilon. */
bool split_task_is_done(const struct split_task *task);

#endif
