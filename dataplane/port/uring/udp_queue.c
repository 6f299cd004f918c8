/* Opens a queue's sockets and memory, chooses its engine, and sleeps for it. */
#include "dataplane/port/uring/udp_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/sockios.h>
#include <time.h>

#define LONGEST_DRAIN_NS 100000000u

static int take_memory(struct udp_queue *queue, const struct uring_port_config *config)
{
    struct udp_receiver *receiver = &queue->receiver;
    receiver->payload_bytes = config->receive_bytes;
    receiver->buffer_bytes = udp_receiver_buffer_bytes(config->receive_bytes);
    receiver->count = config->receive_count;
    receiver->inbox = calloc(config->receive_count, sizeof(*receiver->inbox));
    if (!receiver->inbox)
        return -ENOMEM;
    const size_t slots_bytes = (size_t)config->send_count * UDP_SLOT_BUFFER_BYTES;
    const size_t bytes = slots_bytes + (size_t)receiver->count * receiver->buffer_bytes;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    queue->memory = memory;
    queue->memory_bytes = bytes;
    receiver->buffers = queue->memory;
    receiver->buffers += slots_bytes;
    return udp_transmitter_init(&queue->transmitter, config, queue->memory);
}

static int open_engine(struct udp_queue *queue, const struct uring_port_config *config)
{
    queue->ring_error = config->mode == URING_PORT_PLAIN ? -ENOTSUP : 0;
    if (config->mode != URING_PORT_PLAIN) {
        queue->engine = &ring_engine;
        queue->ring_error = ring_engine.open(queue, config);
        if (queue->ring_error == 0 || config->mode == URING_PORT_RING)
            return queue->ring_error;
    }
    queue->engine = &plain_engine;
    return plain_engine.open(queue, config);
}

int udp_queue_open(struct udp_queue *queue, const struct uring_port_config *config)
{
    int error = take_memory(queue, config);
    bool has_gso = config->wants_gso;
    for (uint32_t i = 0; i < queue->socket_count; i++)
        has_gso = has_gso && queue->sockets[i].has_gso;
    if (!error) {
        atomic_store(&queue->transmitter.has_gso, has_gso);
        error = open_engine(queue, config);
    }
    if (error)
        udp_queue_close(queue);
    return error;
}

/* Until the kernel has nothing left to send of this socket, whose memory it may still read. */
static void drain(const struct udp_socket *udp)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (uint32_t waited_ns = 0; waited_ns < LONGEST_DRAIN_NS; waited_ns += 1000000) {
        int left = 0;
        if (ioctl(udp->fd, SIOCOUTQ, &left) != 0 || left == 0)
            return;
        nanosleep(&pause, NULL);
    }
}

void udp_queue_close(struct udp_queue *queue)
{
    for (uint32_t i = 0; i < queue->socket_count && queue->transmitter.lent_count > 0; i++)
        drain(&queue->sockets[i]);
    if (queue->engine && queue->engine_state)
        queue->engine->close(queue);
    for (uint32_t i = 0; i < queue->socket_count; i++)
        udp_socket_close(&queue->sockets[i]);
    queue->socket_count = 0;
    udp_transmitter_fini(&queue->transmitter);
    free(queue->receiver.inbox);
    if (queue->memory)
        munmap(queue->memory, queue->memory_bytes);
    queue->memory = NULL;
    queue->receiver = (struct udp_receiver){0};
}

int udp_queue_wait(struct udp_queue *queue, int wake_fd, uint64_t timeout_ns)
{
    udp_transmitter_flush(queue);
    if (udp_receiver_has_some(&queue->receiver))
        return 0;
    return queue->engine->wait(queue, wake_fd, timeout_ns);
}
