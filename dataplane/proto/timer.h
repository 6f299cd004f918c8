/* A hierarchical timer wheel: setting, cancelling and firing in constant time.
 *
 *   level 0: 64 slots of 65.5 us    level 1: 64 slots of 4.2 ms    level 2: 64 of 268 ms ...
 *
 * A timer stands at the level of the highest six bits in which its tick differs from the present
 * one, and moves down as the present comes near. It never fires early. */
#ifndef DATAPLANE_PROTO_TIMER_H
#define DATAPLANE_PROTO_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JTP_TICK_BITS 16 /* 65,536 ns */
#define JTP_WHEEL_LEVELS 8 /* of 6 bits each: all of a 64-bit time */
#define JTP_WHEEL_SLOTS 64

/* Embedded in what it belongs to; zeroed: not set. Not to be moved while it is set. */
struct jtp_timer {
    struct jtp_timer *next, **link; /* link: what points to this; NULL: not set */
    uint64_t due_ns;
    uint16_t place; /* level * slots + slot */
    uint16_t kind; /* the owner's, */
    void *owner; /* and so is this */
};

struct jtp_wheel {
    uint64_t tick; /* the present */
    uint64_t occupied[JTP_WHEEL_LEVELS]; /* a bit for each slot */
    struct jtp_timer *slots[JTP_WHEEL_LEVELS * JTP_WHEEL_SLOTS];
};

void jtp_wheel_init(struct jtp_wheel *wheel, uint64_t now_ns);

/* Sets a timer, whether or not it is set already. */
void jtp_wheel_set(struct jtp_wheel *wheel, struct jtp_timer *timer, uint64_t due_ns);
void jtp_wheel_cancel(struct jtp_wheel *wheel, struct jtp_timer *timer);

/* A timer that is due by now, which is then not set any more; NULL: there is none left. */
struct jtp_timer *jtp_wheel_expire(struct jtp_wheel *wheel, uint64_t now_ns);

/* When to call jtp_wheel_expire() next: not after the first timer is due to fire, perhaps before.
 * UINT64_MAX: no timer is set. */
uint64_t jtp_wheel_next_ns(const struct jtp_wheel *wheel);

static inline bool jtp_timer_is_set(const struct jtp_timer *timer)
{
    return timer->link != NULL;
}

#endif
