/* A queue of the DPDK port: what one thread receives, answers, resolves and sends.
 *
 *   device ──rx burst──> read ─┬─ ours ──────────────────────────────> lent to the caller
 *                        │     ├─ another queue's ──its hand_off ring──> (the same there)
 *                        │     └─ ARP, NDP ──> lesson ──all lesson rings──> neighbours
 *                        └ answer ┐
 *   caller ──send──> header ──────┴─> staged ──> device
 *                      └ neighbour not known: held, question ┘
 *
 * Belongs to one thread but for the rings' other ends and the counters. */
#ifndef DATAPLANE_PORT_DPDK_DPDK_QUEUE_H
#define DATAPLANE_PORT_DPDK_DPDK_QUEUE_H

#include "dataplane/port/dpdk/dpdk_device.h"
#include "dataplane/port/dpdk/dpdk_loans.h"
#include "dataplane/port/net/neighbours.h"

#include <rte_spinlock.h>
#include <stdatomic.h>

#define DPDK_LESSON_COUNT 256

struct dpdk_counters { /* the queue's thread: rw, others: ro, relaxed */
    _Atomic uint64_t received, received_bytes, sent, sent_bytes, missed, unsent;
    _Atomic uint64_t kinds[NET_KIND_COUNT];
    _Atomic uint64_t answered, asked, unresolved;
};

struct dpdk_memory {
    const uint8_t *first;
    size_t bytes;
};

/* What all queues read; written while the port is opened. */
struct dpdk_shared {
    struct dpdk_device device;
    struct net_host host;
    bool hands_off, verifies_sums, lends;
    uint32_t nap_ns;
    uint32_t queue_count;
    struct dpdk_memory memories[DPDK_PORT_MAX_MEMORIES];
    uint32_t memory_count;
    rte_spinlock_t *tx_locks; /* owned, one for each tx queue; used if queues outnumber them */
};

struct dpdk_queue {
    struct dpdk_shared *shared;
    struct dpdk_queue *queues; /* all of them: their rings are written to */
    uint32_t index;
    struct rte_mempool *receive_pool, *send_pool; /* owned */
    struct rte_ring *hand_off; /* owned; others: enqueue packet buffers */
    struct rte_ring *lessons; /* owned; others: enqueue struct net_lesson */
    struct rte_mbuf *lent[PORT_MAX_BURST];
    uint32_t lent_count;
    bool prefers_device; /* whose turn it is when only one is asked for */
    struct net_neighbours neighbours;
    struct dpdk_loans loans;
    struct rte_mbuf *staged[PORT_MAX_BURST];
    uint32_t staged_count;
    struct dpdk_counters counters;
} __rte_cache_aligned;

/* Takes memory and rings; the queue is zeroed but for shared, queues and index. 0, or a negative
 * errno: dpdk_queue_close() undoes what was done. */
int dpdk_queue_open(struct dpdk_queue *queue, const struct dpdk_port_config *config);
/* Gives the device nothing more; then, once the device is closed, everything back. */
void dpdk_queue_stop(struct dpdk_queue *queue);
void dpdk_queue_close(struct dpdk_queue *queue); /* accepts one that was opened in part */

uint32_t dpdk_queue_receive(struct dpdk_queue *queue, struct port_received *burst, uint32_t count,
                            uint64_t now_ns);
void dpdk_queue_release(struct dpdk_queue *queue);
void dpdk_queue_send(struct dpdk_queue *queue, const struct port_outgoing *burst, uint32_t count,
                     uint64_t now_ns);

/* A frame that is not a datagram: answers it, learns from it, tells the other queues. */
void dpdk_queue_control(struct dpdk_queue *queue, const struct net_frame *frame,
                        const uint8_t *bytes, uint64_t now_ns);
/* What other queues heard, and questions that are due. */
void dpdk_queue_tend(struct dpdk_queue *queue, uint64_t now_ns);

/* Takes the packet buffer; what the device does not take is lost and counted. */
void dpdk_queue_stage(struct dpdk_queue *queue, struct rte_mbuf *mbuf);
void dpdk_queue_flush(struct dpdk_queue *queue);

/* Only the counter's writer. */
static inline void dpdk_count(_Atomic uint64_t *counter, uint64_t more)
{
    const uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + more, memory_order_relaxed);
}

#endif
