/* How a path is put together from what waits, in the order of urgency; for what is given to a
 * worker now, and for trials of what would be. */
#ifndef SCHEDULER_DISPATCH_COMPOSE_H
#define SCHEDULER_DISPATCH_COMPOSE_H

#include "scheduler/dispatch/order_heap.h"
#include "scheduler/dispatch/path.h"

enum { COMPOSE_CANDIDATES = 48 }; /* so many are looked at */

struct dispatch;
struct model;

/* The most urgent of a model's requests, in order; as many as were asked for so far. */
struct crowd {
    const struct dispatch *dispatch;
    struct order_heap_walk walk;
    uint32_t count;
    bool is_all;
    struct path_entry entries[COMPOSE_CANDIDATES + 1];
    bool is_gone[COMPOSE_CANDIDATES + 1]; /* is in a path already */
};

void crowd_init(struct crowd *crowd, const struct dispatch *dispatch, const struct model *model);
/* Whether there is one of that number; it is then in entries[]. */
bool crowd_has(struct crowd *crowd, uint32_t index);

struct composing {
    const struct dispatch *dispatch;
    const struct model *model;
    struct crowd *crowd;
    uint64_t now_ns, start_ns;
    uint64_t limit_ns; /* the longest that the path may take */
    uint64_t elsewhere_ns; /* when another worker could begin; UINT64_MAX */
    uint32_t but; /* the slot of one that is left out; DISPATCH_NONE */
    uint64_t guest_ns; /* that those in no hurry added */
    bool has_refused; /* somebody, for being late by it or making late */
    struct path path;
};

enum composed {
    COMPOSED, /* path begins then, with the first or with others in its stead */
    COMPOSED_LATE, /* the first can not be in time, or not without harm to more */
};

/* Puts together the path of the first, whose start_ns, limit_ns and elsewhere_ns are set. */
enum composed compose_path(struct composing *composing, const struct path_entry *first);

#endif
