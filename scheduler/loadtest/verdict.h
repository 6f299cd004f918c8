/* Whether a run counts: what is wrong with it, if anything, and what to do. */
#ifndef SCHEDULER_LOADTEST_VERDICT_H
#define SCHEDULER_LOADTEST_VERDICT_H

#include "scheduler/loadtest/tally.h"

#include <stddef.h>

#define LOADTEST_LEAST_ADHERENCE 0.95

enum loadtest_verdict {
    LOADTEST_GOOD,
    LOADTEST_INTERRUPTED,
    LOADTEST_SILENT, /* the server has stopped answering */
    LOADTEST_HAS_LOST, /* a request vanished, or its answer was not what it should be */
    LOADTEST_NOT_ADHERED, /* the generator could not keep to the schedule */
    LOADTEST_WRONG, /* answers differ from what this computer computes */
    LOADTEST_UNANSWERED, /* not one request was answered */
    LOADTEST_EMPTY, /* nothing was offered after the warm-up */
};

struct loadtest_facts {
    const struct loadtest_tally *tally;
    bool is_open_loop;
    bool is_interrupted, is_silent;
    uint64_t late_send_ns; /* a request sent later than this was not sent on schedule */
    uint64_t silence_ns; /* after which it counts as silent */
    uint32_t verified, wrong; /* answers compared, and those that differ */
    double largest_difference; /* of those compared */
};

/* The share of requests that left on schedule: neither late nor unsent. 1 where none was offered.
 */
double loadtest_adherence(const struct loadtest_tally *tally);

/* The gravest fault first; text gets one line that says what, and what to do. */
enum loadtest_verdict loadtest_judge(const struct loadtest_facts *facts, char *text,
                                     size_t text_bytes);

#endif
