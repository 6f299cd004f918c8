/* The best plans over a grid of uplink bandwidth and server load, to be looked up later.
 *
 * The paper keeps such a table on the phone: solving once per place of the grid, where there is
 * time, and looking up where there is none. */
#ifndef SCHEDULER_PLAN_TABLE_H
#define SCHEDULER_PLAN_TABLE_H

#include "scheduler/plan/solve.h"

#define SPLIT_TABLE_MAX_AXIS 1000 /* bandwidths, and loads */

/* A load of the grid: what split_load says without the server's own figures. */
struct split_table_load {
    double wait_ms, k;
};

struct split_table_grid {
    uint32_t up_count, load_count; /* 1..SPLIT_TABLE_MAX_AXIS */
    const double *up_mbps; /* above 0, strictly rising */
    const struct split_table_load *loads; /* in any order, each once */
    /* The downlink scales with the uplink, as where a weaker signal slows both; else it stays that
     * of the network. The radio's factors stay either way. */
    bool has_fixed_down;
};

struct split_table {
    struct split_network network; /* the rows' networks follow from it */
    bool has_fixed_down;
    uint32_t up_count, load_count;
    double *up_mbps;
    struct split_table_load *loads;
    struct split_plan *plans; /* [up_count][load_count], up by up; parts as many as part_count */
};

/* Work reports here: what is being done, and how much of it, 0 to 1. */
typedef void split_progress(void *arg, const char *what, double fraction);

/* Solves for every place of the grid; everything else is as in conditions and goal. progress may be
 * NULL. 0; -EINVAL with the field (up_mbps[2], loads[0].k); as split_solve(). On an error the table
 * is zeroed. */
int split_table_solve(struct split_table *table, const struct split_problem *problem,
                      struct split_solver *solver, const struct split_table_grid *grid,
                      const struct split_conditions *conditions, const struct split_goal *goal,
                      split_progress *progress, void *progress_arg, struct split_error *error);
void split_table_fini(struct split_table *table); /* accepts NULL and a zeroed object */

/* The network at one bandwidth of the grid. */
struct split_network split_table_network(const struct split_table *table, uint32_t up);

const struct split_plan *split_table_plan(const struct split_table *table, uint32_t up,
                                          uint32_t load);

/* The place nearest to an uplink and a load, each by its ratio: bandwidths by |log(a / b)|; loads
 * by |log(k / k')| + |log((1 + wait_ms) / (1 + wait_ms'))|, so that waits below a millisecond
 * hardly count. Beyond the grid its edge answers; between two places the lower one on a tie. The
 * stored totals are those of the place, not of the conditions asked for: split_evaluate() gives
 * these. up_mbps above 0, load->k above 0, neither wait nor bandwidth infinite. */
const struct split_plan *split_table_lookup(const struct split_table *table, double up_mbps,
                                            const struct split_table_load *load, uint32_t *up,
                                            uint32_t *load_index);

#endif
