/* The table of jointd's numbers. */
#include "scheduler/service/counts.h"

#include <errno.h>
#include <stdio.h>

#define CAPACITY 64u

static_assert((uint32_t)COUNT_KINDS <= CAPACITY, "all have a place");

static const struct {
    const char *label;
    enum counter_kind kind;
} table[COUNT_KINDS] = {
    [COUNT_SUBMITTED] = {"jointd.submitted", COUNTER_SUM},
    [COUNT_ASKED] = {"jointd.asked", COUNTER_SUM},
    [COUNT_ANSWERED] = {"jointd.answered", COUNTER_SUM},
    [COUNT_OVERLOADED] = {"jointd.overloaded", COUNTER_SUM},
    [COUNT_LATE] = {"jointd.late", COUNTER_SUM},
    [COUNT_DROPPED] = {"jointd.dropped", COUNTER_SUM},
    [COUNT_ANSWERED_LATE] = {"jointd.answered_late", COUNTER_SUM},
    [COUNT_NO_MEMORY] = {"jointd.no_memory", COUNTER_SUM},
    [COUNT_TOO_MANY] = {"jointd.too_many", COUNTER_SUM},
    [COUNT_REFUSED] = {"jointd.refused", COUNTER_SUM},
    [COUNT_FAILED] = {"jointd.failed", COUNTER_SUM},
    [COUNT_QUARANTINED] = {"jointd.quarantined", COUNTER_SUM},
    [COUNT_CANCELLED] = {"jointd.cancelled", COUNTER_SUM},
    [COUNT_ORPHANED] = {"jointd.orphaned", COUNTER_SUM},
    [COUNT_OPEN] = {"jointd.open", COUNTER_GAUGE},
    [COUNT_ANSWER_PLACES] = {"jointd.answer_places", COUNTER_GAUGE},
    [COUNT_QUEUED] = {"jointd.queued", COUNTER_GAUGE},
    [COUNT_RUNNING] = {"jointd.running", COUNTER_GAUGE},
    [COUNT_DISPATCHES] = {"jointd.dispatches", COUNTER_SUM},
    [COUNT_ROWS] = {"jointd.rows", COUNTER_SUM},
    [COUNT_LATE_JOINS] = {"jointd.late_joins", COUNTER_SUM},
    [COUNT_MISSED_ROWS] = {"jointd.missed_rows", COUNTER_SUM},
    [COUNT_MERGED_ROWS] = {"jointd.merged_rows", COUNTER_SUM},
    [COUNT_BATCH_MAX] = {"jointd.batch_max", COUNTER_MAX},
    [COUNT_REQUEUED] = {"jointd.requeued", COUNTER_SUM},
    [COUNT_WORKERS] = {"jointd.workers", COUNTER_GAUGE},
    [COUNT_WORKER_DEATHS] = {"jointd.worker_deaths", COUNTER_SUM},
    [COUNT_WORKER_HANGS] = {"jointd.worker_hangs", COUNTER_SUM},
    [COUNT_RECOVERY_NS_MAX] = {"jointd.recovery_ns_max", COUNTER_MAX},
    [COUNT_DATAPLANE_DEATHS] = {"jointd.dataplane_deaths", COUNTER_SUM},
    [COUNT_API_DEATHS] = {"jointd.api_deaths", COUNTER_SUM},
    [COUNT_JUNK] = {"jointd.junk", COUNTER_SUM},
    [COUNT_QUEUE_NS] = {"jointd.queue_ns", COUNTER_SUM},
    [COUNT_COMPUTE_NS] = {"jointd.compute_ns", COUNTER_SUM},
    [COUNT_BUSY_NS] = {"jointd.busy_ns", COUNTER_GAUGE},
    [COUNT_LOADS] = {"jointd.loads", COUNTER_SUM},
    [COUNT_SLEEPS] = {"jointd.sleeps", COUNTER_GAUGE},
    [COUNT_PREEMPTED] = {"jointd.preempted", COUNTER_SUM},
    [COUNT_SAVED_NS] = {"jointd.saved_ns", COUNTER_SUM},
    [COUNT_LOG_LINES] = {"jointd.request_log_lines", COUNTER_SUM},
    [COUNT_LOG_LOST] = {"jointd.request_log_lost", COUNTER_SUM},
};

