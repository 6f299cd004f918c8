/* A port: UDP datagrams in and out, from DPDK or from the kernel, in bursts.
 *
 * A port has one or more queues; a queue belongs to the first thread that uses it (any thread may
 * read its counters) and shares nothing with the others that the request path writes. Datagrams of
 * one sender (address and UDP port) come on one queue, as long as the sender keeps its address. No
 * call blocks but port_wait(); none allocates after the port was opened.
 *
 * Receiving: port_receive() lends a burst. Its bytes stay until port_release() of that burst, which
 * must come before the next port_receive() of the queue: whoever wants the bytes copies them to
 * their place, once.
 *
 * Sending: a datagram is a head, which the port copies, and a payload, which it may send from where
 * it lies. A payload in memory given to port_add_memory() is not copied where the port can do
 * without; it must stay unchanged until its token comes back from port_sent(). All others are
 * copied before port_send() returns. At most PORT_MAX_TOKENS of a queue may be out, that is, given
 * to port_send() and not yet fetched by port_sent(). */
#ifndef DATAPLANE_PORT_PORT_H
#define DATAPLANE_PORT_PORT_H

#include "dataplane/proto/address.h"

#include <stddef.h>
#include <stdint.h>

#define PORT_MAX_HEAD_BYTES 512
#define PORT_MAX_BURST 64
#define PORT_MAX_TOKENS 16384

struct port_received {
    struct jtp_address from; /* route: filled in by the port; give it back to answer */
    const uint8_t *bytes; /* the UDP payload, in one piece */
    uint32_t count;
};

struct port_outgoing {
    struct jtp_address to;
    const uint8_t *head; /* copied */
    uint32_t head_bytes; /* at most PORT_MAX_HEAD_BYTES */
    const uint8_t *payload; /* follows the head */
    uint32_t payload_bytes; /* 0: none, and no token */
    uint64_t token; /* comes back from port_sent() once the payload may change; 0: none wanted */
};

/* Written by the queue's thread, read by any: relaxed atomics behind port_counters(). */
struct port_counters {
    uint64_t received, received_bytes;
    uint64_t sent, sent_bytes;
    uint64_t bad; /* not UDP for us, broken lengths or checksums */
    uint64_t missed; /* came while the port had no room */
    uint64_t unsent; /* the port had no room, no route or no neighbour: lost, as on a network */
    uint64_t errors; /* told by the network (ICMP) or the kernel: hints, nothing is done */
};

struct port;

struct port_ops {
    const char *name; /* "dpdk", "uring" */
    /* Up to count datagrams, at most PORT_MAX_BURST; returns how many. */
    uint32_t (*receive)(struct port *port, uint32_t queue, struct port_received *burst,
                        uint32_t count, uint64_t now_ns);
    void (*release)(struct port *port, uint32_t queue);
    /* Takes all of them: what cannot be sent is lost and counted, and its token comes back. */
    void (*send)(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                 uint32_t count, uint64_t now_ns);
    /* Tokens whose payload may change; returns how many. */
    uint32_t (*sent)(struct port *port, uint32_t queue, uint64_t *tokens, uint32_t count);
    /* Sleeps until a datagram comes, wake_fd is readable (-1: none) or the time is over; may return
     * early. It does not read wake_fd. A port that can only poll returns at once. 0, or a negative
     * errno. */
    int (*wait)(struct port *port, uint32_t queue, int wake_fd, uint64_t timeout_ns);
    /* Before the first send: memory that payloads will come from. 0, or a negative errno: then they
     * are copied. */
    int (*add_memory)(struct port *port, void *memory, size_t bytes);
    /* The largest UDP payload that the link takes without fragments, for this family. */
    uint32_t (*max_datagram_bytes)(const struct port *port, const struct jtp_address *to);
    void (*counters)(const struct port *port, uint32_t queue, struct port_counters *counters);
    /* The addresses it listens on: at most count are filled in; returns how many there are. */
    uint32_t (*addresses)(const struct port *port, struct jtp_address *addresses, uint32_t count);
    /* By the thread that used the queues, or after those threads ended. Sends under way are
     * finished or dropped: then every payload may change, and tokens not fetched are gone. */
    void (*close)(struct port *port);
};

/* The first member of every port's own struct. */
struct port {
    const struct port_ops *ops;
    uint32_t queue_count;
};

static inline uint32_t port_receive(struct port *port, uint32_t queue, struct port_received *burst,
                                    uint32_t count, uint64_t now_ns)
{
    return port->ops->receive(port, queue, burst, count, now_ns);
}

static inline void port_release(struct port *port, uint32_t queue)
{
    port->ops->release(port, queue);
}

static inline void port_send(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                             uint32_t count, uint64_t now_ns)
{
    port->ops->send(port, queue, burst, count, now_ns);
}

static inline uint32_t port_sent(struct port *port, uint32_t queue, uint64_t *tokens,
                                 uint32_t count)
{
    return port->ops->sent(port, queue, tokens, count);
}

static inline int port_wait(struct port *port, uint32_t queue, int wake_fd, uint64_t timeout_ns)
{
    return port->ops->wait(port, queue, wake_fd, timeout_ns);
}

static inline int port_add_memory(struct port *port, void *memory, size_t bytes)
{
    return port->ops->add_memory(port, memory, bytes);
}

static inline uint32_t port_max_datagram_bytes(const struct port *port,
                                               const struct jtp_address *to)
{
    return port->ops->max_datagram_bytes(port, to);
}

static inline void port_counters(const struct port *port, uint32_t queue,
                                 struct port_counters *counters)
{
    port->ops->counters(port, queue, counters);
}

static inline uint32_t port_addresses(const struct port *port, struct jtp_address *addresses,
                                      uint32_t count)
{
    return port->ops->addresses(port, addresses, count);
}

/* Accepts NULL. */
static inline void port_close(struct port *port)
{
    if (port)
        port->ops->close(port);
}

#endif
