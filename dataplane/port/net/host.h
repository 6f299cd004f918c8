/* Who we are on an Ethernet: MAC, VLAN, IPv4 and IPv6 address, gateways, one UDP port.
 *
 * Addresses have 16 bytes everywhere: IPv6, or IPv4 as ::ffff:a.b.c.d. A host is filled once and
 * read by any thread. */
#ifndef DATAPLANE_PORT_NET_HOST_H
#define DATAPLANE_PORT_NET_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NET_MAC_BYTES 6
#define NET_IP_BYTES 16
#define NET_MIN_MTU 1280 /* what IPv6 asks of every link */
#define NET_MAX_MTU 65535

struct net_prefix {
    uint8_t ip[NET_IP_BYTES];
    uint8_t bits; /* of the 128: an IPv4 /24 has 120 */
    bool is_set;
};

struct net_host {
    uint8_t mac[NET_MAC_BYTES];
    uint16_t vlan; /* 0: frames without a tag, or with the tag 0 */
    uint16_t udp_port;
    uint32_t mtu; /* bytes of an IP packet */
    struct net_prefix v4, v6;
    uint8_t gateway_v4[NET_IP_BYTES], gateway_v6[NET_IP_BYTES]; /* all zero: none */
    uint8_t link_local[NET_IP_BYTES]; /* from the MAC; used if v6 is set */
};

/* What an IP address is to a host that wants to send there. */
enum net_reach { NET_ON_LINK, NET_BY_GATEWAY, NET_NOWHERE };

static inline bool net_is_v4(const uint8_t *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

static inline bool net_is_link_local(const uint8_t *ip)
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static inline bool net_ip_equal(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, NET_IP_BYTES) == 0;
}

static inline void net_ip_from_v4(uint8_t *ip, const uint8_t *v4)
{
    memset(ip, 0, 10);
    memset(ip + 10, 0xff, 2);
    memcpy(ip + 12, v4, 4);
}

bool net_is_unspecified(const uint8_t *ip); /* :: and 0.0.0.0 */

/* An address that one host can have and be answered at: not multicast, broadcast, loopback or
 * unspecified. */
bool net_is_unicast(const uint8_t *ip);

/* "192.0.2.1/24", "2001:db8::1/64"; without a length, the whole address. 0 or -EINVAL. */
int net_prefix_read(struct net_prefix *prefix, const char *text);
/* "192.0.2.254", "fe80::1". 0 or -EINVAL. */
int net_ip_read(uint8_t *ip, const char *text);

bool net_prefix_holds(const struct net_prefix *prefix, const uint8_t *ip);

/* Derives the link-local address; checks that addresses, gateways, VLAN and MTU make sense.
 * 0 or -EINVAL. */
int net_host_complete(struct net_host *host);

/* One of our addresses? */
bool net_host_has(const struct net_host *host, const uint8_t *ip);

/* Is it on our link, so that we may know a MAC for it? */
bool net_host_is_on_link(const struct net_host *host, const uint8_t *ip);

/* Where a packet to that address goes first: next is the address to resolve. */
enum net_reach net_host_route(const struct net_host *host, const uint8_t *ip, const uint8_t **next);

/* Our address for talking to ip. */
const uint8_t *net_host_source(const struct net_host *host, const uint8_t *ip);

/* ff02::1:ffXX:XXXX of an address. */
void net_solicited_node(uint8_t *group, const uint8_t *ip);
/* 33:33 and the last four bytes of an IPv6 group. */
void net_group_mac(uint8_t *mac, const uint8_t *group);

/* Bytes of the headers before a UDP payload to ip, the Ethernet header left out. */
static inline uint32_t net_ip_udp_bytes(const uint8_t *ip)
{
    return (net_is_v4(ip) ? 20 : 40) + 8;
}

#endif
