/* The ways back: which local address and socket a datagram came to, as a number that fits into
 * jtp_address.route.
 *
 * A host has few addresses, so the table is small and only grows; all queues share it, since an
 * answer may leave by another queue than the question came on. A full table is no error: the
 * answer then leaves from the address that the kernel chooses. */
#ifndef DATAPLANE_PORT_URING_UDP_ROUTES_H
#define DATAPLANE_PORT_URING_UDP_ROUTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define UDP_MAX_ROUTES 64

struct udp_route {
    uint8_t ip[16]; /* ours; zero: the kernel chooses */
    uint32_t interface; /* for link-local addresses, otherwise 0 */
    uint32_t socket; /* its number in a queue */
};

struct udp_routes {
    atomic_flag is_growing;
    _Atomic uint32_t count;
    struct udp_route routes[UDP_MAX_ROUTES]; /* those below count never change */
};

void udp_routes_init(struct udp_routes *routes);

/* The number of this route, at least 1, added if it is new. 0: no room, or another thread is adding
 * one right now. Any thread. */
uint32_t udp_routes_number(struct udp_routes *routes, const struct udp_route *route);

/* NULL if there is none. Any thread. */
const struct udp_route *udp_routes_find(const struct udp_routes *routes, uint32_t number);

#endif
