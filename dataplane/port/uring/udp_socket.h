/* One UDP socket with the options that the port needs, and addresses to and from the kernel's form.
 */
#ifndef DATAPLANE_PORT_URING_UDP_SOCKET_H
#define DATAPLANE_PORT_URING_UDP_SOCKET_H

#include "dataplane/proto/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#define UDP_MAX_PAYLOAD_BYTES 65507 /* what an IPv4 packet holds */

struct udp_socket_config {
    struct jtp_address local;
    const struct jtp_address *peer; /* NULL: anyone */
    uint32_t buffer_bytes;
    bool joins_others; /* another socket of ours is bound there */
    bool is_shared; /* others of ours will join */
    bool wants_gro;
};

struct udp_socket {
    int fd; /* owned */
    int family; /* AF_INET6 and IPv4 mapped into it; AF_INET where the kernel has no IPv6 */
    struct jtp_address local; /* as bound */
    bool is_any; /* bound to no address: an answer has to say from which */
    bool is_connected;
    bool has_gro, has_gso;
};

union udp_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

bool udp_address_is_v4(const struct jtp_address *address);
bool udp_address_is_any(const struct jtp_address *address);
bool udp_address_is_link_local(const uint8_t ip[16]);

/* 0 or a negative errno, with nothing left to undo. */
int udp_socket_open(struct udp_socket *udp, const struct udp_socket_config *config);
void udp_socket_close(struct udp_socket *udp);

/* Waits, at most 200 ms, until nothing is bound there. */
void udp_socket_await_free(const struct jtp_address *local);

/* The kernel's form of an address for this socket; interface for link-local ones, otherwise 0. Its
 * length, or 0 if the socket cannot send there. */
socklen_t udp_socket_name(const struct udp_socket *udp, const struct jtp_address *to,
                          uint32_t interface, union udp_name *name);

/* And back, from name_bytes at name. False if it is none. */
bool udp_socket_address(const struct udp_socket *udp, const void *name, size_t name_bytes,
                        struct jtp_address *address);

/* Datagrams that this socket had no room for. */
uint32_t udp_socket_missed(const struct udp_socket *udp);

/* SO_RCVBUF or SO_SNDBUF, as the kernel counts it. */
uint32_t udp_socket_buffer_bytes(const struct udp_socket *udp, int option);

/* What a connected socket knows of its way, 0 for another one. */
uint32_t udp_socket_path_bytes(const struct udp_socket *udp);

#endif
