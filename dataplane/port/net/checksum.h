/* The Internet checksum (RFC 1071), and the pseudo headers of IPv4 and IPv6.
 *
 * A sum is kept unfolded in 64 bits; pieces of even length can be added in any order. */
#ifndef DATAPLANE_PORT_NET_CHECKSUM_H
#define DATAPLANE_PORT_NET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The sum so far and these bytes; only the last piece may have an odd count. */
uint64_t net_checksum_add(uint64_t sum, const uint8_t *bytes, size_t count);

/* What goes into a packet's field after these bytes, in network byte order in memory. 0xffff and
 * 0 mean the same; UDP writes 0xffff (net_checksum_store_udp). */
void net_checksum_store(uint8_t *field, uint64_t sum);
void net_checksum_store_udp(uint8_t *field, uint64_t sum);

/* The pseudo header's sum. Addresses as in struct jtp_address: IPv4 as ::ffff:a.b.c.d. */
uint64_t net_checksum_pseudo(const uint8_t *from, const uint8_t *to, uint8_t protocol,
                             uint32_t bytes);

/* Whether bytes that hold their own checksum sum up. */
int net_checksum_is_right(uint64_t sum);

/* The folded sum without its complement, as a device that completes it wants to find it. */
void net_checksum_store_partial(uint8_t *field, uint64_t sum);

#endif
