/* Parties that share something by weight: who had more than its part, while others wanted it.
 *
 * An ideal server would give all that want something at a time the same for each weight (processor
 * sharing). Virtual time v goes on by 1 for each ns that a party of weight 1 has had there. Each
 * party has two moments of that time:
 *
 *   wants   until when the ideal server would be busy for it: with all it asked for, refused or not
 *   tag     when the ideal server would have given it all that it really was given
 *
 *           v     wants b   tag a
 *   ────────┼───────┼─────────┼───>    a has had more than its part by tag - v; b less, or as much
 *
 * Moments that v has passed count as v: nothing is saved up, and nothing is owed to who asks for
 * little. Many may share the arrays of parties and nodes; a party belongs to one. */
#ifndef SCHEDULER_DISPATCH_FAIR_H
#define SCHEDULER_DISPATCH_FAIR_H

#include "scheduler/dispatch/order_heap.h"

#include <stdbool.h>

#define FAIR_UNIT 256u /* parts of a nanosecond, in virtual time */
#define FAIR_NONE UINT32_MAX

struct fair_party {
    uint32_t weight; /* 1 and up */
    bool is_wanting, is_listed; /* wants, or one of both, lie before v */
    uint64_t tag, wants;
};

struct fair {
    uint64_t now; /* v */
    uint64_t weights; /* of those that want something */
    struct order_heap next; /* parties, by what v passes next */
};

static inline struct fair fair_start(void)
{
    return (struct fair){.next = order_heap_empty()};
}

/* Where parties and their nodes are. */
struct fair_book {
    struct fair_party *parties;
    struct order_heap_node *nodes;
};

/* It asks for so much, but is taken to want no more than it would get in limit_ns of all. */
void fair_want(struct fair *fair, struct fair_book book, uint32_t at, uint64_t cost_ns,
               uint64_t limit_ns);
/* It is given so much. */
void fair_charge(struct fair *fair, struct fair_book book, uint32_t at, uint64_t cost_ns);
/* That took more, or takes less, than was thought when it was asked for and given. */
void fair_correct(struct fair *fair, struct fair_book book, uint32_t at, uint64_t more_ns,
                  uint64_t less_ns);
/* So much was done for all. Goes on to the next party that leaves, wanting nothing and not ahead:
 * returns it, with the rest still in *work_ns; FAIR_NONE: all is poured out. Work that nobody wants
 * wipes out who is ahead: it was at nobody's cost. */
uint32_t fair_pour(struct fair *fair, struct fair_book book, uint64_t *work_ns);
/* Takes the first out, whatever it wants; FAIR_NONE: there is none. */
uint32_t fair_drop(struct fair *fair, struct fair_book book);
/* What all would be given until it is the party's turn. */
uint64_t fair_turn_ns(const struct fair *fair, const struct fair_party *party);

#endif
