/* Wakes the sleeping peer of a channel: a word that says whether it sleeps, and a doorbell.
 *
 * The doorbell is one end of a socket pair, not an eventfd, since both processes share an eventfd's
 * flags and count: a hostile peer could fill it, make it blocking, and so stop the process that
 * rings. Here each ring and each drain says by itself that it does not wait. The kernel also tells
 * by it that the peer is gone. */
#ifndef SHM_WAKE_H
#define SHM_WAKE_H

#include "shm/layout.h"

#include <stdbool.h>

struct wake {
    int fd; /* owned; our end */
    bool can_peer_sleep; /* false: the peer is always busy, rings cost nothing */
    bool is_peer_gone; /* its end was closed */
    struct wake_cell *ours;
    struct wake_cell *peers;
    struct wake *next; /* of the same idle */
    bool is_idling; /* it is in one */
    bool is_readable; /* so the last sleep ended: there is something to drain */
    uint64_t ring_count; /* system calls made */
};

/* The two ends of a doorbell. 0 or -errno. */
int wake_pair(int ends[2]);

/* Takes fd. */
void wake_init(struct wake *wake, int fd, struct wake_cell *ours, struct wake_cell *peers,
               bool can_peer_sleep);
/* Accepts NULL and zeroed; first take it out of its idle. */
void wake_fini(struct wake *wake);

/* After publishing something: wakes the peer if it sleeps, by one system call per sleep. */
static inline void wake_ring(struct wake *wake);

/* The sleeper's part, called by idle.c in this order. */
void wake_arm(struct wake *wake);
void wake_disarm(struct wake *wake);

void wake_send(struct wake *wake);

static inline void wake_ring(struct wake *wake)
{
    if (!wake->can_peer_sleep)
        return;
    /* Orders the caller's release before the load below; pairs with the fence in idle_arm. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&wake->peers->is_sleeping, memory_order_relaxed))
        wake_send(wake);
}

#endif
