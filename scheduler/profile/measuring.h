/* A measurement under way. Private to measure.c, which sets it up and sums it up, and
 * measure_rounds.c, which runs it. */
#ifndef SCHEDULER_PROFILE_MEASURING_H
#define SCHEDULER_PROFILE_MEASURING_H

#include "scheduler/profile/measure.h"
#include "scheduler/profile/range_runner.h"

#define MEASURE_MIN_RUNS 6 /* the least that give an interval of 95 % */

/* Something that is timed again and again. */
struct timed {
    struct samples samples;
    struct median median;
    size_t next_check; /* runs after which to look again */
    bool is_settled, is_done;
};

void timed_fini(struct timed *timed, size_t count);

struct measuring {
    const struct measure_config *config;
    struct measurement *result;
    struct range_runner runner;
    struct engine_error *error;
    struct timed whole;
    struct timed *layers;
    struct timed *blocks;
    uint32_t *order; /* of blocks in this round */
    uint64_t *layer_ns; /* of one run */
    bool *can_cut;
    double *layer_ms; /* first estimates */
    uint64_t random;
    uint64_t start_ns, meter_ns;
    uint32_t round;
};

/* Fills the error with a text that is not the engine's; returns err. */
int measuring_fail(struct measuring *measuring, int err, const char *text);

/* Looks at the times again: their median, and whether that is known well enough. */
void measuring_look(struct measuring *measuring, struct timed *timed);

/* Runs until caches, clock rates and pages are as they will be, and leaves in layer_ms and in the
 * whole's median how long layers take, roughly. 0 or a negative errno. */
int measuring_warm_up(struct measuring *measuring);

/* Rounds until all is done or the time is spent; start_ns is set. 0 or a negative errno. */
int measuring_run(struct measuring *measuring);

double measuring_elapsed_s(const struct measuring *measuring);

#endif
