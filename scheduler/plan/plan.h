/* A plan: which steps run where, in which groups, and what that costs. */
#ifndef SCHEDULER_PLAN_PLAN_H
#define SCHEDULER_PLAN_PLAN_H

#include "scheduler/plan/conditions.h"
#include "scheduler/plan/problem.h"

struct split_totals {
    double latency_ms; /* T: computation, transfers, round trips, waits */
    double energy_mj; /* E, of the mobile: its computation and its radio */
    double cloud_ms; /* sum of Tc over the cloud's groups, k included, waits left out */
    double upload_bytes, download_bytes; /* weights included */
    double weight_bytes; /* the part of download_bytes that is weights */
    uint32_t transfers; /* changes of side, from the mobile at the start to the mobile at the end */
};

/* One group of steps on one side: in a plan they cover 1..count in order. */
struct split_part {
    uint32_t first, last;
    enum split_side side;
};

/* How near an infeasible bound came: the least value it would have to have. INFINITY where the
 * bound was not given, or where no value would do. */
struct split_nearest {
    double alone; /* with no other bound */
    double beside_others; /* with the other bounds as they are */
};

struct split_plan {
    bool is_feasible; /* if not, parts and totals are those of no plan, and are empty */
    uint32_t part_count;
    struct split_part *parts; /* room for as many as there are steps */
    struct split_totals totals;
    struct split_totals mobile_only, cloud_only; /* the best of each by the objective, no bounds */
    struct split_nearest latency_ms, energy_mj, cloud_ms; /* where it is infeasible */
    const char *solver; /* "shortest-path", "label-setting", "min-cut", "branch-and-bound", ... */
};

/* Memory for plans of this problem. 0 or -ENOMEM. */
int split_plan_init(struct split_plan *plan, const struct split_problem *problem);
void split_plan_fini(struct split_plan *plan); /* accepts NULL and a zeroed object */

/* What a part costs on either side by itself: k, or the server's own figures, in its cloud_ms. A
 * part that is no group of the problem costs the sum of its steps. */
struct split_cost split_part_cost(const struct split_problem *problem,
                                  const struct split_conditions *conditions, uint32_t first,
                                  uint32_t last);

/* What parts cost under conditions, by the definition, one step and one tensor after the other: the
 * one place that says what a plan costs; the solvers are tested against it. The parts cover
 * 1..count in order. */
void split_evaluate(const struct split_problem *problem, const struct split_conditions *conditions,
                    const struct split_part *parts, uint32_t part_count,
                    struct split_totals *totals);

#endif
