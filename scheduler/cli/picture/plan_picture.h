/* The picture of a plan: what it does in one sentence, how it compares, and its timeline.
 *
 *   headline, and what it is made for
 *   bars: this plan, the phone alone, the server alone; latency, energy, with their bounds
 *   timeline: the lanes phone, uplink, server, downlink
 *   the same as a table, numbered
 *
 * A plan that is not feasible gets the headline, the bars, and what would do. */
#ifndef SCHEDULER_CLI_PICTURE_PLAN_PICTURE_H
#define SCHEDULER_CLI_PICTURE_PLAN_PICTURE_H

#include "scheduler/plan/plan.h"
#include "scheduler/plan/profile.h"

#include <stdio.h>

/* All borrowed; the problem is made from the profile, the plan for the problem. */
struct plan_picture {
    const struct split_profile *profile;
    const struct split_problem *problem;
    const struct split_conditions *conditions;
    const struct split_goal *goal;
    const struct split_plan *plan;
    const char *network_name; /* "4g"; NULL where it has none */
};

/* Writes it as SVG. 0, -ENOMEM or -EIO. */
int plan_picture_save(const struct plan_picture *picture, FILE *file);

#endif
