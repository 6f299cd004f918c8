/* Received messages and the datagrams in them.
 *
 * The kernel puts a message into a buffer of ours; with GRO it is a run of datagrams of one sender,
 * all of one length but the last. Datagrams are lent from where they lie.
 *
 *   buffer: │ header │ sender's name │ control: our address, segment size │ datagram │ datagram ...
 *             16       32              96                                   as the kernel says
 *
 *   engine's ──arrived()──> inbox ──take()──> open or held ──release()──> engine's
 *
 * One thread. Every buffer is in exactly one of these places. */
#ifndef DATAPLANE_PORT_URING_UDP_RECEIVER_H
#define DATAPLANE_PORT_URING_UDP_RECEIVER_H

#include "dataplane/port/port.h"

#include <stdbool.h>

#define UDP_MESSAGE_NAME_BYTES 32
#define UDP_MESSAGE_CONTROL_BYTES 96

/* What io_uring writes in front (struct io_uring_recvmsg_out); the plain engine does the same. */
struct udp_message_header {
    uint32_t name_bytes;
    uint32_t control_bytes;
    uint32_t payload_bytes;
    uint32_t flags; /* of recvmsg */
};

#define UDP_MESSAGE_PAYLOAD_AT                                                                     \
    (sizeof(struct udp_message_header) + UDP_MESSAGE_NAME_BYTES + UDP_MESSAGE_CONTROL_BYTES)

struct udp_arrival {
    uint16_t buffer;
    uint16_t socket;
};

struct udp_receiver {
    uint8_t *buffers; /* the queue's */
    uint32_t buffer_bytes; /* from one to the next */
    uint32_t payload_bytes; /* the longest that fits */
    uint32_t count; /* a power of two */
    struct udp_arrival *inbox; /* count entries */
    uint32_t inbox_head, inbox_tail; /* free-running */
    /* The message that datagrams are taken from. */
    bool is_open;
    uint16_t open_buffer;
    struct jtp_address from;
    const uint8_t *next;
    uint32_t left_bytes, segment_bytes;
    /* Taken whole, their datagrams lent. */
    uint16_t held[PORT_MAX_BURST];
    uint32_t held_count;
};

struct udp_queue;

/* Bytes of one buffer. */
uint32_t udp_receiver_buffer_bytes(uint32_t payload_bytes);

uint8_t *udp_receiver_buffer(const struct udp_receiver *receiver, uint32_t buffer);

/* The engine: a message lies in this buffer. */
void udp_receiver_arrived(struct udp_receiver *receiver, uint32_t buffer, uint32_t socket);

bool udp_receiver_has_some(const struct udp_receiver *receiver);

/* Up to count datagrams of the inbox; the sums go to the queue's counters. */
uint32_t udp_receiver_take(struct udp_queue *queue, struct port_received *burst, uint32_t count);

/* What take() lent goes back to the engine. */
void udp_receiver_release(struct udp_queue *queue);

#endif