uint64_t counts_bytes(uint32_t worker_count)
{
    return counters_bytes(CAPACITY + REASON_LIMIT + worker_count);
}

/* "jointd.rejects.no_memory": of the reasons that are in ingress.h. */
static int define_rejects(struct counts *counts)
{
    static const uint8_t reasons[] = {INGRESS_OVERLOADED,    INGRESS_DEADLINE,  INGRESS_NO_MEMORY,
                                      INGRESS_MODEL_UNKNOWN, INGRESS_BAD_RANGE, INGRESS_BAD_SIZE,
                                      INGRESS_BAD_ENCODING,  INGRESS_DRAINING,  INGRESS_FAILED,
                                      INGRESS_QUARANTINED,   INGRESS_TOO_MANY};
    for (size_t i = 0; i < sizeof(reasons); i++) {
        char label[COUNTER_LABEL_BYTES];
        snprintf(label, sizeof(label), "jointd.rejects.%s", reason_name(reasons[i]));
        counts->reject[reasons[i]] = counters_define(&counts->counters, label, COUNTER_SUM, 0);
        if (!counts->reject[reasons[i]])
            return -EINVAL;
    }
    return 0;
}

static int define_workers(struct counts *counts, uint32_t worker_count)
{
    for (uint32_t i = 0; i < worker_count && i < COUNTS_MAX_WORKERS; i++) {
        char label[COUNTER_LABEL_BYTES];
        snprintf(label, sizeof(label), "jointd.worker.%u.busy_ns", i);
        counts->busy_ns[i] = counters_define(&counts->counters, label, COUNTER_SUM, 0);
        if (!counts->busy_ns[i])
            return -EINVAL;
        counts->worker_count = i + 1;
    }
    return 0;
}

int counts_init(struct counts *counts, const struct region *region, uint32_t worker_count)
{
    const uint32_t capacity = CAPACITY + REASON_LIMIT + worker_count;
    *counts = (struct counts){0};
    const int error = counters_init(&counts->counters, region_at(region, 0, region->payload_bytes),
                                    region->payload_bytes, capacity);
    if (error)
        return error;
    for (int i = 0; i < COUNT_KINDS; i++) {
        counts->value[i] = counters_define(&counts->counters, table[i].label, table[i].kind, 0);
        if (!counts->value[i])
            return -EINVAL;
    }
    const int rejects = define_rejects(counts);
    return rejects ? rejects : define_workers(counts, worker_count);
}

void counts_reject(struct counts *counts, enum ingress_reason reason)
{
    if ((uint32_t)reason < REASON_LIMIT && counts->reject[reason])
        counter_add(counts->reject[reason], 1);
}

void counts_busy(struct counts *counts, uint32_t worker, uint64_t ns)
{
    if (worker < counts->worker_count)
        counter_add(counts->busy_ns[worker], ns);
}

enum count counts_of_reason(enum ingress_reason reason)
{
    switch (reason) {
    case INGRESS_ANSWERED:
        return COUNT_ANSWERED;
    case INGRESS_OVERLOADED:
        return COUNT_OVERLOADED;
    case INGRESS_DEADLINE:
        return COUNT_LATE;
    case INGRESS_NO_MEMORY:
        return COUNT_NO_MEMORY;
    case INGRESS_TOO_MANY:
        return COUNT_TOO_MANY;
    case INGRESS_FAILED:
        return COUNT_FAILED;
    case INGRESS_QUARANTINED:
        return COUNT_QUARANTINED;
    case INGRESS_CANCELLED:
        return COUNT_CANCELLED;
    default:
        return COUNT_REFUSED;
    }
}
