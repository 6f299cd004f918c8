/* What a plan is made for: the link and the server as they are now, and what is wanted. */
#ifndef SCHEDULER_PLAN_CONDITIONS_H
#define SCHEDULER_PLAN_CONDITIONS_H

#include "scheduler/plan/network.h"

#include <stdbool.h>
#include <stdint.h>

/* The server's load: `--cloud-load wait_ms=W,k=K`, or what the load API tells of one model. */
struct split_load {
    double wait_ms; /* paid at each entry to the cloud; default 0 */
    double k; /* multiplier of the profile's cloud times, above 0; default 1 */
    /* The server's own figures in place of the profile's cloud times times k; inference only.
     * cut_layers[c] layers lie before cut c; remaining_ms[c] is the service time from there to the
     * end. Both rise and fall: cut_layers strictly up from 0 to layer_count, remaining_ms down to
     * 0 or more. Sides change only at these cuts. cut_count 0: no such figures. Borrowed. */
    uint32_t cut_count;
    const uint32_t *cut_layers;
    const double *remaining_ms;
};

struct split_conditions {
    struct split_network network;
    bool has_radio_base; /* the radio's power includes b; default true */
    struct split_load load;
};

/* The network as given, no load, the radio's base power included. */
void split_conditions_default(struct split_conditions *conditions,
                              const struct split_network *network);

enum split_objective {
    SPLIT_LATENCY,
    SPLIT_ENERGY,
};

/* A bound of INFINITY is no bound. A bound holds up to one part in 10^9, so that a bound printed
 * by one plan and given to the next is met. */
struct split_goal {
    enum split_objective objective; /* default SPLIT_LATENCY */
    double max_latency_ms, max_energy_mj; /* default INFINITY */
    double max_cloud_ms; /* of the cloud's own time, k included, waits left out */
    double epsilon; /* 0, the default: exact. Else see split_solve() */
};

void split_goal_default(struct split_goal *goal);

/* 0; -EINVAL with the field: a number that is negative or not a number, k or a bandwidth of 0, cuts
 * that do not fit layer_count. */
int split_conditions_check(const struct split_conditions *conditions, uint32_t layer_count,
                           struct split_error *error);
int split_goal_check(const struct split_goal *goal, struct split_error *error);

#endif
