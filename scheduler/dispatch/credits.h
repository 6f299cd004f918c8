/* How many requests clients may have open together: few enough that what waits is served soon, as
 * many as keep the workers busy.
 *
 * Breakwater (Cho, OSDI 2020): while the queue's delay is under the target the sum grows by a step
 * at a time, over it the sum shrinks by a part that grows with the excess, at most to its half.
 * Each client is told the same part of it and a little more (overcommit), since most use less. */
#ifndef SCHEDULER_DISPATCH_CREDITS_H
#define SCHEDULER_DISPATCH_CREDITS_H

#include <stdbool.h>
#include <stdint.h>

struct credits {
    uint32_t least, most; /* of the sum */
    double sum;
    uint64_t looked_ns;
};

/* Starts with all: there is no delay. */
struct credits credits_start(uint32_t most);

/* Whether a look would do something; it may cost something to know the delay. */
bool credits_is_due(const struct credits *credits, uint64_t now_ns);
/* What waits takes so long, and should take no longer than that. Acts every so often; least is what
 * keeps the workers busy. */
void credits_look(struct credits *credits, uint64_t delay_ns, uint64_t target_ns, uint32_t least,
                  uint32_t clients, uint64_t now_ns);
/* Requests that may be open together. */
uint32_t credits_bound(const struct credits *credits);
/* For each of so many clients: 1 and up; 0: as many as they like, since nobody ever had to wait for
 * long. */
uint32_t credits_each(const struct credits *credits, uint32_t clients);

#endif
