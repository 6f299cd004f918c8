/* A plan as it happens: one segment after the other, and what crosses before each of them.
 *
 *   mobile  ███████──┐                        ┌──████
 *   up               └▒▒▒▒──┐                 │
 *   cloud                   └░░░████████──┐   │        ░ the server's wait
 *   down                                  └▒▒▒┘
 *
 * The sums over a timeline are the plan's totals. */
#ifndef SCHEDULER_PLAN_TIMELINE_H
#define SCHEDULER_PLAN_TIMELINE_H

#include "scheduler/plan/plan.h"

/* A change of side; all zero where the side stays. Up where it leads to the cloud, else down. */
struct split_crossing {
    double bytes; /* all that crosses here, weights included */
    double weight_bytes; /* the part of it that is weights, of the cloud's segment before */
    double transfer_ms, transfer_mj; /* of the bytes; the energy is that of the mobile's radio */
    double round_trip_ms; /* half a round trip */
    double wait_ms; /* of the server, where it leads to the cloud */
};

/* Neighbouring parts on one side. */
struct split_segment {
    struct split_crossing entry; /* before it */
    enum split_side side;
    uint32_t first, last; /* steps */
    uint32_t first_part, part_count; /* in the plan */
    double compute_ms, compute_mj; /* the energy is the mobile's; 0 on the cloud */
};

struct split_timeline {
    uint32_t segment_count;
    struct split_segment *segments;
    struct split_crossing exit; /* the way back to the mobile after the last segment */
};

/* The timeline of these parts, which cover 1..count in order; a tensor crosses just before the
 * first segment on the other side that needs it. 0 or -ENOMEM. */
int split_timeline_init(struct split_timeline *timeline, const struct split_problem *problem,
                        const struct split_conditions *conditions, const struct split_part *parts,
                        uint32_t part_count);
void split_timeline_fini(struct split_timeline *timeline); /* accepts NULL and a zeroed object */

#endif
