/* How fresh a held load is: whether it still says something, and when to ask again. Pure.
 *
 *   heard                 useful                        valid
 *     ├─────────────────────┼─────────────────────────────┤
 *     │ used as it is       │ used, and asked for again   │ expired: nobody turns by it
 *
 * A load is also asked for again once FRESHNESS_USES decisions were made by it, but not within
 * FRESHNESS_LEAST_NS. How long it is useful is drawn anew each time, so that clients which heard
 * it at the same moment do not ask at the same moment. */
#ifndef SCHEDULER_CLIENT_FRESHNESS_H
#define SCHEDULER_CLIENT_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#define FRESHNESS_VALID_NS 500000000 /* jointd's load.valid, which a trailer does not carry */
#define FRESHNESS_LEAST_NS 50000000 /* jointd's load.min_poll */
#define FRESHNESS_USEFUL_NS 150000000 /* and up to half as much again */
#define FRESHNESS_USES 4
#define FRESHNESS_PART 0.1 /* of what an answer may save: so long it is waited for */

struct freshness {
    uint64_t heard_ns; /* 0: never */
    uint64_t told_age_ns; /* how old it was when it was told */
    uint64_t useful_ns;
    uint32_t uses;
};

/* *random: of chance_unit(). */
void freshness_heard(struct freshness *freshness, uint64_t told_age_ns, uint64_t *random,
                     uint64_t now_ns);

/* Notes a decision made by it. True: it is to be asked for again. */
bool freshness_use(struct freshness *freshness, uint64_t now_ns);

/* How old its numbers are; UINT64_MAX: there are none. */
uint64_t freshness_age_ns(const struct freshness *freshness, uint64_t now_ns);
bool freshness_is_expired(const struct freshness *freshness, uint64_t now_ns);

/* How long a request may wait for the answer to a probe, where the load has expired: worth_ms is
 * the difference that the answer can make. 0: it comes too late to be worth it, or nobody knows
 * when it comes. */
uint64_t freshness_patience_ns(uint64_t rtt_ns, double worth_ms);

#endif
