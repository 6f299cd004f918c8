/* The port's table of functions, and what its queues share. */
#include "dataplane/port/uring/uring_port.h"
#include "dataplane/port/uring/udp_link.h"
#include "dataplane/port/uring/udp_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define GRO_BYTES 65535
#define SINGLE_BYTES 9216

struct uring_port {
    struct port port; /* first: callers hold this */
    struct udp_routes routes;
    struct udp_memories memories;
    struct udp_link link;
    struct udp_queue queues[]; /* port.queue_count */
};

static struct uring_port *of(struct port *port)
{
    return (struct uring_port *)port;
}

static const struct uring_port *of_const(const struct port *port)
{
    return (const struct uring_port *)port;
}

static struct udp_queue *queue_of(struct port *port, uint32_t queue)
{
    assert(queue < port->queue_count);
    return &of(port)->queues[queue];
}

static uint32_t op_receive(struct port *port, uint32_t queue, struct port_received *burst,
                           uint32_t count, uint64_t now_ns)
{
    struct udp_queue *q = queue_of(port, queue);
    q->engine->collect(q);
    if (q->transmitter.pending_count > 0)
        udp_transmitter_flush(q);
    return udp_receiver_take(q, burst, count);
}

static void op_release(struct port *port, uint32_t queue)
{
    udp_receiver_release(queue_of(port, queue));
}

static void op_send(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                    uint32_t count, uint64_t now_ns)
{
    struct udp_queue *q = queue_of(port, queue);
    if (q->transmitter.pending_count > 0)
        udp_transmitter_flush(q);
    udp_transmitter_send(q, burst, count);
}

static uint32_t op_sent(struct port *port, uint32_t queue, uint64_t *tokens, uint32_t count)
{
    return udp_transmitter_sent(queue_of(port, queue), tokens, count);
}

static int op_wait(struct port *port, uint32_t queue, int wake_fd, uint64_t timeout_ns)
{
    return udp_queue_wait(queue_of(port, queue), wake_fd, timeout_ns);
}

static int op_add_memory(struct port *port, void *memory, size_t bytes)
{
    struct udp_memories *memories = &of(port)->memories;
    if (memories->count == URING_PORT_MAX_MEMORIES)
        return -ENOSPC;
    memories->memory[memories->count].first = memory;
    memories->memory[memories->count++].bytes = bytes;
    return 0;
}

static uint32_t op_max_datagram_bytes(const struct port *port, const struct jtp_address *to)
{
    const struct uring_port *uring = of_const(port);
    return udp_link_max_datagram_bytes(&uring->link, to);
}

static void op_counters(const struct port *port, uint32_t queue, struct port_counters *counters)
{
    assert(queue < port->queue_count);
    const struct udp_queue *q = &of_const(port)->queues[queue];
    const struct udp_counters *from = &q->counters;
    const memory_order order = memory_order_relaxed;
    *counters = (struct port_counters){
        .received = atomic_load_explicit(&from->received, order),
        .received_bytes = atomic_load_explicit(&from->received_bytes, order),
        .sent = atomic_load_explicit(&from->sent, order),
        .sent_bytes = atomic_load_explicit(&from->sent_bytes, order),
        .bad = atomic_load_explicit(&from->bad, order),
        .unsent = atomic_load_explicit(&from->unsent, order),
        .errors = atomic_load_explicit(&from->errors, order),
    };
    for (uint32_t i = 0; i < q->socket_count; i++)
        counters->missed += udp_socket_missed(&q->sockets[i]);
}

static uint32_t op_addresses(const struct port *port, struct jtp_address *addresses, uint32_t count)
{
    const struct udp_queue *first = &of_const(port)->queues[0];
    for (uint32_t i = 0; i < first->socket_count && i < count; i++)
        addresses[i] = first->sockets[i].local;
    return first->socket_count;
}

static void op_close(struct port *port)
{
    struct jtp_address bound[URING_PORT_MAX_ADDRESSES];
    const uint32_t bound_count = op_addresses(port, bound, URING_PORT_MAX_ADDRESSES);
    bool does_linger = false;
    for (uint32_t i = 0; i < port->queue_count; i++) {
        udp_queue_close(&of(port)->queues[i]);
        does_linger = does_linger || of(port)->queues[i].does_linger;
    }
    for (uint32_t i = 0; i < bound_count && does_linger; i++)
        udp_socket_await_free(&bound[i]);
    free(of(port));
}

static const struct port_ops uring_ops = {
    .name = "uring",
    .receive = op_receive,
    .release = op_release,
    .send = op_send,
    .sent = op_sent,
    .wait = op_wait,
    .add_memory = op_add_memory,
    .max_datagram_bytes = op_max_datagram_bytes,
    .counters = op_counters,
    .addresses = op_addresses,
    .close = op_close,
};

struct uring_port_config uring_port_config_default(void)
{
    return (struct uring_port_config){
        .address_count = 1,
        .queue_count = 1,
        .receive_count = 128,
        .send_count = 128,
        .socket_buffer_bytes = 8u << 20,
        .mode = URING_PORT_AUTO,
        .wants_gro = true,
        .wants_gso = true,
        .zero_copy_min_bytes = 32768,
    };
}

