/* A plan's timeline as a row of stretches, one after the other, each with its lane and its start.
 *
 *   stretch 0    stretch 1 (a crossing)   stretch 2 ...
 *   mobile 1..6  upload | half a round    wait | cloud 7..21 */
#ifndef SCHEDULER_CLI_PICTURE_STRETCHES_H
#define SCHEDULER_CLI_PICTURE_STRETCHES_H

#include "scheduler/plan/timeline.h"

enum stretch_kind {
    STRETCH_MOBILE,
    STRETCH_UP,
    STRETCH_CLOUD,
    STRETCH_DOWN,
};

struct stretch {
    enum stretch_kind kind;
    double start_ms;
    double wait_ms; /* at its start: for the server's turn (cloud) */
    double ms; /* its work: computation, or bytes on the air */
    double round_trip_ms; /* at its end: half a round trip (crossings) */
    double mj; /* of the mobile */
    uint32_t first, last; /* steps, of computation */
    uint32_t first_part, part_count; /* of the plan, of computation */
    double bytes, weight_bytes; /* of crossings; weight_bytes is a part of bytes */
    bool is_listed; /* has a row in the table, and so a number that says something */
};

struct stretches {
    uint32_t count;
    struct stretch *items;
    double total_ms;
};

#define STRETCHES_MAX_LISTED 48

/* Of a plan that is feasible; of another they are none. The longest are listed. 0 or -ENOMEM. */
int stretches_init(struct stretches *stretches, const struct split_problem *problem,
                   const struct split_conditions *conditions, const struct split_plan *plan);
void stretches_fini(struct stretches *stretches); /* accepts NULL and a zeroed object */

double stretch_all_ms(const struct stretch *stretch); /* wait, work and round trip */

#endif
