/* Decides what becomes of each message: sent, tried again, cut into datagrams, or lost.
 *
 * Zero copy pays only where the kernel really refers to the memory: not over loopback, nor to a
 * device that takes no fragments. The kernel says afterwards what it did; when it copied, the next
 * messages are copied at once, twice as many after each vain try. */
#include "dataplane/port/uring/udp_transmitter.h"
#include "dataplane/port/uring/udp_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define FIRST_PAUSE 256
#define LONGEST_PAUSE (1u << 20)

int udp_transmitter_init(struct udp_transmitter *transmitter,
                         const struct uring_port_config *config, uint8_t *buffers)
{
    const uint32_t count = config->send_count;
    *transmitter = (struct udp_transmitter){
        .slots = calloc(count, sizeof(*transmitter->slots)),
        .slot_count = count,
        .free = calloc(count, sizeof(*transmitter->free)),
        .free_count = count,
        .pending = calloc(count, sizeof(*transmitter->pending)),
        .ready = calloc(PORT_MAX_TOKENS, sizeof(*transmitter->ready)),
        .zero_copy_min_bytes = config->zero_copy_min_bytes,
        .zero_copy_next_pause = FIRST_PAUSE,
    };
    if (!transmitter->slots || !transmitter->free || !transmitter->pending || !transmitter->ready) {
        udp_transmitter_fini(transmitter);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        transmitter->slots[i].buffer = buffers + (size_t)i * UDP_SLOT_BUFFER_BYTES;
        transmitter->free[i] = (uint16_t)(count - 1 - i);
    }
    return 0;
}

void udp_transmitter_fini(struct udp_transmitter *transmitter)
{
    free(transmitter->slots);
    free(transmitter->free);
    free(transmitter->pending);
    free(transmitter->ready);
    *transmitter = (struct udp_transmitter){0};
}

static bool is_set(const _Atomic bool *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed);
}

static void clear(_Atomic bool *flag)
{
    atomic_store_explicit(flag, false, memory_order_relaxed);
}

static void give_token(struct udp_transmitter *transmitter, uint64_t token)
{
    assert(transmitter->ready_tail - transmitter->ready_head < PORT_MAX_TOKENS);
    transmitter->ready[transmitter->ready_tail++ % PORT_MAX_TOKENS] = token;
}

uint32_t udp_transmitter_sent(struct udp_queue *queue, uint64_t *tokens, uint32_t count)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    if (transmitter->lent_count > 0)
        queue->engine->collect(queue);
    udp_transmitter_flush(queue);
    uint32_t given = 0;
    while (given < count && transmitter->ready_head != transmitter->ready_tail)
        tokens[given++] = transmitter->ready[transmitter->ready_head++ % PORT_MAX_TOKENS];
    return given;
}

static void free_slot(struct udp_transmitter *transmitter, uint32_t index)
{
    struct udp_slot *slot = &transmitter->slots[index];
    for (uint32_t i = 0; i < slot->token_count; i++)
        give_token(transmitter, slot->tokens[i]);
    slot->token_count = 0;
    slot->state = UDP_SLOT_FREE;
    transmitter->free[transmitter->free_count++] = (uint16_t)index;
}

static void make_pending(struct udp_queue *queue, uint32_t index)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    struct udp_slot *slot = &transmitter->slots[index];
    udp_slot_own(slot, queue->memories);
    slot->state = UDP_SLOT_PENDING;
    slot->must_retry = false;
    const uint32_t tail = transmitter->pending_head + transmitter->pending_count++;
    transmitter->pending[tail % transmitter->slot_count] = (uint16_t)index;
}

static void pause_zero_copy(struct udp_transmitter *transmitter)
{
    transmitter->zero_copy_pause = transmitter->zero_copy_next_pause;
    if (transmitter->zero_copy_next_pause < LONGEST_PAUSE)
        transmitter->zero_copy_next_pause *= 2;
}

/* Errors of ICMP come to whoever next uses the socket, not to the datagram that met them. */
static bool is_told_by_network(int error)
{
    return error == -ECONNREFUSED || error == -EHOSTUNREACH || error == -ENETUNREACH ||
           error == -EHOSTDOWN || error == -EPROTO;
}

/* Whether the slot is to be tried once more, after an error. */
static bool wants_retry(struct udp_queue *queue, struct udp_slot *slot, int error)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    if (error == -EAGAIN || error == -EWOULDBLOCK || error == -EINTR)
        return true;
    if (is_told_by_network(error)) {
        udp_count(&queue->counters.errors, 1);
        if (slot->was_refused)
            return false;
        slot->was_refused = true;
        transmitter->wants_flush = true;
        return true;
    }
    if (!slot->wants_zero_copy)
        return false;
    if (error == -EOPNOTSUPP)
        clear(&transmitter->has_zero_copy);
    pause_zero_copy(transmitter);
    slot->wants_zero_copy = false;
    transmitter->wants_flush = true;
    return true;
}

/* The device cannot cut it, or no part of it fits the link: each datagram meets its own fate. */
static void give_up(struct udp_queue *queue, struct udp_slot *slot, int error)
{
    uint32_t sent = 0;
    uint64_t bytes = 0;
    if (slot->datagram_count > 1) {
        if (error == -EIO)
            clear(&queue->transmitter.has_gso);
        sent = udp_slot_send_singly(slot, queue->sockets[slot->socket].fd, &bytes);
    }
    udp_count(&queue->counters.sent, sent);
    udp_count(&queue->counters.sent_bytes, bytes);
    udp_count(&queue->counters.unsent, slot->datagram_count - sent);
}

