/* What became of the requests that were offered after the warm-up: counts and durations, of one
 * thread or, merged, of all.
 *
 *   offered = in time + answered late + rejected + late + lost + broken + cancelled + unsent
 *             + on device
 *   fallback = offered - in time - cancelled - on device: what a phone would compute itself, or has
 * already
 *
 * Durations of requests without an answer are in no histogram: the count of ends tells of them. */
#ifndef SCHEDULER_LOADTEST_TALLY_H
#define SCHEDULER_LOADTEST_TALLY_H

#include "scheduler/loadtest/histogram.h"

#include <stdbool.h>

#define LOADTEST_MAX_BATCH 256 /* larger ones count as this */
#define LOADTEST_REASONS 32
#define LOADTEST_ADMISSION_NS 5000000 /* a server decides sooner whether it takes a request on */

enum loadtest_end {
    LOADTEST_IN_TIME, /* answered within the deadline, or without one */
    LOADTEST_ANSWERED_LATE, /* counted from the schedule */
    LOADTEST_REJECTED,
    LOADTEST_LATE, /* the deadline passed without an answer */
    LOADTEST_LOST, /* the server has lost its state, or has fallen silent */
    LOADTEST_BROKEN, /* the answer was larger than the network's output */
    LOADTEST_CANCELLED, /* by the end of an interrupted run */
    LOADTEST_UNSENT, /* its phone had as many open as it may: it was never sent */
    LOADTEST_ON_DEVICE, /* its phone chose to compute all by itself; of no cut */
    LOADTEST_END_COUNT,
};

/* "in_time", ...: as the report names them. */
const char *loadtest_end_name(enum loadtest_end end);

/* The protocol's reason for a reject, in words; "reason N" has none. */
const char *loadtest_reason_name(uint32_t reason);

/* Of what the server says about itself. */
struct loadtest_range {
    uint64_t count, sum, least, most;
};

void loadtest_range_add(struct loadtest_range *range, uint64_t value);
double loadtest_range_mean(const struct loadtest_range *range);

struct loadtest_cut_tally {
    uint64_t offered, ends[LOADTEST_END_COUNT];
    struct loadtest_histogram latency;
};

struct loadtest_tally {
    uint64_t offered, ends[LOADTEST_END_COUNT], reasons[LOADTEST_REASONS];
    uint64_t
        sent_late; /* so long after their time that they count as such: the generator's fault */
    /* What the server took on, and the deadline was missed all the same: rejected with reason
     * 'deadline' later than LOADTEST_ADMISSION_NS after the whole message was there, or given up by
     * the phone then. A reject tells no more, so this is by the time alone. */
    uint64_t dropped, given_up;
    struct loadtest_histogram latency; /* of what was answered */
    struct loadtest_histogram queue, compute; /* as the server tells of it, with each answer */
    struct loadtest_range wait_us, utilization_permille; /* the server's load, with each reply */
    uint64_t batches[LOADTEST_MAX_BATCH + 1]; /* answers by the rows computed together */
    uint32_t cut_count;
    struct loadtest_cut_tally cuts[]; /* by entry of the mix */
};

/* NULL: no memory. free() it. */
struct loadtest_tally *loadtest_tally_create(uint32_t cut_count);

/* Adds all that the other holds; both are of the same mix. */
void loadtest_tally_merge(struct loadtest_tally *tally, const struct loadtest_tally *other);

uint64_t loadtest_tally_answered(const struct loadtest_tally *tally);
/* What the server took on: answered, dropped or given up. */
uint64_t loadtest_tally_admitted(const struct loadtest_tally *tally);
/* The share of those that were not answered in time; 0 where there are none. */
double loadtest_tally_missed_share(const struct loadtest_tally *tally);
uint64_t loadtest_tally_fallback(const struct loadtest_tally *tally);
double loadtest_tally_mean_batch(const struct loadtest_tally *tally);

#endif
