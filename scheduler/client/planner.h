/* Where the server's part of a call should begin and end: scheduler/plan over the network's cuts.
 *
 * A step of the problem is what lies between two neighbouring cuts, so that a plan's sides change
 * only where a request can begin or end. The server's times are those of a profile, or this
 * device's; its factor k is in the conditions. For one thread at a time. */
#ifndef SCHEDULER_CLIENT_PLANNER_H
#define SCHEDULER_CLIENT_PLANNER_H

#include "scheduler/client/device_costs.h"
#include "scheduler/plan/solve.h"

struct planner {
    uint32_t step_count;
    struct split_layer *layers; /* [step_count]; the problem's times */
    uint32_t block_count;
    struct split_block *blocks;
    double input_bytes;
    struct split_problem problem;
    struct split_solver *solver;
    struct split_plan plan;
    double *step_ms; /* what the times here are by now; NULL: they are a profile's, and stay */
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

/* What a choice takes, by its parts; they add up to total_ms. Energies are the device's. */
struct planner_parts {
    double device_ms, uplink_ms, round_trip_ms, wait_ms, server_ms, downlink_ms, total_ms;
    double device_mj, radio_mj;
};

/* row_bytes[costs->step_count + 1]: of each cut. is_measured: the times here are this device's own,
 * so that planner_measured() may change them, and those of the server with them. 0, -ENOMEM or
 * -EINVAL. The costs may go once this returns. */
int planner_init(struct planner *planner, const struct device_costs *costs, const double *row_bytes,
                 bool is_measured);
void planner_fini(struct planner *planner); /* accepts NULL and a zeroed object */

/* A step was measured again, for one row. Nothing, where the times are a profile's. */
void planner_measured(struct planner *planner, uint32_t step, double ms);

/* What the steps between two cuts take here, and on the server where k is 1, for one row. */
double planner_local_ms(const struct planner *planner, uint32_t from, uint32_t to);
double planner_server_ms(const struct planner *planner, uint32_t from, uint32_t to);

/* 0 or what split_solve() says. */
int planner_solve(struct planner *planner, const struct planner_wish *wish,
                  struct planner_choice *choice);

/* The same as if the link were PLANNER_HOPE times as fast: where an unmeasured link is worth a try
 * though what is assumed of it speaks against it. ms stays what the wish says it takes. */
#define PLANNER_HOPE 8.0
int planner_explore(struct planner *planner, const struct planner_wish *wish,
                    struct planner_choice *choice);

/* What these cuts take. from <= to <= step_count. */
double planner_cost_ms(const struct planner *planner, const struct planner_wish *wish,
                       uint32_t from, uint32_t to);
void planner_parts(const struct planner *planner, const struct planner_wish *wish, uint32_t from,
                   uint32_t to, struct planner_parts *parts);

#endif
