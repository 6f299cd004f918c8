/* Writes questions and answers of ARP, neighbour discovery and echo. */
#include "dataplane/port/net/answer.h"
#include "dataplane/port/net/bytes.h"
#include "dataplane/port/net/checksum.h"
#include "dataplane/port/net/header.h"

static const uint8_t everyone[NET_MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t all_nodes[NET_IP_BYTES] = {0xff, 0x02, [15] = 1};

static uint32_t write_arp(uint8_t *out, const struct net_host *host, uint16_t operation,
                          const uint8_t *frame_mac, const uint8_t *mac, const uint8_t *ip)
{
    static const uint8_t start[6] = {0, 1, 8, 0, 6, 4};
    const uint32_t at = net_ethernet_write(out, host, frame_mac, 0x0806);
    uint8_t *arp = out + at;
    memcpy(arp, start, sizeof(start));
    net_put_u16(arp + 6, operation);
    memcpy(arp + 8, host->mac, NET_MAC_BYTES);
    memcpy(arp + 14, host->v4.ip + 12, 4);
    memcpy(arp + 18, mac, NET_MAC_BYTES);
    memcpy(arp + 24, ip + 12, 4);
    return at + 28;
}

/* A message of 24 bytes and one option; flags are an advertisement's. */
static uint32_t write_neighbour(uint8_t *out, const struct net_host *host, uint8_t type,
                                uint8_t flags, const uint8_t *mac, const uint8_t *from,
                                const uint8_t *to, const uint8_t *target)
{
    uint32_t at = net_ethernet_write(out, host, mac, 0x86dd);
    at += net_ip_write(out + at, from, to, 58, 255, 32);
    uint8_t *message = out + at;
    memset(message, 0, 8);
    message[0] = type;
    message[4] = flags;
    memcpy(message + 8, target, NET_IP_BYTES);
    message[24] = type == 135 ? 1 : 2; /* source or target link-layer address */
    message[25] = 1; /* 8 bytes */
    memcpy(message + 26, host->mac, NET_MAC_BYTES);
    net_checksum_store(message + 2,
                       net_checksum_add(net_checksum_pseudo(from, to, 58, 32), message, 32));
    return at + 32;
}

uint32_t net_question_write(uint8_t *out, const struct net_host *host, const uint8_t *ip,
                            const uint8_t *mac)
{
    static const uint8_t unknown[NET_MAC_BYTES] = {0};
    if (net_is_v4(ip))
        return write_arp(out, host, 1, mac ? mac : everyone, unknown, ip);
    const uint8_t *from = net_host_source(host, ip);
    if (mac)
        return write_neighbour(out, host, 135, 0, mac, from, ip, ip);
    uint8_t group[NET_IP_BYTES];
    uint8_t group_mac[NET_MAC_BYTES];
    net_solicited_node(group, ip);
    net_group_mac(group_mac, group);
    return write_neighbour(out, host, 135, 0, group_mac, from, group, ip);
}

static uint32_t answer_arp(uint8_t *out, const struct net_host *host, const struct net_frame *frame)
{
    if (!frame->is_request || !net_ip_equal(frame->to, host->v4.ip))
        return 0;
    return write_arp(out, host, 2, frame->link, frame->link, frame->from);
}

static uint32_t answer_solicit(uint8_t *out, const struct net_host *host,
                               const struct net_frame *frame)
{
    enum { solicited = 0x40, override = 0x20 };
    if (net_is_unspecified(frame->from)) { /* asks whether the address is free: all may know */
        uint8_t mac[NET_MAC_BYTES];
        net_group_mac(mac, all_nodes);
        return write_neighbour(out, host, 136, override, mac, frame->target, all_nodes,
                               frame->target);
    }
    return write_neighbour(out, host, 136, solicited | override,
                           frame->has_link ? frame->link : frame->source_mac, frame->target,
                           frame->from, frame->target);
}

static uint32_t answer_echo(uint8_t *out, uint32_t capacity, const struct net_host *host,
                            const struct net_frame *frame, const uint8_t *bytes)
{
    if (capacity < NET_MAX_HEADER_BYTES || frame->bytes > capacity - NET_MAX_HEADER_BYTES ||
        frame->bytes + net_ip_udp_bytes(frame->from) - 8 > host->mtu)
        return 0;
    const bool is_v4 = net_is_v4(frame->from);
    uint32_t at = net_ethernet_write(out, host, frame->source_mac, is_v4 ? 0x0800 : 0x86dd);
    at += net_ip_write(out + at, frame->to, frame->from, is_v4 ? 1 : 58, 64, frame->bytes);
    uint8_t *message = out + at;
    memcpy(message, bytes + frame->offset, frame->bytes);
    message[0] = is_v4 ? 0 : 129;
    net_put_u16(message + 2, 0);
    const uint64_t pseudo =
        is_v4 ? 0 : net_checksum_pseudo(frame->to, frame->from, 58, frame->bytes);
    net_checksum_store(message + 2, net_checksum_add(pseudo, message, frame->bytes));
    return at + frame->bytes;
}

uint32_t net_answer_write(uint8_t *out, uint32_t capacity, const struct net_host *host,
                          const struct net_frame *frame, const uint8_t *bytes)
{
    if (capacity < NET_MAX_CONTROL_BYTES)
        return 0;
    switch (frame->kind) {
    case NET_ARP:
        return answer_arp(out, host, frame);
    case NET_SOLICIT:
        return answer_solicit(out, host, frame);
    case NET_ECHO:
        return answer_echo(out, capacity, host, frame, bytes);
    default:
        return 0;
    }
}

bool net_lesson_read(struct net_lesson *lesson, const struct net_host *host,
                     const struct net_frame *frame)
{
    const bool is_solicit = frame->kind == NET_SOLICIT;
    if (!frame->has_link || (!is_solicit && frame->kind != NET_ARP && frame->kind != NET_ADVERT))
        return false;
    const uint8_t *about = is_solicit ? frame->from : frame->target;
    if (!net_is_unicast(about) || !net_host_is_on_link(host, about))
        return false;
    /* Who asks for us will want an answer soon. What others say corrects what we know. */
    *lesson = (struct net_lesson){
        .can_add = is_solicit || (frame->kind == NET_ARP && frame->is_request &&
                                  net_ip_equal(frame->to, host->v4.ip)),
        .can_change = frame->kind != NET_ADVERT || frame->is_override,
    };
    memcpy(lesson->ip, about, NET_IP_BYTES);
    memcpy(lesson->mac, frame->link, NET_MAC_BYTES);
    return true;
}
