/* Reads frames from outside in; each function checks one header and what follows it. */
#include "dataplane/port/net/frame.h"
#include "dataplane/port/net/bytes.h"
#include "dataplane/port/net/checksum.h"

/* What is left of the frame, header by header. */
struct reader {
    const struct net_host *host;
    const struct net_hint *hint;
    const uint8_t *start; /* of the frame */
    const uint8_t *at;
    uint32_t left;
    bool is_to_us; /* our MAC, not a group's */
};

static void skip(struct reader *reader, uint32_t bytes)
{
    reader->at += bytes;
    reader->left -= bytes;
}

static enum net_kind read_udp(struct net_frame *frame, const struct reader *reader)
{
    const uint8_t *udp = reader->at;
    if (reader->left < 8)
        return NET_BROKEN;
    const uint32_t bytes = net_get_u16(udp + 4);
    if (bytes < 8 || bytes > reader->left)
        return NET_BROKEN;
    if (net_get_u16(udp + 2) != reader->host->udp_port)
        return NET_FOREIGN;
    frame->from_port = net_get_u16(udp);
    if (frame->from_port == 0)
        return NET_BROKEN;
    if (net_get_u16(udp + 6) == 0) {
        if (!net_is_v4(frame->from)) /* RFC 8200, 8.1: mandatory there */
            return NET_BAD_SUM;
    } else if (!reader->hint->udp_sum_is_right &&
               !net_checksum_is_right(net_checksum_add(
                   net_checksum_pseudo(frame->from, frame->to, 17, bytes), udp, bytes))) {
        return NET_BAD_SUM;
    }
    frame->offset = (uint32_t)(udp + 8 - reader->start);
    frame->bytes = bytes - 8;
    return NET_UDP;
}

static enum net_kind read_icmp(struct net_frame *frame, const struct reader *reader)
{
    if (reader->left < 8)
        return NET_BROKEN;
    if (!net_checksum_is_right(net_checksum_add(0, reader->at, reader->left)))
        return NET_BAD_SUM;
    frame->offset = (uint32_t)(reader->at - reader->start);
    frame->bytes = reader->left;
    switch (reader->at[0]) {
    case 8:
        return reader->at[1] == 0 ? NET_ECHO : NET_BROKEN;
    case 3: /* destination unreachable, fragmentation needed */
    case 4: /* source quench */
    case 5: /* redirect */
    case 11: /* time exceeded */
    case 12: /* parameter problem */
        return NET_ERROR;
    default:
        return NET_FOREIGN;
    }
}

static enum net_kind read_icmp6(struct net_frame *frame, const struct reader *reader,
                                uint8_t hop_limit)
{
    if (reader->left < 8)
        return NET_BROKEN;
    const uint64_t pseudo = net_checksum_pseudo(frame->from, frame->to, 58, reader->left);
    if (!net_checksum_is_right(net_checksum_add(pseudo, reader->at, reader->left)))
        return NET_BAD_SUM;
    const uint8_t type = reader->at[0];
    if (type == 135 || type == 136)
        return net_frame_read_neighbour(frame, reader->host, reader->at, reader->left, hop_limit);
    if (!net_host_has(reader->host, frame->to))
        return NET_FOREIGN;
    if (!net_is_unicast(frame->from))
        return NET_BROKEN;
    frame->offset = (uint32_t)(reader->at - reader->start);
    frame->bytes = reader->left;
    if (type == 128)
        return reader->at[1] == 0 ? NET_ECHO : NET_BROKEN;
    return type >= 1 && type <= 4 ? NET_ERROR : NET_FOREIGN;
}

static enum net_kind read_ipv4(struct net_frame *frame, struct reader *reader)
{
    const uint8_t *ip = reader->at;
    if (reader->left < 20)
        return NET_BROKEN;
    const uint32_t header = (ip[0] & 15u) * 4;
    const uint32_t total = net_get_u16(ip + 2);
    if (ip[0] >> 4 != 4 || header < 20 || total < header || total > reader->left)
        return NET_BROKEN;
    net_ip_from_v4(frame->from, ip + 12);
    net_ip_from_v4(frame->to, ip + 16);
    if (!reader->is_to_us || !reader->host->v4.is_set ||
        !net_ip_equal(frame->to, reader->host->v4.ip))
        return NET_FOREIGN;
    if (!reader->hint->ip_sum_is_right && !net_checksum_is_right(net_checksum_add(0, ip, header)))
        return NET_BAD_SUM;
    if (net_get_u16(ip + 6) & 0x3fff) /* more fragments, or not the first */
        return NET_FRAGMENT;
    if (!net_is_unicast(frame->from) || net_host_has(reader->host, frame->from))
        return NET_BROKEN;
    reader->left = total; /* what follows is padding */
    skip(reader, header);
    if (ip[9] == 17)
        return read_udp(frame, reader);
    return ip[9] == 1 ? read_icmp(frame, reader) : NET_FOREIGN;
}