void udp_transmitter_result(struct udp_queue *queue, uint32_t index, int result, bool is_lent)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    struct udp_slot *slot = &transmitter->slots[index];
    assert(slot->state == UDP_SLOT_FILLED);
    bool must_retry = false;
    if (result >= 0) {
        udp_count(&queue->counters.sent, slot->datagram_count);
        udp_count(&queue->counters.sent_bytes, slot->bytes);
    } else {
        must_retry = wants_retry(queue, slot, result);
        if (!must_retry)
            give_up(queue, slot, result);
    }
    if (is_lent) {
        assert(!slot->has_foreign);
        slot->state = UDP_SLOT_LENT;
        slot->must_retry = must_retry;
        transmitter->lent_count++;
    } else if (must_retry) {
        make_pending(queue, index);
    } else {
        free_slot(transmitter, index);
    }
}

void udp_transmitter_returned(struct udp_queue *queue, uint32_t index, bool was_copied)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    struct udp_slot *slot = &transmitter->slots[index];
    assert(slot->state == UDP_SLOT_LENT);
    transmitter->lent_count--;
    if (was_copied && transmitter->zero_copy_pause == 0)
        pause_zero_copy(transmitter);
    if (slot->must_retry)
        make_pending(queue, index);
    else
        free_slot(transmitter, index);
}

static void choose_zero_copy(struct udp_transmitter *transmitter, struct udp_slot *slot)
{
    if (!is_set(&transmitter->has_zero_copy) || slot->bytes < transmitter->zero_copy_min_bytes ||
        !udp_slot_fits_zero_copy(slot))
        return;
    if (transmitter->zero_copy_pause > 0)
        transmitter->zero_copy_pause--;
    else
        slot->wants_zero_copy = true;
}

/* By the socket that the question came to, or else the first of the address's family. */
static uint32_t choose_socket(const struct udp_queue *queue, const struct jtp_address *to,
                              const struct udp_route *route)
{
    if (route && route->socket < queue->socket_count)
        return route->socket;
    for (uint32_t i = 0; i < queue->socket_count; i++) {
        const struct udp_socket *udp = &queue->sockets[i];
        if (udp_address_is_any(&udp->local) ||
            udp_address_is_v4(&udp->local) == udp_address_is_v4(to))
            return i;
    }
    return 0;
}

static bool fill_slot(struct udp_queue *queue, uint32_t index, const struct port_outgoing *run,
                      uint32_t count)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    struct udp_slot *slot = &transmitter->slots[index];
    const struct udp_route *route = udp_routes_find(queue->routes, run[0].to.route);
    slot->socket = choose_socket(queue, &run[0].to, route);
    if (!udp_slot_fill(slot, &queue->sockets[slot->socket], route, queue->memories, run, count))
        return false;
    choose_zero_copy(transmitter, slot);
    return true;
}

static void lose(struct udp_queue *queue, const struct port_outgoing *run, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (run[i].payload_bytes > 0 && run[i].token != 0)
            give_token(&queue->transmitter, run[i].token);
    udp_count(&queue->counters.unsent, count);
}

static bool is_sane(const struct port_outgoing *datagram)
{
    assert(datagram->head_bytes <= PORT_MAX_HEAD_BYTES);
    return datagram->payload_bytes <= UDP_MAX_PAYLOAD_BYTES - datagram->head_bytes;
}

void udp_transmitter_send(struct udp_queue *queue, const struct port_outgoing *burst,
                          uint32_t count)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    uint16_t filled[PORT_MAX_BURST];
    uint32_t filled_count = 0;
    uint32_t run = 0;
    for (uint32_t i = 0; i < count; i += run) {
        run = is_set(&transmitter->has_gso) && is_sane(&burst[i])
                  ? udp_slot_run(&burst[i], count - i)
                  : 1;
        if (filled_count == PORT_MAX_BURST || (transmitter->free_count == 0 && filled_count > 0)) {
            queue->engine->push(queue, filled, filled_count);
            filled_count = 0;
        }
        if (transmitter->free_count == 0 || !is_sane(&burst[i])) {
            lose(queue, &burst[i], run);
            continue;
        }
        const uint16_t index = transmitter->free[--transmitter->free_count];
        if (fill_slot(queue, index, &burst[i], run)) {
            filled[filled_count++] = index;
        } else { /* its tokens go back with it */
            udp_count(&queue->counters.unsent, run);
            free_slot(transmitter, index);
        }
    }
    if (filled_count > 0)
        queue->engine->push(queue, filled, filled_count);
    if (transmitter->wants_flush)
        udp_transmitter_flush(queue);
}

void udp_transmitter_flush(struct udp_queue *queue)
{
    struct udp_transmitter *transmitter = &queue->transmitter;
    uint32_t left =
        transmitter->pending_count; /* what this try leaves pending is not tried again */
    transmitter->wants_flush = false;
    while (left > 0) {
        uint16_t slots[PORT_MAX_BURST];
        uint32_t count = 0;
        while (count < PORT_MAX_BURST && count < left) {
            slots[count] = transmitter->pending[transmitter->pending_head];
            transmitter->slots[slots[count++]].state = UDP_SLOT_FILLED;
            transmitter->pending_head = (transmitter->pending_head + 1) % transmitter->slot_count;
            transmitter->pending_count--;
        }
        left -= count;
        queue->engine->push(queue, slots, count);
    }
}
