/* Reaches the kernel by recvmmsg and sendmmsg: where io_uring is refused, as in many containers. */
#include "dataplane/port/uring/udp_queue.h"
#include "dataplane/port/uring/udp_send.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#define MOST_AT_ONCE PORT_MAX_BURST
#define LEAST_AT_ONCE 4

struct plain {
    uint16_t *free; /* owned: buffers to receive into, a stack */
    uint32_t free_count;
    uint32_t at_once; /* as many as came lately: each costs a little, also if it does not come */
    uint32_t first_socket; /* whose turn it is */
};

static int plain_open(struct udp_queue *queue, const struct uring_port_config *config)
{
    struct plain *plain = calloc(1, sizeof(*plain));
    if (!plain)
        return -ENOMEM;
    plain->free = calloc(config->receive_count, sizeof(*plain->free));
    if (!plain->free) {
        free(plain);
        return -ENOMEM;
    }
    plain->at_once = LEAST_AT_ONCE;
    for (uint32_t i = 0; i < config->receive_count; i++)
        plain->free[plain->free_count++] = (uint16_t)i;
    queue->engine_state = plain;
    return 0;
}

static void plain_close(struct udp_queue *queue)
{
    struct plain *plain = queue->engine_state;
    if (!plain)
        return;
    free(plain->free);
    free(plain);
    queue->engine_state = NULL;
}

static void plain_recycle(struct udp_queue *queue, uint32_t buffer)
{
    struct plain *plain = queue->engine_state;
    plain->free[plain->free_count++] = (uint16_t)buffer;
}

/* Lays a buffer out as the ring engine would. */
static void describe(const struct udp_receiver *receiver, uint32_t buffer, struct msghdr *message,
                     struct iovec *part)
{
    uint8_t *bytes = udp_receiver_buffer(receiver, buffer);
    uint8_t *name = bytes + sizeof(struct udp_message_header);
    *part = (struct iovec){.iov_base = bytes + UDP_MESSAGE_PAYLOAD_AT,
                           .iov_len = receiver->payload_bytes};
    *message = (struct msghdr){
        .msg_name = name,
        .msg_namelen = UDP_MESSAGE_NAME_BYTES,
        .msg_iov = part,
        .msg_iovlen = 1,
        .msg_control = name + UDP_MESSAGE_NAME_BYTES,
        .msg_controllen = UDP_MESSAGE_CONTROL_BYTES,
    };
}

static void adapt(struct plain *plain, int came)
{
    const uint32_t some = came > 0 ? (uint32_t)came : 0;
    if (some >= plain->at_once)
        plain->at_once = some * 2 < MOST_AT_ONCE ? some * 2 : MOST_AT_ONCE;
    else
        plain->at_once = some > LEAST_AT_ONCE ? some : LEAST_AT_ONCE;
}

static void receive_from(struct udp_queue *queue, uint32_t socket)
{
    struct plain *plain = queue->engine_state;
    struct udp_receiver *receiver = &queue->receiver;
    struct mmsghdr messages[MOST_AT_ONCE];
    struct iovec parts[MOST_AT_ONCE];
    const uint32_t count = plain->free_count < plain->at_once ? plain->free_count : plain->at_once;
    for (uint32_t i = 0; i < count; i++)
        describe(receiver, plain->free[plain->free_count - 1 - i], &messages[i].msg_hdr, &parts[i]);
    if (count == 0)
        return;
    const int came = recvmmsg(queue->sockets[socket].fd, messages, count, MSG_DONTWAIT, NULL);
    if (came < 0 && errno != EAGAIN && errno != EINTR)
        udp_count(&queue->counters.errors, 1);
    adapt(plain, came);
    for (int i = 0; i < came; i++) {
        const uint16_t buffer = plain->free[--plain->free_count];
        const struct udp_message_header header = {
            .name_bytes = messages[i].msg_hdr.msg_namelen,
            .control_bytes = (uint32_t)messages[i].msg_hdr.msg_controllen,
            .payload_bytes = messages[i].msg_len,
            .flags = (uint32_t)messages[i].msg_hdr.msg_flags,
        };
        memcpy(udp_receiver_buffer(receiver, buffer), &header, sizeof(header));
        udp_receiver_arrived(receiver, buffer, socket);
    }
}

static void plain_collect(struct udp_queue *queue)
{
    struct plain *plain = queue->engine_state;
    if (udp_receiver_has_some(&queue->receiver))
        return;
    for (uint32_t i = 0; i < queue->socket_count; i++)
        receive_from(queue, (plain->first_socket + i) % queue->socket_count);
    plain->first_socket = (plain->first_socket + 1) % queue->socket_count;
}

static int plain_wait(struct udp_queue *queue, int wake_fd, uint64_t timeout_ns)
{
    struct pollfd polls[URING_PORT_MAX_ADDRESSES + 1];
    const short events = queue->transmitter.pending_count > 0 ? POLLIN | POLLOUT : POLLIN;
    for (uint32_t i = 0; i < queue->socket_count; i++)
        polls[i] = (struct pollfd){.fd = queue->sockets[i].fd, .events = events};
    polls[queue->socket_count] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
    const struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ns / 1000000000u),
        .tv_nsec = (long)(timeout_ns % 1000000000u),
    };
    const int ready =
        ppoll(polls, queue->socket_count + 1, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
    return ready < 0 && errno != EINTR ? -errno : 0;
}

const struct udp_engine plain_engine = {
    .open = plain_open,
    .close = plain_close,
    .collect = plain_collect,
    .recycle = plain_recycle,
    .push = udp_send_plainly,
    .wait = plain_wait,
};
