/* What an Ethernet frame is to us: read and checked once, here.
 *
 *   Ethernet [802.1Q] ─┬─ ARP                       learn, answer
 *                      ├─ IPv4 ─┬─ UDP to our port  deliver
 *                      │        └─ ICMP             echo: answer; errors: count
 *                      └─ IPv6 ─┬─ UDP to our port  deliver
 *                               └─ ICMPv6           the same, and neighbour discovery
 * Fragments and extension headers are not taken: the transport keeps its datagrams whole. */
#ifndef DATAPLANE_PORT_NET_FRAME_H
#define DATAPLANE_PORT_NET_FRAME_H

#include "dataplane/port/net/host.h"

#define NET_ETHERNET_BYTES 14
#define NET_TAG_BYTES 4

enum net_kind {
    NET_UDP, /* for our address and port */
    NET_ARP, /* about our link */
    NET_SOLICIT, /* neighbour solicitation of one of our addresses */
    NET_ADVERT, /* neighbour advertisement */
    NET_ECHO, /* request, IPv4 or IPv6 */
    NET_ERROR, /* ICMP says that something did not arrive: a hint that anyone can forge */
    NET_FOREIGN, /* another MAC, VLAN, address, port or protocol */
    NET_FRAGMENT,
    NET_BAD_SUM, /* IP, UDP or ICMP checksum */
    NET_BROKEN, /* cut short, lengths or fields that contradict */
    NET_KIND_COUNT,
};

/* What the device did already. */
struct net_hint {
    bool ip_sum_is_right, udp_sum_is_right;
    bool has_tag; /* it took this tag out of the frame */
    uint16_t tag;
};

struct net_frame {
    enum net_kind kind;
    uint8_t source_mac[NET_MAC_BYTES];
    uint8_t from[NET_IP_BYTES], to[NET_IP_BYTES]; /* ARP: who asks and who is asked */
    uint16_t from_port; /* UDP */
    uint32_t offset, bytes; /* UDP: of the payload; echo: of the ICMP message */
    /* ARP, neighbour discovery: what is said about whom. */
    uint8_t target[NET_IP_BYTES];
    uint8_t link[NET_MAC_BYTES];
    bool has_link; /* there is a link-layer address in it */
    bool is_request; /* ARP */
    bool is_solicited, is_override; /* advertisement */
};

/* Fills in what the kind needs; bytes may be anything. Returns frame->kind. */
enum net_kind net_frame_read(struct net_frame *frame, const struct net_host *host,
                             const uint8_t *bytes, uint32_t count, const struct net_hint *hint);

/* ICMPv6 of types 135 and 136 at this offset, its checksum checked (RFC 4861, 7.1). */
enum net_kind net_frame_read_neighbour(struct net_frame *frame, const struct net_host *host,
                                       const uint8_t *message, uint32_t count, uint8_t hop_limit);

#endif
