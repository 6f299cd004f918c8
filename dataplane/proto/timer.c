/* Slots are lists; a bit for each says which have timers, so the next one is a count of zeros away.
 */
#include "dataplane/proto/timer.h"

#define SLOT_BITS 6

#define LAST_TICK (UINT64_MAX >> JTP_TICK_BITS)

void jtp_wheel_init(struct jtp_wheel *wheel, uint64_t now_ns)
{
    *wheel = (struct jtp_wheel){.tick = now_ns >> JTP_TICK_BITS};
}

/* The first tick that begins at or after the time. */
static uint64_t tick_after(uint64_t ns)
{
    return (ns >> JTP_TICK_BITS) + ((ns & ((1u << JTP_TICK_BITS) - 1)) != 0);
}

static void insert(struct jtp_wheel *wheel, struct jtp_timer *timer)
{
    uint64_t tick = tick_after(timer->due_ns);
    if (tick < wheel->tick)
        tick = wheel->tick;
    if (tick > LAST_TICK)
        tick = LAST_TICK;
    uint64_t differing = tick ^ wheel->tick;
    int level = differing == 0 ? 0 : (63 - __builtin_clzll(differing)) / SLOT_BITS;
    uint64_t slot = tick >> level * SLOT_BITS & (JTP_WHEEL_SLOTS - 1);
    timer->place = (uint16_t)((uint64_t)level * JTP_WHEEL_SLOTS + slot);
    struct jtp_timer **head = &wheel->slots[timer->place];
    timer->next = *head;
    if (timer->next)
        timer->next->link = &timer->next;
    timer->link = head;
    *head = timer;
    wheel->occupied[level] |= UINT64_C(1) << slot;
}

void jtp_wheel_cancel(struct jtp_wheel *wheel, struct jtp_timer *timer)
{
    if (!timer->link)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    if (!wheel->slots[timer->place])
        wheel->occupied[timer->place / JTP_WHEEL_SLOTS] &=
            ~(UINT64_C(1) << timer->place % JTP_WHEEL_SLOTS);
}

void jtp_wheel_set(struct jtp_wheel *wheel, struct jtp_timer *timer, uint64_t due_ns)
{
    jtp_wheel_cancel(wheel, timer);
    timer->due_ns = due_ns;
    insert(wheel, timer);
}

/* The first occupied slot and the tick at which it begins; false: no timer is set. All of a lower
 * level comes before all of a higher one. */
static bool first_slot(const struct jtp_wheel *wheel, int *level, uint64_t *tick)
{
    for (*level = 0; *level < JTP_WHEEL_LEVELS; ++*level) {
        uint64_t occupied = wheel->occupied[*level];
        if (occupied == 0)
            continue;
        uint64_t slot = (uint64_t)__builtin_ctzll(occupied);
        int shift = *level * SLOT_BITS;
        uint64_t above = ~((UINT64_C(1) << (shift + SLOT_BITS)) - 1);
        *tick = (wheel->tick & above) | slot << shift;
        return true;
    }
    return false;
}

struct jtp_timer *jtp_wheel_expire(struct jtp_wheel *wheel, uint64_t now_ns)
{
    uint64_t now = now_ns >> JTP_TICK_BITS, tick;
    int level;
    while (first_slot(wheel, &level, &tick) && tick <= now) {
        uint64_t slot = tick >> level * SLOT_BITS & (JTP_WHEEL_SLOTS - 1);
        struct jtp_timer **head = &wheel->slots[(uint64_t)level * JTP_WHEEL_SLOTS + slot];
        struct jtp_timer *timer = *head;
        if (tick > wheel->tick)
            wheel->tick = tick;
        if (level == 0) {
            jtp_wheel_cancel(wheel, timer);
            return timer;
        }
        /* The present is in this slot: all of it moves down at once, to lower levels. */
        while ((timer = *head)) {
            jtp_wheel_cancel(wheel, timer);
            insert(wheel, timer);
        }
    }
    if (now > wheel->tick)
        wheel->tick = now;
    return NULL;
}

uint64_t jtp_wheel_next_ns(const struct jtp_wheel *wheel)
{
    uint64_t tick;
    int level;
    return first_slot(wheel, &level, &tick) ? tick << JTP_TICK_BITS : UINT64_MAX;
}
