/* How much of the workers' time classes and their clients have had, and whose turn it is.
 *
 * Classes share by weight, the clients of a class evenly (fair.h). Costs are predicted when work is
 * let in, and put right when it is done: each row pays its part of what its worker computed. Who
 * asks for nothing and is
 * not ahead of its part is forgotten, so there are never more clients than have requests in, or had
 * more than their part lately. */
#ifndef SCHEDULER_DISPATCH_SHARE_H
#define SCHEDULER_DISPATCH_SHARE_H

#include "scheduler/dispatch/fair.h"

#define SHARE_NONE FAIR_NONE

struct share_client {
    uint64_t client;
    uint32_t class_index;
    uint32_t open; /* its requests that are in */
    uint32_t held; /* rows of it whose time is not settled */
    uint64_t open_ns; /* costs of these and those */
    uint32_t next; /* of the same hash, or the next free one */
};

struct share_class {
    struct fair clients;
    uint32_t open_count, client_count; /* requests that are in, and clients that have some */
    uint64_t open_ns; /* predicted costs of what is in, and not settled */
    double wanted; /* workers that it would keep busy, lately */
    uint64_t wanted_at_ns;
};

struct share {
    struct fair fair; /* of classes */
    struct share_class *classes; /* [class_count] */
    struct fair_book class_book; /* [class_count] */
    struct share_client *clients; /* [client_count] */
    struct fair_book client_book; /* [client_count] */
    uint32_t *heads; /* [head_count], by hash */
    uint32_t class_count, client_count, head_count;
    double speed; /* of the ideal server, while several clients of a class want something; 1 */
    uint32_t free_first;
    uint64_t now_ns; /* the latest that anybody told */
    uint32_t known_count; /* clients that are remembered */
};

/* Room for the clients of so many requests. 0 or -ENOMEM. */
int share_init(struct share *share, uint32_t class_count, uint32_t request_count);
void share_fini(struct share *share); /* accepts NULL and a zeroed object */

void share_set_weight(struct share *share, uint32_t class_index, uint32_t weight);

/* The ideal server goes on, as fast as all workers together can. */
void share_pass_time(struct share *share, uint32_t workers, uint64_t now_ns);
/* A request came, taken or not, that would cost so much, and is worth nothing after that time. */
void share_want(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns,
                uint64_t budget_ns, uint32_t workers, uint64_t now_ns);
/* The weights of a class and of all others that want something. */
double share_weights(const struct share *share, uint32_t class_index, uint64_t now_ns);
/* The part of the workers' time that another class takes beside the one whose share_weights() these
 * are: what it wants, but no more than its weight's part of what all want. All the others' together
 * are below 1. */
double share_taken(const struct share *share, double weights, uint32_t other, uint32_t workers,
                   uint64_t now_ns);
/* How much will be computed before it is the turn of that client in that class. */
uint64_t share_turn_ns(const struct share *share, uint32_t class_index, uint64_t client);
/* How much will be computed before all that the client has in is done, if every class and every
 * client gets its part. */
uint64_t share_backlog_ns(const struct share *share, uint32_t class_index, uint64_t client);
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
