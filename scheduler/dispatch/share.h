/* How much of the workers' time classes and their clients have had, and whose turn it is.
 *
 * Inside a class the clients that want something are served as if the class's time were poured
 * evenly over them (processor sharing; start-time fair queueing, Goyal 1996, keeps the same books):
 *
 *   virtual time  v  +1 ns for each ns that each client with work had
 *   a client's tag   where v will be when all that it ever brought is done
 *
 *           v      tag b     tag a
 *   ────────┼────────┼─────────┼───>       a has tag a - v left: nothing is saved up, for a tag
 *                                          behind v counts as v, and such a client is forgotten
 *
 * So a newcomer's fair turn is when (tag - v) times the clients with work is done of its class. A
 * class gets what the others leave of the workers' time, and at least its weight's part; what
 * they want is measured, refused requests too, over the last half second.
 * Costs are predicted when work comes, and put right when it is done. */
#ifndef SCHEDULER_DISPATCH_SHARE_H
#define SCHEDULER_DISPATCH_SHARE_H

#include "scheduler/dispatch/order_heap.h"

#include <stdbool.h>

#define SHARE_NONE UINT32_MAX
#define SHARE_UNIT 256u /* parts of a nanosecond */

struct share_client {
    uint64_t client;
    uint64_t tag; /* in SHARE_UNITs */
    uint32_t class_index;
    uint32_t open; /* its requests that are in */
    uint32_t held; /* rows of it whose time is not settled */
    bool is_ahead; /* the tag lies before the class's virtual time */
    uint32_t next; /* of the same hash, or the next free one */
};

struct share_class {
    uint32_t weight;
    uint32_t ahead_count;
    uint64_t virtual_time; /* in SHARE_UNITs */
    uint64_t open_ns; /* predicted costs of what is in, and not settled */
    struct order_heap ahead; /* clients with work left, by tag */
    double wanted; /* workers that it would keep busy, lately */
    uint64_t wanted_at_ns;
};

struct share {
    struct share_class *classes; /* [class_count] */
    struct share_client *clients; /* [client_count] */
    struct order_heap_node *nodes; /* [client_count] */
    uint32_t *heads; /* [head_count], by hash */
    uint32_t class_count, client_count, head_count;
    uint32_t free_first;
    uint32_t known_count, open_count; /* clients that are remembered, and that have requests in */
};

/* Room for the clients of so many requests. 0 or -ENOMEM. */
int share_init(struct share *share, uint32_t class_count, uint32_t request_count);
void share_fini(struct share *share); /* accepts NULL and a zeroed object */

/* A request came, taken or not, that would cost so much. */
void share_note_wanted(struct share *share, uint32_t class_index, uint64_t cost_ns,
                       uint64_t now_ns);
/* The part of the workers' time that another class takes beside this one: what it wants, but no
 * more than its weight's part of what all want. All the others' together are below 1. */
double share_taken(const struct share *share, uint32_t class_index, uint32_t other,
                   uint32_t workers, uint64_t now_ns);
/* How much time of its class comes before a newcomer of that client. */
uint64_t share_turn_ns(const struct share *share, uint32_t class_index, uint64_t client);
/* Requests of the client that are in. */
uint32_t share_open(const struct share *share, uint32_t class_index, uint64_t client);

/* A request is in and is predicted to cost so much. Its client, for the calls below, which ignore
 * SHARE_NONE: more were remembered than there is room for. */
uint32_t share_enter(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns);
/* A row of it begins; its part of the cost is settled later, even if the request is then over. */
void share_hold(struct share *share, uint32_t at);
/* The row took so long: its part of what its worker computed. 0 and 0: it was not run. */
void share_settle(struct share *share, uint32_t at, uint64_t cost_ns, uint64_t spent_ns);
/* The request is over, with so much of its cost not begun. */
void share_leave(struct share *share, uint32_t at, uint64_t unspent_ns);

#endif
