/* Reaches the kernel by io_uring: one receive request per socket that lasts, buffers lent to the
 * kernel, zero-copy sends. Sends that the kernel copies go by sendmmsg: as requests of the
 * ring they cost 2 to 9 % more (tests/bench/uring_bench.c).
 *
 * The ring belongs to the queue's thread and works only when asked (DEFER_TASKRUN), so it is opened
 * disabled and enabled by the first use. A flag in memory says that there is work, so a poll that
 * finds none makes no system call. Sends are MSG_DONTWAIT: each is done, or has failed, when it was
 * submitted; the second completion, that its memory may change, comes later.
 *
 * A receive request ends when it finds no buffer (-ENOBUFS): then the socket's own buffer fills,
 * and what does not fit is missed, until buffers are back and the request is made again. */
#include "dataplane/port/uring/ring_probe.h"
#include "dataplane/port/uring/udp_queue.h"
#include "dataplane/port/uring/udp_send.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#define BUFFER_GROUP 0

/* Of Linux 6.2, which liburing 2.3 does not know yet: the end of a zero-copy send says whether the
 * kernel copied after all. */
#define SEND_ZC_REPORT_USAGE (1u << 3)
#define NOTIF_USAGE_ZC_COPIED (1u << 31)

enum request { REQUEST_RECEIVE = 1, REQUEST_SEND, REQUEST_WAKE, REQUEST_ROOM };

struct ring {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers; /* owned: where the kernel finds buffers to fill */
    size_t buffers_bytes;
    uint32_t free_count; /* the kernel's, as far as we know */
    uint32_t buffer_count;
    struct msghdr receive_form; /* sizes of name and control */
    bool is_receiving[URING_PORT_MAX_ADDRESSES];
    uint32_t receiving_count;
    bool is_watched[URING_PORT_MAX_ADDRESSES]; /* for room to send */
    uint32_t wake_number; /* of the last request for a caller's wake_fd */
    bool is_wake_seen; /* that request has ended */
    uint32_t sends_left; /* pushed, result not seen */
    uint32_t zero_copy_flags;
    bool is_enabled;
};

static uint64_t user_data(enum request request, uint32_t index)
{
    return (uint64_t)request << 32 | index;
}

static void ring_recycle(struct udp_queue *queue, uint32_t buffer)
{
    struct ring *ring = queue->engine_state;
    const struct udp_receiver *receiver = &queue->receiver;
    const uint32_t bytes = (uint32_t)UDP_MESSAGE_PAYLOAD_AT + receiver->payload_bytes;
    io_uring_buf_ring_add(ring->buffers, udp_receiver_buffer(receiver, buffer), bytes,
                          (unsigned short)buffer, (int)ring->buffer_count - 1, 0);
    io_uring_buf_ring_advance(ring->buffers, 1);
    ring->free_count++;
}

static int give_buffers(struct udp_queue *queue, struct ring *ring, uint32_t count)
{
    ring->buffer_count = count;
    ring->buffers_bytes = count * sizeof(struct io_uring_buf);
    void *memory = mmap(NULL, ring->buffers_bytes, PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    ring->buffers = memory;
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)memory,
        .ring_entries = count,
        .bgid = BUFFER_GROUP,
    };
    const int error = io_uring_register_buf_ring(&ring->ring, &registration, 0);
    if (error)
        return error;
    io_uring_buf_ring_init(ring->buffers);
    for (uint32_t i = 0; i < count; i++)
        ring_recycle(queue, i);
    return 0;
}

static void free_ring(struct ring *ring)
{
    io_uring_queue_exit(&ring->ring);
    if (ring->buffers)
        munmap(ring->buffers, ring->buffers_bytes);
    free(ring);
}

static int ring_open(struct udp_queue *queue, const struct uring_port_config *config)
{
    struct ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return -ENOMEM;
    const uint32_t submissions = PORT_MAX_BURST + URING_PORT_MAX_ADDRESSES;
    /* At most: every buffer once, every slot twice, for each socket an end and a watch, one wake.
     */
    const uint32_t completions =
        config->receive_count + 2 * config->send_count + 2 * URING_PORT_MAX_ADDRESSES + 4;
    int error = ring_probe_open(&ring->ring, submissions, completions, &ring->is_enabled);
    if (error) {
        free(ring);
        return error;
    }
    struct ring_probe probe;
    error = ring_probe(&ring->ring, &probe);
    if (error)
        goto free_ring;
    queue->engine_state = ring;
    error = give_buffers(queue, ring, config->receive_count);
    if (error)
        goto free_ring;
    ring->receive_form = (struct msghdr){
        .msg_namelen = UDP_MESSAGE_NAME_BYTES,
        .msg_controllen = UDP_MESSAGE_CONTROL_BYTES,
    };
    queue->has_deferred_tasks = (ring->ring.flags & IORING_SETUP_DEFER_TASKRUN) != 0;
    ring->zero_copy_flags = SEND_ZC_REPORT_USAGE;
    atomic_store(&queue->transmitter.has_zero_copy,
                 probe.has_zero_copy && config->zero_copy_min_bytes > 0);
    return 0;
free_ring:
    queue->engine_state = NULL;
    free_ring(ring);
    return error;
}

