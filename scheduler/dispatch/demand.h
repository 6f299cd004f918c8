/* What waits, in the order in which it will be served: how much comes before a newcomer, and how
 * much later those behind it may get without being late.
 *
 *   order ──────────────────────────────────────────────────>
 *   │ cost │ cost │ cost │  <- a newcomer here delays all to its right by its own cost
 *          before │      │
 *                 └ room: the least of (limit - what is done by then) over these
 *
 * Time is counted from when the workers are done with what they have; all of them together serve
 * like one that is so many times as fast. Items are numbered below the count given at the start. */
#ifndef SCHEDULER_DISPATCH_DEMAND_H
#define SCHEDULER_DISPATCH_DEMAND_H

#include "scheduler/dispatch/order_heap.h"

#include <stdint.h>

#define DEMAND_NO_LIMIT (INT64_MAX / 4)

struct demand_work {
    uint64_t order, tie; /* together unlike those of all others */
    int64_t cost_ns; /* of one worker's time */
    int64_t limit_ns; /* the moment by which it is to be done, or DEMAND_NO_LIMIT */
};

/* Beside each node of the tree. */
struct demand_sum {
    int64_t cost_ns, limit_ns;
    int64_t own_ns; /* cost over workers */
    /* Of the tree below, this item included: */
    int64_t sum_ns; /* of own_ns */
    int64_t room_ns; /* least of limit_ns less the own_ns in this tree up to the item */
};

struct demand {
    struct order_heap tree; /* of what waits */
    struct order_heap_node *nodes; /* [count] */
    struct demand_sum *sums; /* [count] */
    uint32_t workers; /* 1 and up */
};

/* 0 or -ENOMEM. */
int demand_init(struct demand *demand, uint32_t count);
void demand_fini(struct demand *demand); /* accepts NULL and a zeroed object */

/* Each O(log n). What is added is not there, what is removed is. */
void demand_add(struct demand *demand, uint32_t item, const struct demand_work *work);
void demand_remove(struct demand *demand, uint32_t item);
/* How many workers share the costs from now on. O(n), unless it is as it was. */
void demand_set_workers(struct demand *demand, uint32_t workers);

struct demand_view {
    int64_t before_ns; /* of those of this order and earlier ones; over workers */
    int64_t room_ns; /* of those behind, the least limit less what is done by then */
};

/* As seen by a newcomer of that order. O(log n). */
struct demand_view demand_look(const struct demand *demand, uint64_t order);
int64_t demand_total_ns(const struct demand *demand);

#endif
