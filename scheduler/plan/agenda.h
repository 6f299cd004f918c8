/* The parts of a search that are still to be looked at, the most promising first. */
#ifndef SCHEDULER_PLAN_AGENDA_H
#define SCHEDULER_PLAN_AGENDA_H

#include "scheduler/plan/master.h"

#include <stddef.h>
#include <stdint.h>

struct split_agenda_item {
    double bound; /* nothing in this part costs less */
    double multipliers[SPLIT_MASTER_BOUNDS]; /* that gave it */
    uint32_t number; /* of equal bounds the newer is taken first, to get to an end */
    uint32_t slot;
};

/* A heap, least bound first; each item's sides stand in a slot of their own. */
struct split_agenda {
    uint32_t node_count, room, count, pushed;
    struct split_agenda_item *items; /* [room] */
    uint8_t *sides; /* [room][node_count] */
    uint32_t *free_slots; /* [room - count] of them */
};

/* Room for as many items as a few MiB hold. 0 or -ENOMEM. */
int split_agenda_init(struct split_agenda *agenda, uint32_t node_count);
void split_agenda_fini(struct split_agenda *agenda); /* accepts NULL and a zeroed object */

void split_agenda_clear(struct split_agenda *agenda);

/* There must be room; the sides are copied. */
void split_agenda_push(struct split_agenda *agenda, double bound, const double *multipliers,
                       const uint8_t *sides);

/* There must be one; its sides are written to the caller's. */
void split_agenda_pop(struct split_agenda *agenda, struct split_agenda_item *item, uint8_t *sides);

#endif