static void on_receive(struct udp_queue *queue, const struct io_uring_cqe *cqe, uint32_t socket)
{
    struct ring *ring = queue->engine_state;
    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        ring->is_receiving[socket] = false;
        ring->receiving_count--;
    }
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        const uint32_t buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        ring->free_count--;
        if (cqe->res >= (int)UDP_MESSAGE_PAYLOAD_AT)
            udp_receiver_arrived(&queue->receiver, buffer, socket);
        else
            ring_recycle(queue, buffer);
    }
    if (cqe->res < 0 && cqe->res != -ENOBUFS && cqe->res != -EAGAIN && cqe->res != -ECANCELED)
        udp_count(&queue->counters.errors, 1);
}

static void on_send(struct udp_queue *queue, const struct io_uring_cqe *cqe, uint32_t slot)
{
    struct ring *ring = queue->engine_state;
    if (cqe->flags & IORING_CQE_F_NOTIF) {
        const bool was_copied =
            ring->zero_copy_flags != 0 && ((uint32_t)cqe->res & NOTIF_USAGE_ZC_COPIED) != 0;
        udp_transmitter_returned(queue, slot, was_copied);
        return;
    }
    ring->sends_left--;
    /* Linux 6.1 knows zero copy, but does not report. */
    if (cqe->res == -EINVAL && queue->transmitter.slots[slot].wants_zero_copy)
        ring->zero_copy_flags = 0;
    udp_transmitter_result(queue, slot, cqe->res, (cqe->flags & IORING_CQE_F_MORE) != 0);
}

static void on_completion(struct udp_queue *queue, const struct io_uring_cqe *cqe)
{
    struct ring *ring = queue->engine_state;
    const uint32_t index = (uint32_t)cqe->user_data;
    const uint64_t request = cqe->user_data >> 32;
    if (request == REQUEST_RECEIVE)
        on_receive(queue, cqe, index);
    else if (request == REQUEST_SEND)
        on_send(queue, cqe, index);
    else if (request == REQUEST_WAKE && index == ring->wake_number)
        ring->is_wake_seen = true;
    else if (request == REQUEST_ROOM)
        ring->is_watched[index] = false;
}

static void reap(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    struct io_uring_cqe *cqes[PORT_MAX_BURST];
    uint32_t count;
    while ((count = io_uring_peek_batch_cqe(&ring->ring, cqes, PORT_MAX_BURST)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            on_completion(queue, cqes[i]);
        io_uring_cq_advance(&ring->ring, count);
    }
}

static void submit(struct ring *ring)
{
    const int result = io_uring_submit(&ring->ring);
    assert(result != -EEXIST); /* this thread is not the first that used the queue */
    (void)result;
}

static void start_receiving(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    for (uint32_t i = 0; i < queue->socket_count; i++) {
        if (ring->is_receiving[i])
            continue;
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);
        if (!sqe)
            break;
        io_uring_prep_recvmsg_multishot(sqe, queue->sockets[i].fd, &ring->receive_form, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = BUFFER_GROUP;
        io_uring_sqe_set_data64(sqe, user_data(REQUEST_RECEIVE, i));
        ring->is_receiving[i] = true;
        ring->receiving_count++;
    }
    submit(ring);
}

static bool must_start_receiving(const struct udp_queue *queue)
{
    const struct ring *ring = queue->engine_state;
    return ring->receiving_count < queue->socket_count && ring->free_count > 0;
}

/* On the queue's thread, before anything else of a call. */
static void prepare(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    if (!ring->is_enabled)
        ring->is_enabled = ring_probe_enable(&ring->ring) == 0;
    if (must_start_receiving(queue))
        start_receiving(queue);
}

static void ring_collect(struct udp_queue *queue)
{
    /* A datagram of no bytes ends the request: a few such must not hold up the others. */
    uint32_t rounds = PORT_MAX_BURST;
    do {
        prepare(queue);
        reap(queue);
    } while (must_start_receiving(queue) && --rounds > 0);
}

static void queue_zero_copy(struct udp_queue *queue, uint32_t index)
{
    struct ring *ring = queue->engine_state;
    struct udp_slot *slot = &queue->transmitter.slots[index];
    const int fd = queue->sockets[slot->socket].fd;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);
    if (!sqe) {
        submit(ring);
        sqe = io_uring_get_sqe(&ring->ring);
    }
    if (!sqe) {
        udp_transmitter_result(queue, index, -EAGAIN, false);
        return;
    }
    io_uring_prep_sendmsg_zc(sqe, fd, &slot->message, MSG_DONTWAIT | MSG_NOSIGNAL);
    sqe->ioprio = (uint16_t)ring->zero_copy_flags;
    io_uring_sqe_set_data64(sqe, user_data(REQUEST_SEND, index));
    ring->sends_left++;
}

