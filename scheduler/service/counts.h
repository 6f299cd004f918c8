/* What jointd counts, for `joint top`: each number with its label, in one region. */
#ifndef SCHEDULER_SERVICE_COUNTS_H
#define SCHEDULER_SERVICE_COUNTS_H

#include "scheduler/service/reason.h"
#include "shm/counters.h"
#include "shm/ingress.h"
#include "shm/region.h"

enum count {
    COUNT_SUBMITTED,
    COUNT_ASKED, /* before their tensors came */
    COUNT_ANSWERED,
    COUNT_OVERLOADED,
    COUNT_LATE,
    COUNT_DROPPED, /* of those, queued first: admitted, and then its deadline was out of reach */
    COUNT_ANSWERED_LATE, /* of those answered, after the deadline */
    COUNT_NO_MEMORY,
    COUNT_TOO_MANY, /* refused: its client had its credits open */
    COUNT_REFUSED, /* what the request says cannot be */
    COUNT_FAILED,
    COUNT_QUARANTINED,
    COUNT_CANCELLED,
    COUNT_ORPHANED, /* whoever brought them died */
    COUNT_OPEN,
    COUNT_ANSWER_PLACES,
    COUNT_QUEUED,
    COUNT_RUNNING,
    COUNT_DISPATCHES,
    COUNT_ROWS,
    COUNT_LATE_JOINS, /* of those, given to a dispatch that ran already */
    COUNT_MISSED_ROWS, /* of these, too late: they wait again */
    COUNT_MERGED_ROWS, /* run with rows that entered at other cuts */
    COUNT_BATCH_MAX,
    COUNT_REQUEUED,
    COUNT_WORKERS,
    COUNT_WORKER_DEATHS,
    COUNT_WORKER_HANGS,
    COUNT_RECOVERY_NS_MAX,
    COUNT_DATAPLANE_DEATHS,
    COUNT_API_DEATHS,
    COUNT_JUNK, /* words of a peer that fit nothing it may say */
    COUNT_QUEUE_NS,
    COUNT_COMPUTE_NS,
    COUNT_BUSY_NS,
    COUNT_LOADS, /* snapshots of the load */
    COUNT_SLEEPS,
    COUNT_PREEMPTED, /* dispatches that others were put before */
    COUNT_SAVED_NS, /* computing that joins saved, as predicted */
    COUNT_LOG_LINES, /* of the request log */
    COUNT_LOG_LOST,
    COUNT_KINDS,
};

#define COUNTS_MAX_WORKERS 1088u /* as many as can be configured, spares included */

struct counts {
    struct counters counters;
    struct counter_value *value[COUNT_KINDS];
    struct counter_value *reject[REASON_LIMIT]; /* by enum ingress_reason; NULL: no such one */
    struct counter_value *busy_ns[COUNTS_MAX_WORKERS]; /* of each worker */
    uint32_t worker_count;
};

/* Bytes of the region's payload. */
uint64_t counts_bytes(uint32_t worker_count);
/* 0 or -EINVAL; the region must stay. */
int counts_init(struct counts *counts, const struct region *region, uint32_t worker_count);

/* The number that a request ended by this reason adds to. */
enum count counts_of_reason(enum ingress_reason reason);
/* If a request ended by this reason was turned away, counts it by the reason. */
void counts_reject(struct counts *counts, enum ingress_reason reason);
/* A worker has computed so long. */
void counts_busy(struct counts *counts, uint32_t worker, uint64_t ns);

static inline void counts_add(struct counts *counts, enum count count, uint64_t more)
{
    counter_add(counts->value[count], more);
}

static inline void counts_set(struct counts *counts, enum count count, uint64_t value)
{
    counter_set(counts->value[count], value);
}

static inline void counts_max(struct counts *counts, enum count count, uint64_t value)
{
    counter_max(counts->value[count], value);
}

#endif
