/* Where tensors are between two steps, as one number: what tells the nodes of a step apart. */
#ifndef SCHEDULER_PLAN_GRAPH_STATES_H
#define SCHEDULER_PLAN_GRAPH_STATES_H

#include "scheduler/plan/problem.h"

/* A tensor takes part in a step: the step makes it, needs it, or adds to it. */
struct split_event {
    uint32_t tensor;
    bool is_hub, is_last;
};

/* Bit 0 of a state is the side of the step before; each live tensor has a slot of two bits above
 * it: is there a copy (a part) on the mobile, on the cloud. */
struct split_states {
    const struct split_problem *problem;
    uint32_t *event_starts; /* [count + 3] by step */
    struct split_event *events;
    uint8_t *slots; /* by tensor */
};

/* Borrows the problem. 0, -ENOMEM, -E2BIG: more tensors are live at once than a state can hold. */
int split_states_init(struct split_states *states, const struct split_problem *problem);
void split_states_fini(struct split_states *states); /* accepts NULL and a zeroed object */

/* The state after `step` ran on `side`, from the state before it; adds what has to cross for it. */
uint64_t split_states_after(const struct split_states *states, uint64_t before, uint32_t step,
                            enum split_side side, double *up_bytes, double *down_bytes);

#endif