static void ring_push(struct udp_queue *queue, const uint16_t *slots, uint32_t count)
{
    struct ring *ring = queue->engine_state;
    uint16_t copied[PORT_MAX_BURST];
    uint32_t copied_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!queue->transmitter.slots[slots[i]].wants_zero_copy) {
            copied[copied_count++] = slots[i];
            continue;
        }
        prepare(queue);
        queue_zero_copy(queue, slots[i]);
    }
    udp_send_plainly(queue, copied, copied_count);
    if (ring->sends_left > 0)
        submit(ring);
    while (ring->sends_left > 0) {
        reap(queue);
        /* MSG_DONTWAIT leaves none; should a kernel, it is waited for. */
        if (ring->sends_left > 0 && io_uring_submit_and_wait(&ring->ring, 1) < 0)
            break;
    }
}

static void queue_poll(struct ring *ring, int fd, short events, enum request request,
                       uint32_t index)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);
    assert(sqe); /* all were submitted, and there are more than there are sockets */
    io_uring_prep_poll_add(sqe, fd, (unsigned)events);
    io_uring_sqe_set_data64(sqe, user_data(request, index));
}

static void watch_for_room(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    for (uint32_t i = 0; i < queue->socket_count; i++) {
        if (ring->is_watched[i])
            continue;
        queue_poll(ring, queue->sockets[i].fd, POLLOUT, REQUEST_ROOM, i);
        ring->is_watched[i] = true;
    }
}

static int sleep_until_completion(struct ring *ring, uint64_t timeout_ns)
{
    struct __kernel_timespec timeout = {
        .tv_sec = (int64_t)(timeout_ns / 1000000000u),
        .tv_nsec = (int64_t)(timeout_ns % 1000000000u),
    };
    struct io_uring_cqe *first;
    const int result = io_uring_submit_and_wait_timeout(
        &ring->ring, &first, 1, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
    return result >= 0 || result == -ETIME || result == -EINTR ? 0 : result;
}

/* In the ring itself: poll() on a ring's descriptor is not woken by work that the ring defers. The
 * request for wake_fd does not outlive the call, since the caller may close and reuse the number.
 */
static int ring_wait(struct udp_queue *queue, int wake_fd, uint64_t timeout_ns)
{
    struct ring *ring = queue->engine_state;
    ring_collect(queue);
    if (udp_receiver_has_some(&queue->receiver))
        return 0;
    if (queue->transmitter.pending_count > 0)
        watch_for_room(queue);
    ring->is_wake_seen = wake_fd < 0;
    if (wake_fd >= 0)
        queue_poll(ring, wake_fd, POLLIN, REQUEST_WAKE, ++ring->wake_number);
    const int error = sleep_until_completion(ring, timeout_ns);
    reap(queue);
    struct io_uring_sqe *sqe = ring->is_wake_seen ? NULL : io_uring_get_sqe(&ring->ring);
    if (sqe) {
        io_uring_prep_poll_remove(sqe, user_data(REQUEST_WAKE, ring->wake_number));
        io_uring_sqe_set_data64(sqe, 0);
        submit(ring);
        reap(queue);
    }
    return error;
}

/* The requests hold the sockets, and so their ports, until they have ended. Another thread cannot
 * end them: those of a thread that has ended, the kernel ends by itself, soon. */
static void cancel_all(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    struct io_uring_sync_cancel_reg all = {
        .flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
        .timeout = {.tv_sec = -1, .tv_nsec = -1},
    };
    const int result = io_uring_register_sync_cancel(&ring->ring, &all);
    queue->does_linger = result < 0 && result != -ENOENT;
    reap(queue);
}

static void ring_close(struct udp_queue *queue)
{
    struct ring *ring = queue->engine_state;
    if (!ring)
        return;
    if (ring->is_enabled)
        cancel_all(queue);
    queue->engine_state = NULL;
    free_ring(ring);
}

const struct udp_engine ring_engine = {
    .open = ring_open,
    .close = ring_close,
    .collect = ring_collect,
    .recycle = ring_recycle,
    .push = ring_push,
    .wait = ring_wait,
};
