/* What worlds in virtual time show of admission, for the test and the benchmark. */
#ifndef TESTS_PROPERTY_ADMISSION_MEASURES_H
#define TESTS_PROPERTY_ADMISSION_MEASURES_H

#include "tests/property/admission_world.h"

/* Where all of a measure's requests enter, and with how many workers. */
struct admission_case {
    const char *name;
    enum dispatch_mode mode;
    uint32_t workers;
    uint32_t cut_count, cuts[ADMISSION_CUTS];
    uint64_t warm_ns, measured_ns;
    bool uses_credits;
    uint64_t seed;
    uint64_t transfer_ns; /* tensors take so long to come, and are asked about before; 0: no way */
    bool is_transfer_unknown; /* to the dispatcher */
};

struct admission_result {
    double goodput; /* answers in time, each second */
    double missed; /* part of those let in that were late or dropped */
    /* Median of |predicted - actual| / actual, of waits over a tenth of a ms: as told to itself
     * when it was let in, and as its class's was told just before. */
    double promise_error, page_error;
    uint32_t open_most;
    double in_vain; /* tensors that came and were refused then, over answers in time */
};

/* 32 clients together offer so much, each with four times its unloaded time. -1: no memory. */
int admission_measure_load(const struct admission_case *of, double load,
                           struct admission_result *result);
/* Ten clients, the first offers ten times as much as each other: Jain's index of goodput. */
int admission_measure_fairness(const struct admission_case *of, double load, double *jain);
/* Two classes flood, weights 8 and 1: the first's part of what is answered in time. */
int admission_measure_weights(const struct admission_case *of, double deadline_times, double *part);
/* p99 in ms of a class that offers so much, beside another that floods (0: does not);
 * deadline_times of the flood, 0: none. The part that is answered in time, too. */
int admission_measure_flood(const struct admission_case *of, double load, double flood,
                            double deadline_times, double *p99_ms, double *in_time);

#define ADMISSION_STEP_BINS 10

/* p99 in ms of what ends in each 20 ms after the load goes from 0.7 to 1.4. */
int admission_measure_step(const struct admission_case *of, double p99_ms[ADMISSION_STEP_BINS]);

#endif
