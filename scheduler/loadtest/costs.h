/* What a request should take by each split: a phone's profile and its link, by the planner's own
 * definition. */
#ifndef SCHEDULER_LOADTEST_COSTS_H
#define SCHEDULER_LOADTEST_COSTS_H

#include "scheduler/plan/network.h"
#include "scheduler/plan/profile.h"
#include "scheduler/plan/split_error.h"

struct loadtest_cost {
    double ms; /* handed over here, on an unloaded server: both sides' layers and the transfers */
    double cloud_ms; /* the server's part of it */
};

struct loadtest_costs {
    uint32_t count; /* cuts before the last */
    struct loadtest_cost *cuts;
    double mobile_ms; /* all of it on the phone */
};

/* cut_layers[c] layers of the profile lie before cut c, cut_count with the last. 0; -EINVAL with
 * the reason; -ENOMEM. The profile may go once this returns. */
int loadtest_costs_init(struct loadtest_costs *costs, const struct split_profile *profile,
                        const uint32_t *cut_layers, uint32_t cut_count,
                        const struct split_network *network, struct split_error *error);
void loadtest_costs_fini(struct loadtest_costs *costs); /* accepts NULL and a zeroed object */

#endif
