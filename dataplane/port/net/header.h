/* Writes the headers that our frames start with. */
#ifndef DATAPLANE_PORT_NET_HEADER_H
#define DATAPLANE_PORT_NET_HEADER_H

#include "dataplane/port/net/host.h"

/* Ethernet, tag, IPv6, UDP. */
#define NET_MAX_HEADER_BYTES (14 + 4 + 40 + 8)

/* Each returns the bytes it wrote. */
uint32_t net_ethernet_write(uint8_t *out, const struct net_host *host, const uint8_t *mac,
                            uint16_t type);

/* IPv4 or IPv6, by the family of the addresses; bytes follow it. Fragments are forbidden. */
uint32_t net_ip_write(uint8_t *out, const uint8_t *from, const uint8_t *to, uint8_t protocol,
                      uint8_t hop_limit, uint32_t bytes);

struct net_datagram {
    const uint8_t *mac; /* of the next hop */
    const uint8_t *from, *to;
    uint16_t to_port;
    uint32_t bytes; /* of the payload */
};

/* What was written, and where. */
struct net_header {
    uint32_t ip_offset, udp_offset;
    uint32_t bytes;
};

/* The frame's header up to the payload. The UDP checksum is left partial, as devices want it. */
struct net_header net_datagram_write(uint8_t *out, const struct net_host *host,
                                     const struct net_datagram *datagram);

/* Completes the checksum of a header that was just written. Head and payload follow it, wherever
 * they lie; head_bytes may be odd. */
void net_datagram_sum(uint8_t *out, const struct net_header *header, const uint8_t *head,
                      uint32_t head_bytes, const uint8_t *payload, uint32_t payload_bytes);

#endif
