/* When to give a server up, and compute on the device instead. Pure: times are arguments.
 *
 *                       deadline
 *   begin ├─────────────┬──┬────────────┤
 *         │  patience   │m │ local work │      m: margin, for what local work takes longer than
 *         └─────────────┴──┴────────────┘         last time
 *                       ^ give_up_ns: the latest start that is still in time
 *
 * Without a deadline, or with one that the device cannot meet any more, only the server can be in
 * time; then there is no sense in giving up before the deadline. What shows that the server is gone
 * ends the attempt whenever it shows. */
#ifndef SCHEDULER_CLIENT_PATIENCE_H
#define SCHEDULER_CLIENT_PATIENCE_H

#include "dataplane/proto/client.h"
#include "scheduler/client/joint.h"

#define PATIENCE_LONGEST_NS UINT64_C(10000000000) /* without a deadline */
#define PATIENCE_MARGIN 0.125 /* of the local work, and: */
#define PATIENCE_MARGIN_NS UINT64_C(1000000)
#define PATIENCE_PROBE_TIMEOUTS 3 /* in a row, unanswered: the server is gone */
#define PATIENCE_FIRST_AWAY_NS                                                                     \
    UINT64_C(250000000) /* a server that is gone is left alone, first                              \
                         */
#define PATIENCE_LONGEST_AWAY_NS UINT64_C(8000000000) /* at most; doubled each time in between */

/* Until when to wait for the server. deadline_ns: the call's, 0: none; local_ns: what the rest
 * takes here. */
uint64_t patience_give_up_ns(uint64_t now_ns, uint64_t deadline_ns, uint64_t local_ns);

/* What a request's end means: JOINT_AS_PLANNED: take the answer. is_whole: the answer has the size
 * that it must have. */
enum joint_reason patience_verdict(const struct jtp_event *event, bool is_whole);

/* Whether a path shows that its server is gone. */
bool patience_is_silent(uint32_t probe_timeouts, bool has_open_requests);

/* A server that comes and goes. Zeroed: never seen gone. */
struct patience_absence {
    uint32_t times; /* gone, in a row */
    uint64_t until_ns; /* nothing is sent to it but a probe, from then on */
};

void patience_gone(struct patience_absence *absence, uint64_t now_ns);
void patience_heard(struct patience_absence *absence);

/* It was gone and was not heard since: no requests to it. */
static inline bool patience_is_away(const struct patience_absence *absence)
{
    return absence->times > 0;
}

/* It is away, and it is time to ask whether it still is. */
bool patience_may_probe(const struct patience_absence *absence, uint64_t now_ns);

#endif
