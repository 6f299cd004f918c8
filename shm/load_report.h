/* The load as jointd publishes it in the load page, one snapshot of 64-bit words. All times are
 * nanoseconds, monotonic where they are moments. */
#ifndef SHM_LOAD_REPORT_H
#define SHM_LOAD_REPORT_H

#include "shm/load_page.h"

#define LOAD_REPORT_MAX_CLASSES 256u /* a request names its class by one byte */

enum load_report_state { /* as in PROTOCOL.md */
                         LOAD_READY,
                         LOAD_DEGRADED, /* fewer workers than configured */
                         LOAD_OVERLOADED,
                         LOAD_DRAINING,
                         LOAD_LOADING, /* no model is ready yet */
};

enum load_report_admit { LOAD_OPEN, LOAD_PROBABILISTIC, LOAD_CLOSED };

struct load_report_class {
    uint64_t queued;
    uint64_t predicted_wait_ns;
    uint64_t admit; /* enum load_report_admit */
    uint64_t retry_after_ns;
    uint64_t attained_permille; /* answered within their deadline, of those of the last 60 s */
    uint64_t deadline_ns; /* of requests that bring none */
    uint64_t backlog_ns; /* what waits will take of one worker's time */
};

struct load_report {
    uint64_t boot; /* a number of this run of jointd */
    uint64_t generated_ns;
    uint64_t generated_unix_ns;
    uint64_t state; /* enum load_report_state */
    uint64_t workers; /* that can take work */
    uint64_t utilization_permille; /* of their time, lately */
    uint64_t inflight; /* requests with workers */
    uint64_t queued;
    uint64_t oldest_queued_ns; /* how long it has waited */
    uint64_t predicted_wait_ns; /* of a request that came now */
    uint64_t credits; /* for each client; 0: no advice */
    uint64_t retry_after_ns;
    uint64_t backlog_ns; /* of all classes */
    uint64_t switch_gain_255;
    uint64_t valid_ns, min_poll_ns;
    uint64_t
        has_to_ask; /* some are refused: whoever has a tensor to send asks before (ingress.h) */
    uint64_t class_count;
    struct load_report_class classes[LOAD_REPORT_MAX_CLASSES];
};

#define LOAD_REPORT_WORDS (sizeof(struct load_report) / 8)

static_assert(sizeof(struct load_report_class) == 7 * 8, "load_report_class");
static_assert(sizeof(struct load_report) == (18 + 7 * LOAD_REPORT_MAX_CLASSES) * 8, "load_report");
static_assert(LOAD_REPORT_WORDS <= LOAD_PAGE_MAX_WORDS, "load_report");

#endif
