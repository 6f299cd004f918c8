/* Datagrams on their way into the kernel: grouped, tried, and their tokens.
 *
 *            fill            push: sent or lost
 *   free ──────────> filled ───────────────────────────> free, tokens ready
 *                     │ ^ │ push: sent, not copied          ^
 *     no room: EAGAIN │ │ └──────────────> lent ────────────┘ the kernel is done with it
 *                     v │ flush
 *                   pending
 *
 * A pending slot has its own copy of everything that is not in added memory. One thread. */
#ifndef DATAPLANE_PORT_URING_UDP_TRANSMITTER_H
#define DATAPLANE_PORT_URING_UDP_TRANSMITTER_H

#include "dataplane/port/uring/udp_slot.h"

#include <stdatomic.h>

struct udp_transmitter {
    struct udp_slot *slots; /* owned */
    uint32_t slot_count;
    uint16_t *free; /* owned, a stack: the last one used is in the cache */
    uint32_t free_count;
    uint16_t *pending; /* owned, a ring in the order of port_send() */
    uint32_t pending_head, pending_count;
    bool wants_flush; /* some of them need not wait for room */
    uint32_t lent_count;
    uint64_t *ready; /* owned, PORT_MAX_TOKENS */
    uint32_t ready_head, ready_tail; /* free-running */
    uint32_t zero_copy_min_bytes;
    uint32_t zero_copy_pause; /* messages that could, and are copied before it is tried again */
    uint32_t zero_copy_next_pause;
    _Atomic bool has_gso, has_zero_copy;
};

struct udp_queue;

/* Buffers: send_count * UDP_SLOT_BUFFER_BYTES, the caller's. 0 or -ENOMEM. */
int udp_transmitter_init(struct udp_transmitter *transmitter,
                         const struct uring_port_config *config, uint8_t *buffers);
void udp_transmitter_fini(struct udp_transmitter *transmitter); /* accepts a zeroed one */

void udp_transmitter_send(struct udp_queue *queue, const struct port_outgoing *burst,
                          uint32_t count);
/* Tries what is pending once more. */
void udp_transmitter_flush(struct udp_queue *queue);
uint32_t udp_transmitter_sent(struct udp_queue *queue, uint64_t *tokens, uint32_t count);

/* The engine, of a slot it was given: bytes sent or a negative errno; is_lent: the kernel still
 * reads it, and udp_transmitter_returned() will follow. */
void udp_transmitter_result(struct udp_queue *queue, uint32_t slot, int result, bool is_lent);
/* was_copied: the kernel copied it after all. */
void udp_transmitter_returned(struct udp_queue *queue, uint32_t slot, bool was_copied);

#endif
