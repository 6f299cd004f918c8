/* What wait to expect of a server, from the waits that it told: not the last one, but the one that
 * there will be. Pure.
 *
 * Who turns to another split stays there for a dwell time, so the wait in the middle of that is
 * what counts. And a queue is the sum of what came too much: clients that leave until it is short
 * have then left far too many, and come back as late; the share that is offloaded swings. Whether a
 * queue grows or shrinks shows at once whether they are too many or too few. Level and trend are
 * smoothed (Holt's method, for any distance between reports). */
#ifndef SCHEDULER_CLIENT_OUTLOOK_H
#define SCHEDULER_CLIENT_OUTLOOK_H

#include <stdbool.h>
#include <stdint.h>

#define OUTLOOK_LEVEL_NS 100e6 /* time constants of what is smoothed */
#define OUTLOOK_TREND_NS 200e6
#define OUTLOOK_AHEAD_NS 750e6 /* the middle of a dwell time */
#define OUTLOOK_FORGETS_NS 500000000 /* reports further apart make no trend */
#define OUTLOOK_FADES_NS 1e9 /* an older one counts 1/e after so long */
#define OUTLOOK_FASTEST 1.0 /* ms of wait a ms: no queue is done faster than one at a time */
#define OUTLOOK_LEAST 0.5 /* of the level: a long queue is not believed to be gone soon */

struct outlook {
    bool has_any;
    uint64_t at_ns; /* of the last numbers */
    double level_ms, trend; /* trend: ms of wait a ms */
};

/* A wait, as it was at a moment. */
void outlook_told(struct outlook *outlook, double wait_ms, uint64_t at_ns);

/* The wait to be expected; 0 if nothing was told. */
double outlook_wait_ms(const struct outlook *outlook, uint64_t now_ns);

#endif
