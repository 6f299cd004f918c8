/* A queue of the kernel UDP port: its sockets, what it received, what it sends, and the engine that
 * talks to the kernel. Belongs to one thread, but for the counters and the features. */
#ifndef DATAPLANE_PORT_URING_UDP_QUEUE_H
#define DATAPLANE_PORT_URING_UDP_QUEUE_H

#include "dataplane/port/uring/udp_receiver.h"
#include "dataplane/port/uring/udp_routes.h"
#include "dataplane/port/uring/udp_socket.h"
#include "dataplane/port/uring/udp_transmitter.h"
#include "dataplane/port/uring/uring_port.h"

#define UDP_APART_BYTES 128 /* what two threads write does not share these */

/* How a queue reaches the kernel: ring_engine.c or plain_engine.c. Called by the queue's thread but
 * for open and close. */
struct udp_engine {
    /* The sockets are open, the receiver's buffers all the engine's. 0 or a negative errno. */
    int (*open)(struct udp_queue *queue, const struct uring_port_config *config);
    /* Nothing is under way when it returns. Accepts an engine that was not opened. */
    void (*close)(struct udp_queue *queue);
    /* Gets messages that came into the inbox, and ends of zero-copy sends to the transmitter. */
    void (*collect)(struct udp_queue *queue);
    /* This buffer may be filled again. */
    void (*recycle)(struct udp_queue *queue, uint32_t buffer);
    /* Tries to send these slots without blocking; udp_transmitter_result() was called for each when
     * it returns. */
    void (*push)(struct udp_queue *queue, const uint16_t *slots, uint32_t count);
    /* Until something comes, wake_fd is readable, or there is room for what is pending; not longer
     * than timeout_ns, UINT64_MAX: for ever. It may end early. 0 or a negative errno. */
    int (*wait)(struct udp_queue *queue, int wake_fd, uint64_t timeout_ns);
};

struct udp_counters { /* the queue's thread: rw, others: ro, relaxed */
    _Atomic uint64_t received, received_bytes, sent, sent_bytes, bad, unsent, errors;
};

struct udp_queue {
    _Alignas(UDP_APART_BYTES) struct udp_socket sockets[URING_PORT_MAX_ADDRESSES];
    uint32_t socket_count;
    struct udp_routes *routes; /* the port's */
    uint32_t last_route; /* likely the next one's too */
    const struct udp_memories *memories; /* the port's */
    const struct udp_engine *engine;
    void *engine_state; /* owned by the engine */
    int ring_error;
    bool has_deferred_tasks;
    bool does_linger; /* closed, but the kernel may keep the sockets for a moment */
    struct udp_receiver receiver;
    struct udp_transmitter transmitter;
    void *memory; /* owned; what the buffers are in */
    size_t memory_bytes;
    struct udp_counters counters;
};

extern const struct udp_engine plain_engine;
extern const struct udp_engine ring_engine;

/* Takes sockets and memory. 0, or a negative errno with nothing left to undo. */
int udp_queue_open(struct udp_queue *queue, const struct uring_port_config *config);
void udp_queue_close(struct udp_queue *queue); /* accepts a zeroed one */

int udp_queue_wait(struct udp_queue *queue, int wake_fd, uint64_t timeout_ns);

/* Only the counter's writer. */
static inline void udp_count(_Atomic uint64_t *counter, uint64_t more)
{
    const uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + more, memory_order_relaxed);
}

#endif
