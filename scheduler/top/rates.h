/* How fast counters grow between two samples, each by itself or summed over queues. */
#ifndef SCHEDULER_TOP_RATES_H
#define SCHEDULER_TOP_RATES_H

#include "scheduler/top/sample.h"

struct rate {
    char source[CONTROL_NAME_BYTES]; /* of the first that is in it */
    char label[COUNTER_LABEL_BYTES]; /* summed: "dataplane.rx_bytes", without the queue's number */
    enum counter_kind kind;
    uint64_t value; /* sums and gauges added up, the largest of maxima */
    double per_s; /* of a sum */
};

struct rates {
    struct rate *items; /* owned */
    uint32_t count;
    double seconds; /* between the two samples */
};

/* From one sample to the next. A counter that is less than it was belongs to a process that was
 * started anew, and counts from 0; one that was not there before has no rate yet. 0 or -ENOMEM. */
int rates_init(struct rates *rates, const struct sample *before, const struct sample *now,
               bool is_each);
void rates_fini(struct rates *rates); /* accepts NULL and zeroed */

/* By its label; NULL: there is none. */
const struct rate *rates_find(const struct rates *rates, const char *label);

#endif
