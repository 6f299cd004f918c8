/* How one phone chooses its split, from what the server tells of itself: as libjoint does, by the
 * same estimates, damping and planner's costs (scheduler/client). Pure.
 *
 * A phone is told a load with each reply, and asks for one by a probe where what it holds is not
 * fresh. It sends no more requests than the server gives it credits for, and none before the time
 * that a reject asked for; those it computes itself. */
#ifndef SCHEDULER_LOADTEST_ADAPT_H
#define SCHEDULER_LOADTEST_ADAPT_H

#include "scheduler/client/damping.h"
#include "scheduler/client/estimate.h"
#include "scheduler/loadtest/costs.h"
#include "scheduler/loadtest/random.h"

#include <stdbool.h>

#define LOADTEST_ADAPT_LOCAL UINT32_MAX /* all on the phone */

struct loadtest_adapt {
    uint32_t choice; /* that is held: a cut, or LOADTEST_ADAPT_LOCAL */
    bool wants_probe; /* a load is to be asked for */
    struct estimate estimate; /* of the server; its link is the costs' */
    struct damping damping;
};

/* Begins with the best split for an unloaded server. */
void loadtest_adapt_init(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                         struct loadtest_random *random, uint64_t now_ns);

/* With each reply and answer to a probe. */
void loadtest_adapt_told(struct loadtest_adapt *adapt, const struct jtp_load *load,
                         struct loadtest_random *random, uint64_t now_ns);

/* With each answer: the layers from that cut on took so long. */
void loadtest_adapt_answered(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                             uint32_t cut, double compute_ms, uint64_t now_ns);

/* With each request that ended without one. retry_after_ns: of a reject; 0: not said. */
void loadtest_adapt_failed(struct loadtest_adapt *adapt, uint64_t retry_after_ns,
                           struct loadtest_random *random, uint64_t now_ns);

/* The split of the next request, with so many open: a cut, or LOADTEST_ADAPT_LOCAL. */
uint32_t loadtest_adapt_choose(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                               uint32_t open, struct loadtest_random *random, uint64_t now_ns);

#endif