static enum net_kind read_ipv6(struct net_frame *frame, struct reader *reader)
{
    const uint8_t *ip = reader->at;
    if (reader->left < 40)
        return NET_BROKEN;
    const uint32_t bytes = net_get_u16(ip + 4);
    if (ip[0] >> 4 != 6 || bytes > reader->left - 40)
        return NET_BROKEN;
    memcpy(frame->from, ip + 8, NET_IP_BYTES);
    memcpy(frame->to, ip + 24, NET_IP_BYTES);
    const bool is_group = frame->to[0] == 0xff;
    if (!reader->host->v6.is_set || net_is_v4(frame->from) ||
        (is_group ? ip[6] != 58 : !reader->is_to_us || !net_host_has(reader->host, frame->to)))
        return NET_FOREIGN;
    if (ip[6] == 44)
        return NET_FRAGMENT;
    if (net_host_has(reader->host, frame->from))
        return NET_BROKEN;
    reader->left = 40 + bytes;
    skip(reader, 40);
    if (ip[6] == 58)
        return read_icmp6(frame, reader, ip[7]);
    if (ip[6] != 17)
        return NET_FOREIGN;
    return net_is_unicast(frame->from) ? read_udp(frame, reader) : NET_BROKEN;
}

static enum net_kind read_arp(struct net_frame *frame, const struct reader *reader)
{
    static const uint8_t start[6] = {0, 1, 8, 0, 6, 4}; /* Ethernet, IPv4, their lengths */
    const uint8_t *arp = reader->at;
    if (reader->left < 28)
        return NET_BROKEN;
    const uint16_t operation = net_get_u16(arp + 6);
    if (memcmp(arp, start, sizeof(start)) != 0 || operation < 1 || operation > 2)
        return NET_FOREIGN;
    memcpy(frame->link, arp + 8, NET_MAC_BYTES);
    net_ip_from_v4(frame->from, arp + 14);
    net_ip_from_v4(frame->to, arp + 24);
    net_ip_from_v4(frame->target, arp + 14);
    frame->has_link = true;
    frame->is_request = operation == 1;
    if (!reader->host->v4.is_set)
        return NET_FOREIGN;
    /* Whoever uses our address, or a group's MAC, is not to be believed. */
    if (frame->link[0] & 1 || net_ip_equal(frame->from, reader->host->v4.ip))
        return NET_BROKEN;
    /* 0.0.0.0 asks whether an address is free (RFC 5227): answered, not learned. */
    if (!net_is_unspecified(frame->from) && !net_is_unicast(frame->from))
        return NET_BROKEN;
    return NET_ARP;
}

static enum net_kind read_frame(struct net_frame *frame, struct reader *reader)
{
    const uint8_t *bytes = reader->at;
    if (reader->left < NET_ETHERNET_BYTES)
        return NET_BROKEN;
    memcpy(frame->source_mac, bytes + NET_MAC_BYTES, NET_MAC_BYTES);
    reader->is_to_us = memcmp(bytes, reader->host->mac, NET_MAC_BYTES) == 0;
    if (!reader->is_to_us && !(bytes[0] & 1))
        return NET_FOREIGN;
    if (frame->source_mac[0] & 1)
        return NET_BROKEN;
    uint16_t type = net_get_u16(bytes + 12);
    uint16_t vlan = reader->hint->has_tag ? reader->hint->tag & 0xfff : 0;
    skip(reader, NET_ETHERNET_BYTES);
    if (type == 0x8100 && !reader->hint->has_tag) {
        if (reader->left < NET_TAG_BYTES)
            return NET_BROKEN;
        vlan = net_get_u16(reader->at) & 0xfff;
        type = net_get_u16(reader->at + 2);
        skip(reader, NET_TAG_BYTES);
    }
    if (vlan != reader->host->vlan)
        return NET_FOREIGN;
    switch (type) {
    case 0x0800:
        return read_ipv4(frame, reader);
    case 0x0806:
        return read_arp(frame, reader);
    case 0x86dd:
        return read_ipv6(frame, reader);
    default:
        return NET_FOREIGN;
    }
}

enum net_kind net_frame_read(struct net_frame *frame, const struct net_host *host,
                             const uint8_t *bytes, uint32_t count, const struct net_hint *hint)
{
    struct reader reader = {.host = host, .hint = hint, .start = bytes, .at = bytes, .left = count};
    *frame = (struct net_frame){0};
    frame->kind = read_frame(frame, &reader);
    return frame->kind;
}
