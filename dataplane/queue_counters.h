/* A queue's counters, as others see them: "dataplane.0.rx_datagrams" and so on. */
#ifndef DATAPLANE_QUEUE_COUNTERS_H
#define DATAPLANE_QUEUE_COUNTERS_H

#include "shm/counters.h"
#include "shm/region.h"

#define QUEUE_MAX_COUNTERS 64u

struct queue;

/* What the queue itself counts. */
struct queue_counts {
    uint64_t polls, busy_polls;
    uint64_t busy_ns, longest_poll_ns; /* of polls that found work */
    uint64_t submitted, finished, cancelled, sent;
    uint64_t refused; /* by check: what the model's table contradicts */
    uint64_t overloaded; /* refused at the door for the load */
    uint64_t over_credit; /* and because their client had its credits open */
    uint64_t asked, turned_away; /* jointd about one before its tensor; which it did not let in */
    uint64_t waited; /* reserve without memory */
    uint64_t unsound; /* descriptors of jointd's that cannot be */
    uint64_t ring_full; /* turns that could not say all */
    uint64_t sleeps;
};

struct queue_counters {
    struct counters counters;
    struct counter_value *values[QUEUE_MAX_COUNTERS]; /* NULL: it had no room */
    uint64_t written_ns;
};

/* Formats the region for queue `number`; one that is too small gets fewer. 0, or -EBADMSG if not
 * one fits. */
int queue_counters_init(struct queue_counters *counters, const struct region *region,
                        uint32_t number);

/* Each millisecond at most. */
void queue_counters_write(struct queue *queue, uint64_t now_ns);

#endif
