/* The picture of a table of plans: a map of which plan is best where, over the link's bandwidth and
 * the server's load, and beside it what it gains over the phone alone and the server alone.
 *
 *   headline, how the best plan changes with the link
 *   map of plans | map of gains
 *   legend: each plan, what it does, how much of the map is its */
#ifndef SCHEDULER_CLI_PICTURE_MAP_PICTURE_H
#define SCHEDULER_CLI_PICTURE_MAP_PICTURE_H

#include "scheduler/plan/profile.h"
#include "scheduler/plan/table.h"

#include <stdio.h>

/* All borrowed; the problem is made from the profile, the table for the problem. */
struct map_picture {
    const struct split_profile *profile;
    const struct split_problem *problem;
    const struct split_conditions *conditions;
    const struct split_goal *goal;
    const struct split_table *table;
    const char *network_name; /* "4g"; NULL where it has none */
};

/* Writes it as SVG. 0, -ENOMEM or -EIO. */
int map_picture_save(const struct map_picture *picture, FILE *file);

#endif
