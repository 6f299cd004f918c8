/* Which MAC an address on our link has: a bounded table that asks, waits, ages and forgets.
 *
 *                 want, hold                 learn: answer
 *   (not here) ──────────────> asked ──────────────────────> known ──┐ in use and old: asked again,
 *        ^  learn: a request     │ three tries, 1 s each       │  ^──┘ still used meanwhile
 *        └───────────────────────┴─────────────────────────────┘ no answer, or evicted
 *
 * An address has eight places, found by a keyed hash, so a flood fills the table but cannot choose
 * what it evicts: first who was never sent to, then who was not sent to for the longest time, but
 * nobody who was within NET_REACHABLE_NS. At most NET_MAX_QUESTIONS are asked about at once, and
 * NET_MAX_HELD items wait for each; an item is whatever the caller wants to send. One thread. */
#ifndef DATAPLANE_PORT_NET_NEIGHBOURS_H
#define DATAPLANE_PORT_NET_NEIGHBOURS_H

#include "dataplane/port/net/host.h"
#include "dataplane/proto/siphash.h"

#define NET_MAX_QUESTIONS 64
#define NET_MAX_HELD 8
#define NET_MAX_TRIES 3
#define NET_RETRY_NS UINT64_C(1000000000)
#define NET_REACHABLE_NS UINT64_C(30000000000)

struct net_neighbour {
    uint8_t ip[NET_IP_BYTES];
    uint64_t confirmed_ns; /* when it last spoke */
    uint64_t used_ns; /* when we last sent there; 0: never */
    uint16_t question; /* which one asks about it, from 1; 0: none */
    uint8_t mac[NET_MAC_BYTES];
    bool is_taken;
    bool is_known; /* mac is */
};

struct net_question {
    struct net_neighbour *about; /* NULL: free */
    uint64_t asked_ns;
    uint32_t tries;
    uint32_t held_count;
    void *held[NET_MAX_HELD];
};

struct net_neighbours {
    struct net_neighbour *places; /* owned; count of them, a power of two */
    uint32_t count;
    struct jtp_key key;
    struct net_question questions[NET_MAX_QUESTIONS];
    uint32_t question_count; /* not free */
    uint64_t next_ns; /* when the first question is due, or sooner */
};

/* Items that wait no longer. */
struct net_held {
    void *items[NET_MAX_HELD];
    uint32_t count;
};

/* Someone's MAC, as he or somebody said. */
struct net_lesson {
    uint8_t ip[NET_IP_BYTES];
    uint8_t mac[NET_MAC_BYTES];
    bool can_add; /* also if we do not know of it: it asked us */
    bool can_change; /* also if we know it by another MAC */
};

/* What the caller has to send now. */
struct net_due {
    const uint8_t *ip;
    const uint8_t *mac; /* whom to ask; NULL: everyone */
};

/* At least capacity places, 8 to 2^20; the key is random and secret. 0, -EINVAL or -ENOMEM. */
int net_neighbours_init(struct net_neighbours *neighbours, uint32_t capacity,
                        const struct jtp_key *key);
/* What was held is the caller's: net_neighbours_drain() first. Accepts NULL or a zeroed one. */
void net_neighbours_fini(struct net_neighbours *neighbours);

/* For sending there now: its MAC, or NULL. One that has not spoken for long is asked again. */
const uint8_t *net_neighbours_want(struct net_neighbours *neighbours, const uint8_t *ip,
                                   uint64_t now_ns);

/* Keeps an item until the address is known, and asks. Returns the item that has to be dropped for
 * it: NULL, an older one, or this one. */
void *net_neighbours_hold(struct net_neighbours *neighbours, const uint8_t *ip, void *item,
                          uint64_t now_ns);

/* Items that can be sent now, to the lesson's MAC, are put into held. Returns whether it is known
 * now by this MAC. */
bool net_neighbours_learn(struct net_neighbours *neighbours, const struct net_lesson *lesson,
                          uint64_t now_ns, struct net_held *held);

/* The next question to send, or none (false). Items of an address that stayed silent are put into
 * held: drop them, also if it returns false; call until it returns false and held is empty. */
bool net_neighbours_next(struct net_neighbours *neighbours, uint64_t now_ns, struct net_due *due,
                         struct net_held *held);

/* Forgets one question, until held is empty. */
void net_neighbours_drain(struct net_neighbours *neighbours, struct net_held *held);

#endif
