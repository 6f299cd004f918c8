/* Where a datagram comes from or goes to. */
#ifndef DATAPLANE_PROTO_ADDRESS_H
#define DATAPLANE_PROTO_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct jtp_address {
    uint8_t ip[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
    uint16_t reserved;
    uint32_t route; /* the port's own: kept and given back, never compared */
};

static inline bool jtp_address_equal(const struct jtp_address *a, const struct jtp_address *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

#endif
