/* What joins jointd to one peer: two rings, two doorbells, two heartbeats, and regions granted.
 *
 *   payload: │ channel_shared │ ring owner -> peer │ ring peer -> owner │
 *
 * The owner (jointd) makes a channel for one peer process and offers it over a socket; the peer
 * accepts; the owner settles it, and from then on nobody else can map it writable. A peer that
 * comes after it gets new memory, with epoch + 1: the dead one's memory is never used again. */
#ifndef SHM_CHANNEL_H
#define SHM_CHANNEL_H

#include "shm/region.h"
#include "shm/spsc_queue.h"
#include "shm/wake.h"

#define CHANNEL_MAX_GRANTS 8u

enum channel_side {
    CHANNEL_OWNER,
    CHANNEL_PEER,
};

struct channel_config {
    const char *name; /* "joint-channel" */
    uint32_t epoch; /* 1 */
    uint32_t to_peer_capacity; /* 1024; powers of two */
    uint32_t from_peer_capacity; /* 1024 */
    bool can_owner_sleep; /* true */
    bool can_peer_sleep; /* true */
};

/* A region that the peer gets beside the rings: a slab, weights, its counters. */
struct channel_grant {
    const struct region *region;
    enum region_kind kind;
    enum region_access access;
    bool is_content_sealed; /* the peer refuses it otherwise */
    bool is_lazy; /* a peer that must be there soon maps large regions so */
};

struct channel {
    enum channel_side side;
    struct channel_config config; /* its name is the owner's */
    struct region region; /* owned */
    struct channel_shared *shared;
    struct spsc_producer out;
    struct spsc_consumer in;
    struct wake wake;
    int peer_end; /* owner: the doorbell end to hand over, -1 when that is done */
    uint32_t grant_count; /* peer: the regions it was granted, owned */
    struct region grant[CHANNEL_MAX_GRANTS];
};

struct channel_config channel_config_default(void);

/* The owner's side, not yet offered. 0, -EINVAL or -errno. */
int channel_init(struct channel *channel, const struct channel_config *config);
void channel_fini(struct channel *channel); /* accepts NULL and zeroed */

/* The owner's side anew for the next peer: new memory, epoch + 1. On failure the channel is as
 * before. First pop what the dead peer had published, and take the wake out of its idle. */
int channel_renew(struct channel *channel);

/* Owner: sends the channel and the granted regions over a SOCK_SEQPACKET socket. 0 or -errno. */
int channel_offer(struct channel *channel, int socket, const struct channel_grant *grants,
                  uint32_t grant_count);
/* Peer: waits for an offer, maps and checks all of it, and answers. 0; -EBADMSG and the errors of
 * region_attach, with nothing left open. */
int channel_accept(struct channel *channel, int socket);
/* Owner: waits for the answer and closes the memory to new writers. 0; -EBADMSG; -EPERM if the peer
 * spoilt the seals; do not use the channel then. */
int channel_settle(struct channel *channel, int socket);

/* As spsc_queue_push and _pop, waking the peer if something was pushed. */
static inline int channel_push(struct channel *channel, const void *entries, uint32_t count)
{
    const int pushed = spsc_queue_push(&channel->out, entries, count);
    if (pushed > 0)
        wake_ring(&channel->wake);
    return pushed;
}

static inline int channel_pop(struct channel *channel, void *entries, uint32_t count)
{
    return spsc_queue_pop(&channel->in, entries, count);
}

/* A sign of life, each round: when, and what is worked on (0: nothing). */
void channel_beat(struct channel *channel, uint64_t now_ns, uint64_t task);
/* The peer's newest sign of life, 0 before the first; it may say anything. */
uint64_t channel_peer_beat(const struct channel *channel, uint64_t *task);

#endif
