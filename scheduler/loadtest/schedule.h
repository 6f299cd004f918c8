/* The open loop's schedule: when which phone asks for what, all of it made before the run.
 *
 * Requests come as a Poisson process: the times between them are independent and exponentially
 * distributed, as those of many phones that know nothing of each other. Nothing in it depends on
 * how the run goes, so a slow server cannot slow the offer down. */
#ifndef SCHEDULER_LOADTEST_SCHEDULE_H
#define SCHEDULER_LOADTEST_SCHEDULE_H

#include "scheduler/loadtest/mix.h"
#include "scheduler/loadtest/rate_steps.h"

#include <stddef.h>

#define LOADTEST_MAX_ARRIVALS 50000000u /* 800 MB */

struct loadtest_arrival {
    uint64_t at_ns; /* from the run's beginning */
    uint32_t client;
    uint16_t entry; /* of the mix */
    uint16_t tensor; /* which of the cut's tensors */
};

struct loadtest_schedule {
    struct loadtest_arrival *arrivals; /* ascending in time */
    size_t count;
};

struct loadtest_schedule_config {
    uint64_t seed;
    double rate_per_s; /* of all clients together, over 0 */
    const struct loadtest_rate_steps *steps; /* NULL: rate_per_s all the time */
    uint64_t first_step_ns; /* when the first of the steps begins, which also holds before */
    uint64_t duration_ns;
    uint32_t client_count; /* each as likely as any other */
    uint32_t tensor_count; /* of each cut */
    const struct loadtest_mix *mix;
};

/* 0; -ENOMEM; -E2BIG: more than LOADTEST_MAX_ARRIVALS. */
int loadtest_schedule_init(struct loadtest_schedule *schedule,
                           const struct loadtest_schedule_config *config);
void loadtest_schedule_fini(struct loadtest_schedule *schedule); /* accepts NULL, zeroed */

#endif
