/* A kernel UDP socket that is connected to one server: datagrams in and out, in bursts.
 *
 * Connected, so that the kernel filters other senders and tells when nobody listens. Never blocks,
 * allocates nothing after it was opened. For one thread. */
#ifndef SCHEDULER_CLIENT_SOCKET_H
#define SCHEDULER_CLIENT_SOCKET_H

#include "dataplane/proto/datagram.h"

#define SOCKET_BURST 32
#define SOCKET_MAX_BYTES JTP_LARGEST_PROBE_BYTES

struct socket_received {
    const uint8_t *bytes; /* until the next socket_receive() */
    size_t count;
};

struct socket {
    int fd;
    bool has_gso; /* the kernel cuts one large message into datagrams */
    uint8_t *memory; /* for what is received, SOCKET_BURST pieces */
};

/* "host:4700", "10.0.0.1:4700", "[::1]:4700". Looks names up, which may block. 0; -EINVAL: not of
 * this form; -EHOSTUNREACH: no such name. */
int socket_resolve(const char *text, struct jtp_address *address);

/* "10.0.0.1:4700"; at most 64 bytes. */
void socket_print_address(const struct jtp_address *address, char *text, size_t room);

/* 0 or a negative errno; a failed open leaves nothing to undo. */
int socket_open(struct socket *socket, const struct jtp_address *server);
void socket_close(struct socket *socket); /* accepts one that is zeroed with fd -1 */

/* Up to SOCKET_BURST datagrams; returns how many, or -ECONNREFUSED once for each time that the
 * network said that nobody listens there. */
int socket_receive(struct socket *socket, struct socket_received *burst);

/* Sends at most SOCKET_BURST datagrams. What the kernel does not take is lost, as on a network. 0
 * or -ECONNREFUSED. */
int socket_send(struct socket *socket, const struct jtp_datagram *burst, uint32_t count);

#endif
