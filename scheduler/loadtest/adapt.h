/* How one phone chooses its split, from what the server tells of itself with each reply. Pure.
 *
 * It believes a told wait the less the older it is, learns how much slower than its profile the
 * server is, and takes the split that is then the fastest. So that thousands that were told the
 * same do not all turn at once, it changes only for a gain of 10 % and 2 ms, not within a dwell
 * time, and then by a chance that grows with the gain and is scaled by the server's switch gain. */
#ifndef SCHEDULER_LOADTEST_ADAPT_H
#define SCHEDULER_LOADTEST_ADAPT_H

#include "scheduler/loadtest/costs.h"
#include "scheduler/loadtest/random.h"

#include <stdbool.h>

#define LOADTEST_ADAPT_LOCAL UINT32_MAX /* all on the phone */
#define LOADTEST_ADAPT_LEAST_GAIN 0.1 /* of what the present choice takes, */
#define LOADTEST_ADAPT_LEAST_GAIN_MS 2.0 /* and in ms */
#define LOADTEST_ADAPT_DWELL_NS 500000000 /* and up to as much again, each phone its own */
#define LOADTEST_ADAPT_EXPLORES 0.01 /* of the requests of a phone that asks nobody */
#define LOADTEST_ADAPT_SWITCH_GAIN 0.15 /* where none is told */
#define LOADTEST_ADAPT_WAIT_NS 1e9 /* a told wait counts 1/e after so long */
#define LOADTEST_ADAPT_SPEED_NS 30e9 /* so does what was learned of the server's speed */
#define LOADTEST_ADAPT_WEIGHT 0.3 /* of a new sample of that */

struct loadtest_adapt {
    uint32_t choice; /* a cut, or LOADTEST_ADAPT_LOCAL */
    float wait_ms, switch_gain; /* as told */
    float k; /* the server's time over the profile's */
    uint64_t told_ns, learned_ns, settled_until_ns;
};

/* Begins with the best split for an unloaded server. */
void loadtest_adapt_init(struct loadtest_adapt *adapt, const struct loadtest_costs *costs);

/* With each reply. switch_gain: 0 to 1. */
void loadtest_adapt_told(struct loadtest_adapt *adapt, double wait_ms, double switch_gain,
                         uint64_t now_ns);

/* With each answer: the layers from that cut on took so long. */
void loadtest_adapt_answered(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                             uint32_t cut, double compute_ms, uint64_t now_ns);

/* The split of the next request: a cut, or LOADTEST_ADAPT_LOCAL. */
uint32_t loadtest_adapt_choose(struct loadtest_adapt *adapt, const struct loadtest_costs *costs,
                               struct loadtest_random *random, uint64_t now_ns);

#endif
