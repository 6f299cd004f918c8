/* The port on the kernel's UDP sockets: by io_uring, or by recvmmsg and sendmmsg where that is
 * refused. It needs no privileges, and serves both a server and a client.
 *
 *   struct uring_port_config config = uring_port_config_default();
 *   config.addresses[0].port = 4470;                   // [::]:4470, which takes IPv4 too
 *   struct port *port;
 *   int error = uring_port_open(&port, &config);
 *   ...
 *   port_close(port);
 *
 * A client leaves address and port at 0 and, if it talks with one server only, names the peer. */
#ifndef DATAPLANE_PORT_URING_URING_PORT_H
#define DATAPLANE_PORT_URING_URING_PORT_H

#include "dataplane/port/port.h"

#include <stdbool.h>

#define URING_PORT_MAX_ADDRESSES 8
#define URING_PORT_MAX_QUEUES 64
#define URING_PORT_MAX_MEMORIES 8 /* calls of port_add_memory() that count */

enum uring_port_mode {
    URING_PORT_AUTO, /* io_uring, or plain system calls where it is refused */
    URING_PORT_RING, /* io_uring, or opening fails */
    URING_PORT_PLAIN, /* recvmmsg and sendmmsg */
};

struct uring_port_config {
    /* Where to listen; an all-zero ip is every address, IPv4 and IPv6; port 0 is any free one. */
    struct jtp_address addresses[URING_PORT_MAX_ADDRESSES]; /* one, all zero */
    uint32_t address_count; /* 1 */
    struct jtp_address peer; /* port 0: anyone; otherwise sends and receives only there */
    uint32_t queue_count; /* 1; with a peer no more */
    uint32_t receive_count; /* 128: messages kept per queue, a power of two from 4 to 4,096 */
    uint32_t send_count; /* 128: messages under way per queue, from 1 to 4,096 */
    /* 0: 65,535 with GRO and 9,216 without; the longest that can be received. With GRO it cannot
     * be less than 65,535. */
    uint32_t receive_bytes;
    uint32_t socket_buffer_bytes; /* 8 MiB each way, or what the system allows */
    enum uring_port_mode mode; /* URING_PORT_AUTO */
    bool wants_gro; /* true: datagrams of one sender received together */
    bool wants_gso; /* true: datagrams to one address sent together */
    /* 32,768: from so many bytes together a send from added memory is not even copied by the
     * kernel, as long as the kernel says that it did without; 0: never. */
    uint32_t zero_copy_min_bytes;
};

/* What the kernel let it have, of the first queue. */
struct uring_port_features {
    bool has_ring;
    int ring_error; /* why not, if not: a negative errno; -ENOSYS also if built without liburing */
    bool has_deferred_tasks; /* the ring works only when asked */
    bool has_gro;
    bool has_gso;
    bool has_zero_copy;
    uint32_t receive_buffer_bytes, send_buffer_bytes; /* of a socket, as the kernel counts them */
};

struct uring_port_config uring_port_config_default(void);

/* Takes all its memory: about (receive_count + send_count) * 64 KiB per queue. 0, or a negative
 * errno: -EINVAL if the configuration contradicts itself, -EADDRINUSE, ... */
int uring_port_open(struct port **port, const struct uring_port_config *config);

/* Any thread; sends may still find out that GSO or zero copy is not to be had. */
void uring_port_features(const struct port *port, struct uring_port_features *features);

/* The same as one line for a log. */
void uring_port_describe(const struct port *port, char *text, size_t text_bytes);

#endif
