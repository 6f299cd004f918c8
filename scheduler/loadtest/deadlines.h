/* Deadlines that differ by the cut at which a request starts: from text, or as a multiple of what
 * the server takes when nothing else is asked of it. */
#ifndef SCHEDULER_LOADTEST_DEADLINES_H
#define SCHEDULER_LOADTEST_DEADLINES_H

#include "scheduler/loadtest/mix.h"
#include "dataplane/port/port.h"
#include "scheduler/loadtest/plan.h"
#include "scheduler/loadtest/tally.h"

#include <stdbool.h>

#define LOADTEST_MAX_DEADLINE_MS 3600000.0

/* "80", or "0=80,5=40": in ms, at most an hour, 0 is none; deadlines_ns is by entry of the mix.
 * -EINVAL: it is not that, or does not name every cut of the mix once. */
int loadtest_deadlines_read(const char *text, const struct loadtest_mix *mix,
                            uint64_t *deadlines_ns);

/* Sends requests one after the other for 0.2 s an entry of the mix, and adds what became of them to
 * the tally. Of the plan, what the server, the model, the mix and the messages are counts. A port
 * is for one round: what waits to receive ends with the thread that began it. 0; -EINTR: SIGINT or
 * SIGTERM; -ETIMEDOUT: the server fell silent; -ENOMEM, -EAGAIN. */
int loadtest_unloaded_measure(const struct loadtest_plan *plan, struct port *port, uint32_t round,
                              struct loadtest_tally *tally);

/* Whether each entry was answered some times; then the median latency of each. */
bool loadtest_unloaded_is_known(const struct loadtest_tally *tally);
uint64_t loadtest_unloaded_ns(const struct loadtest_tally *tally, uint32_t entry);

#endif