/* With the sizes that were left to us. */
static int complete(struct uring_port_config *config)
{
    if (config->receive_bytes == 0)
        config->receive_bytes = config->wants_gro ? GRO_BYTES : SINGLE_BYTES;
    const uint32_t buffers = config->receive_count;
    const bool is_power = buffers >= 4 && buffers <= 4096 && (buffers & (buffers - 1)) == 0;
    const bool is_right =
        is_power && config->send_count >= 1 && config->send_count <= 4096 &&
        config->address_count >= 1 && config->address_count <= URING_PORT_MAX_ADDRESSES &&
        config->queue_count >= 1 && config->queue_count <= URING_PORT_MAX_QUEUES &&
        config->receive_bytes <= GRO_BYTES &&
        (!config->wants_gro || config->receive_bytes == GRO_BYTES) &&
        (config->peer.port == 0 || config->queue_count == 1);
    return is_right ? 0 : -EINVAL;
}

static int open_sockets(struct uring_port *uring, struct udp_queue *queue,
                        const struct uring_port_config *config)
{
    const bool is_first = queue == uring->queues;
    for (uint32_t i = 0; i < config->address_count; i++) {
        const struct udp_socket_config wanted = {
            /* The first queue's socket tells the others which port was free. */
            .local = is_first ? config->addresses[i] : uring->queues[0].sockets[i].local,
            .peer = config->peer.port != 0 ? &config->peer : NULL,
            .buffer_bytes = config->socket_buffer_bytes,
            .joins_others = !is_first,
            .is_shared = config->queue_count > 1,
            .wants_gro = config->wants_gro,
        };
        const int error = udp_socket_open(&queue->sockets[i], &wanted);
        if (error)
            return error;
        queue->socket_count++;
    }
    return 0;
}

static int open_queues(struct uring_port *uring, const struct uring_port_config *config)
{
    /* All sockets before any engine: a datagram must not be given to a group that still grows. */
    for (uint32_t i = 0; i < config->queue_count; i++) {
        uring->queues[i].routes = &uring->routes;
        uring->queues[i].memories = &uring->memories;
        const int error = open_sockets(uring, &uring->queues[i], config);
        if (error)
            return error;
    }
    for (uint32_t i = 0; i < config->queue_count; i++) {
        const int error = udp_queue_open(&uring->queues[i], config);
        if (error)
            return error;
    }
    return 0;
}

int uring_port_open(struct port **port, const struct uring_port_config *config)
{
    *port = NULL;
    struct uring_port_config full = *config;
    int error = complete(&full);
    if (error)
        return error;
    const size_t bytes = sizeof(struct uring_port) + full.queue_count * sizeof(struct udp_queue);
    struct uring_port *uring = aligned_alloc(UDP_APART_BYTES, bytes);
    if (!uring)
        return -ENOMEM;
    memset(uring, 0, bytes);
    uring->port = (struct port){.ops = &uring_ops, .queue_count = full.queue_count};
    udp_routes_init(&uring->routes);
    for (uint32_t i = 0; i < full.address_count; i++)
        (void)udp_routes_number(&uring->routes, &(struct udp_route){.socket = i});
    error = open_queues(uring, &full);
    if (error) {
        op_close(&uring->port);
        return error;
    }
    udp_link_init(&uring->link, udp_socket_path_bytes(&uring->queues[0].sockets[0]));
    *port = &uring->port;
    return 0;
}

void uring_port_features(const struct port *port, struct uring_port_features *features)
{
    const struct udp_queue *queue = &of_const(port)->queues[0];
    const struct udp_socket *udp = &queue->sockets[0];
    const memory_order order = memory_order_relaxed;
    *features = (struct uring_port_features){
        .has_ring = queue->engine == &ring_engine,
        .ring_error = queue->ring_error,
        .has_deferred_tasks = queue->has_deferred_tasks,
        .has_gro = udp->has_gro,
        .has_gso = atomic_load_explicit(&queue->transmitter.has_gso, order),
        .has_zero_copy = atomic_load_explicit(&queue->transmitter.has_zero_copy, order),
        .receive_buffer_bytes = udp_socket_buffer_bytes(udp, SO_RCVBUF),
        .send_buffer_bytes = udp_socket_buffer_bytes(udp, SO_SNDBUF),
    };
}

void uring_port_describe(const struct port *port, char *text, size_t text_bytes)
{
    struct uring_port_features has;
    uring_port_features(port, &has);
    char engine[96];
    if (has.has_ring)
        snprintf(engine, sizeof(engine), "io_uring%s", has.has_deferred_tasks ? ", deferred" : "");
    else
        snprintf(engine, sizeof(engine), "recvmmsg, sendmmsg (io_uring: %s)",
                 has.ring_error == -ENOTSUP ? "not wanted" : strerrordesc_np(-has.ring_error));
    snprintf(text, text_bytes, "%s; GRO %s, GSO %s, zero copy %s; socket buffers %u and %u bytes",
             engine, has.has_gro ? "on" : "off", has.has_gso ? "on" : "off",
             has.has_zero_copy ? "where it pays" : "off", has.receive_buffer_bytes,
             has.send_buffer_bytes);
}
