/* When a client follows its planner to another split: late, rarely, and not when the others do.
 * Pure: time and randomness are arguments.
 *
 * A hundred clients that are told the same load and all take what is best under it move the load
 * to where they went, and all come back: they oscillate however often they are told (Fischer and
 * Voecking, "Adaptive routing with stale information", PODC 2005). So a client holds a choice, and
 *
 *   best is held? ──no──> gain over max(10 %, 2 ms)? ──yes──> dwell time over? ──yes──> chance ──>
 * turn │ no                           │ no                    │ no └───────────────> hold
 * <───────┴───────────────────────┘
 *
 * The chance is a rate: in each DAMPING_PERIOD_NS it is gain (as a share of what is held) times the
 * server's switch gain, so that one who asks often does not turn sooner than one who asks rarely.
 * What has expired makes nobody turn. While the server looked full, or rejected, 1 % of what would
 * run on the device asks it nevertheless; but nothing does before the time it asked for is over. */
#ifndef SCHEDULER_CLIENT_DAMPING_H
#define SCHEDULER_CLIENT_DAMPING_H

#include <stdbool.h>
#include <stdint.h>

#define DAMPING_LEAST_GAIN 0.1 /* of what the held choice takes, */
#define DAMPING_LEAST_GAIN_MS 2.0 /* and in ms */
#define DAMPING_PERIOD_NS 100000000
/* Counts since the last decision: who sleeps collects none. */
#define DAMPING_LONGEST_NS 300000000
#define DAMPING_DWELL_NS 500000000 /* and up to as much again, each client its own */
#define DAMPING_EXPLORES 0.01
#define DAMPING_SWITCH_GAIN 0.15 /* where none is told */
#define DAMPING_BACKOFF_NS 50000000 /* after a failure without a time; doubled each time, */
#define DAMPING_LONGEST_BACKOFF_NS 6400000000 /* up to that */

enum damping_verdict {
    DAMPING_AGREES, /* what is held is the best */
    DAMPING_TURNS, /* from now on the best is held */
    DAMPING_SMALL, /* held: the gain is too small */
    DAMPING_DWELLS, /* held: it has turned a moment ago */
    DAMPING_CHANCE, /* held: others may turn first */
    DAMPING_STALE, /* held: what is known of the server has expired */
    DAMPING_EXPLORES_ONCE, /* held, but this request asks the server */
    DAMPING_BLOCKED, /* this request runs here: the server asked for patience */
};

struct damping {
    uint64_t dwells_until_ns;
    uint64_t drawn_ns; /* when a chance was last drawn; 0: never */
    uint64_t blocked_until_ns;
    uint64_t told_until_ns; /* the part of it that the server asked for */
    uint32_t failures; /* in a row */
};

struct damping_offer {
    double held_ms, best_ms; /* what they would take now */
    bool is_same; /* the best is what is held */
    bool is_here; /* what is held is all on the device */
    bool is_full; /* a server without its present load would be better than the device */
    bool is_expired; /* what is known of the server's load */
    double switch_gain; /* the server's, 0 to 1 */
};

/* Begins somewhere in a dwell time. *random is the client's own state of chance_unit(). */
void damping_init(struct damping *damping, uint64_t *random, uint64_t now_ns);

/* What to do with one request. */
enum damping_verdict damping_choose(struct damping *damping, const struct damping_offer *offer,
                                    uint64_t *random, uint64_t now_ns);

/* A request was rejected: nothing is sent for retry_after_ns, times a half to one and a half. 0:
 * the server said none, or was late or lost the request; then for a time that doubles each time. */
void damping_failed(struct damping *damping, uint64_t retry_after_ns, uint64_t *random,
                    uint64_t now_ns);
void damping_answered(struct damping *damping);

/* Nothing is to be sent now. */
static inline bool damping_is_blocked(const struct damping *damping, uint64_t now_ns)
{
    return now_ns < damping->blocked_until_ns;
}

/* And that because the server asked for it. */
static inline bool damping_is_told_to_wait(const struct damping *damping, uint64_t now_ns)
{
    return now_ns < damping->told_until_ns;
}

#endif
