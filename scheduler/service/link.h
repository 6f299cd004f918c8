/* jointd's end of a channel to one peer, through the peer's lives: offered, answered, open, and
 * new memory for the next life. Nothing here waits.
 *
 *   CLOSED ── link_offer ──> OFFERED ── link_poll: it answered ──> OPEN ── link_close ──> CLOSED */
#ifndef SCHEDULER_SERVICE_LINK_H
#define SCHEDULER_SERVICE_LINK_H

#include "shm/channel.h"
#include "shm/idle.h"

enum link_state { LINK_CLOSED, LINK_OFFERED, LINK_OPEN };

struct link {
    struct channel channel; /* owned */
    struct idle *idle; /* borrowed; wakes for the channel while it is open */
    int socket; /* owned; -1: none. It stays open all the peer's life */
    enum link_state state;
    bool is_ringing; /* in a list of those whose peers are to be woken */
    struct link *next_ringing;
};

/* Links that were said something in this turn: their peers are woken at its end, once each. */
struct link_rings {
    struct link *first;
};

/* 0 or the errors of channel_init. */
int link_init(struct link *link, struct idle *idle, const struct channel_config *config);
void link_fini(struct link *link); /* accepts NULL and zeroed */

/* From CLOSED, with memory that no earlier peer had. Takes the socket in any case. 0 or -errno. */
int link_offer(struct link *link, int socket, const struct channel_grant *grants, uint32_t count);
/* 1: it is open now; 0: nothing new; -errno: the peer broke off or spoilt it. */
int link_poll(struct link *link);
/* As channel_push, but the peer is woken by link_ring. Of an open link. */
int link_push(struct link *link, struct link_rings *rings, const void *entries, uint32_t count);
void link_ring(struct link_rings *rings);
/* The peer is dead and what it had published was taken. */
void link_close(struct link *link);

#endif
