/* Sends filled slots by system calls, without blocking. */
#ifndef DATAPLANE_PORT_URING_UDP_SEND_H
#define DATAPLANE_PORT_URING_UDP_SEND_H

#include <stdint.h>

struct udp_queue;

/* At most PORT_MAX_BURST; the result of each was told when it returns. */
void udp_send_plainly(struct udp_queue *queue, const uint16_t *slots, uint32_t count);

#endif
