/* An index of intervals of steps: which of those added so far overlap a given one.
 *
 * A segment tree over the steps holds each interval at the few nodes that cover it exactly; those
 * that contain a step lie on the way from the root to its leaf. Those that overlap [first, last]
 * are the ones that contain `first` and the ones that start after it, up to `last`. */
#ifndef COMPUTE_PLAN_LIVES_H
#define COMPUTE_PLAN_LIVES_H

#include <stddef.h>
#include <stdint.h>

struct lives {
    uint32_t leaves; /* a power of two, at least the number of steps */
    uint32_t *covering; /* per tree node: its first entry, or UINT32_MAX */
    uint32_t *starting; /* per step: its first entry, or UINT32_MAX */
    size_t count, capacity;
    struct lives_entry {
        uint32_t item, next;
    } * entries;
};

/* For intervals within [0, steps). 0 or -ENOMEM. */
int lives_init(struct lives *lives, uint32_t steps);
void lives_fini(struct lives *lives); /* accepts NULL and a zeroed object */

/* Adds the interval [first, last] under the caller's number for it. 0 or -ENOMEM. */
int lives_add(struct lives *lives, uint32_t item, uint32_t first, uint32_t last);

/* Writes the numbers of all that overlap [first, last], each once, in no order, to items, which has
 * room for as many as were added; returns how many. */
uint32_t lives_find(const struct lives *lives, uint32_t first, uint32_t last, uint32_t *items);

#endif
