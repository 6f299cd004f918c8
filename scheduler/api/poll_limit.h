/* How often each address may ask for the load: a token bucket each, in a table that does not grow.
 *
 * An address may ask once an interval in the long run, and BURST times at once. IPv6 addresses
 * count by their network of 64 bits, since a host may have as many in there as it likes. Where the
 * table is full of busy addresses, the one that is nearest to a full bucket again is forgotten. */
#ifndef SCHEDULER_API_POLL_LIMIT_H
#define SCHEDULER_API_POLL_LIMIT_H

#include <stdint.h>

#define POLL_LIMIT_BURST 20u

struct poll_entry;

struct poll_limit {
    struct poll_entry *entries; /* owned */
    uint64_t seed;
};

/* Which addresses share a bucket must not be guessed: the seed is random. 0 or -ENOMEM. */
int poll_limit_init(struct poll_limit *limit, uint64_t seed);
void poll_limit_fini(struct poll_limit *limit); /* accepts NULL and zeroed */

/* Address: IPv6, or IPv4 as ::ffff:a.b.c.d. 0: it may, and that was counted; else how long to wait.
 * interval_ns 0: always. */
uint64_t poll_limit_take(struct poll_limit *limit, const uint8_t address[16], uint64_t interval_ns,
                         uint64_t now_ns);

#endif
