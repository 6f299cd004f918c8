/* Unbounded placement of steps that form any DAG, without blocks: a minimum cut. */
#ifndef SCHEDULER_PLAN_MINCUT_H
#define SCHEDULER_PLAN_MINCUT_H

#include "scheduler/plan/flow.h"
#include "scheduler/plan/plan.h"

/* What a placement costs, in the units of split_totals; also a weight for each. */
struct split_values {
    double latency, energy, cloud; /* latency_ms, energy_mj, cloud_ms; wT, wE, wC */
};

struct split_mincut_edge;
struct split_mincut_node;

/* Steps between which the side cannot change are one node; node 0 is the mobile at both ends. */
struct split_mincut {
    const struct split_problem *problem;
    uint32_t node_count; /* those that hold steps, node 0 among them; the flow has more */
    uint32_t *node_of; /* [count + 2], by step */
    struct split_mincut_node *nodes; /* what each side of a node costs */
    struct split_mincut_edge *costs; /* what each direction of an edge costs */
    struct split_flow_edge *edges; /* the same, weighted */
    uint32_t edge_count;
    double *pulls;
    struct split_flow flow;
    struct split_network network;
    bool has_radio_base;
    double enter_ms, leave_ms; /* of a change of side, the tensors left out */
};

/* Whether the problem is of the kind: every step is a group of its own. */
bool split_mincut_fits(const struct split_problem *problem);

/* Borrows the problem, which fits, until fini. 0 or -ENOMEM. */
int split_mincut_init(struct split_mincut *mincut, const struct split_problem *problem);
void split_mincut_fini(struct split_mincut *mincut); /* accepts NULL and a zeroed object */

/* Conditions for the solves to come; checked, and remaining_ms with inference only. */
void split_mincut_prepare(struct split_mincut *mincut, const struct split_conditions *conditions);

/* The placement with the least weighted sum of totals, of all such the one with the fewest steps on
 * the cloud. Weights are finite and not negative. sides: NULL, or for each node SPLIT_MOBILE,
 * SPLIT_CLOUD or SPLIT_MINCUT_FREE. is_cloud: for each node. totals: the weighted totals' parts. */
#define SPLIT_MINCUT_FREE 2
void split_mincut_solve(struct split_mincut *mincut, const struct split_values *weights,
                        const uint8_t *sides, bool *is_cloud, struct split_values *totals);

/* What a placement costs; of steps alone, as every problem that fits has. */
void split_mincut_evaluate(const struct split_mincut *mincut, const bool *is_cloud,
                           struct split_values *totals);

/* How much hangs on a node's side: all that it costs, in milliseconds and millijoules. */
double split_mincut_size(const struct split_mincut *mincut, uint32_t node);

#endif
