/* Where the server's part of a call should begin and end: scheduler/plan over the network's cuts.
 *
 * A step of the problem is what lies between two neighbouring cuts, so that a plan's sides change
 * only where a request can begin or end. Both sides have this device's times; the server's factor k
 * is in the conditions. For one thread at a time. */
#ifndef SCHEDULER_CLIENT_PLANNER_H
#define SCHEDULER_CLIENT_PLANNER_H

#include "scheduler/plan/solve.h"

struct planner {
    uint32_t step_count;
    struct split_layer *layers; /* [step_count]; mobile_ms and cloud_ms are this device's */
    double input_bytes;
    struct split_problem problem;
    struct split_solver *solver;
    struct split_plan plan;
    double *step_ms; /* what the times are by now */
};

struct planner_wish {
    struct split_conditions conditions;
    uint32_t rows;
    double up_share, down_share; /* of f32's bytes that the encodings take */
};

struct planner_choice {
    uint32_t from, to; /* cuts; equal: all on the device */
    double ms; /* what it should take */
};

/* row_bytes[step_count + 1]: of each cut. step_ms[step_count]. 0, -ENOMEM or -EINVAL. */
int planner_init(struct planner *planner, uint32_t step_count, const double *row_bytes,
                 const double *step_ms);
void planner_fini(struct planner *planner); /* accepts NULL and a zeroed object */

/* A step was measured again, for one row. */
void planner_measured(struct planner *planner, uint32_t step, double ms);

/* What the steps between two cuts take here, for one row. */
double planner_local_ms(const struct planner *planner, uint32_t from, uint32_t to);

/* 0 or what split_solve() says. */
int planner_solve(struct planner *planner, const struct planner_wish *wish,
                  struct planner_choice *choice);

/* The same as if the link were PLANNER_HOPE times as fast: where an unmeasured link is worth a try
 * though what is assumed of it speaks against it. ms stays what the wish says it takes. */
#define PLANNER_HOPE 8.0
int planner_explore(struct planner *planner, const struct planner_wish *wish,
                    struct planner_choice *choice);

#endif
