/* How long a datagram the links of this host take without fragments. */
#ifndef DATAPLANE_PORT_URING_UDP_LINK_H
#define DATAPLANE_PORT_URING_UDP_LINK_H

#include "dataplane/proto/address.h"

struct udp_link {
    uint32_t loopback_bytes; /* MTUs */
    uint32_t longest_bytes; /* of the other interfaces that are up */
    uint32_t path_bytes; /* to the peer, if there is one only; otherwise 0 */
};

/* As the interfaces are now. */
void udp_link_init(struct udp_link *link, uint32_t path_bytes);

/* The most that may get through: a path can be narrower. */
uint32_t udp_link_max_datagram_bytes(const struct udp_link *link, const struct jtp_address *to);

#endif
