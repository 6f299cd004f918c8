/* Headers, field by field. */
#include "dataplane/port/net/header.h"
#include "dataplane/port/net/bytes.h"
#include "dataplane/port/net/checksum.h"

#define HOP_LIMIT 64

uint32_t net_ethernet_write(uint8_t *out, const struct net_host *host, const uint8_t *mac,
                            uint16_t type)
{
    memcpy(out, mac, NET_MAC_BYTES);
    memcpy(out + NET_MAC_BYTES, host->mac, NET_MAC_BYTES);
    uint32_t at = 12;
    if (host->vlan) {
        net_put_u16(out + at, 0x8100);
        net_put_u16(out + at + 2, host->vlan);
        at += 4;
    }
    net_put_u16(out + at, type);
    return at + 2;
}

static uint32_t write_ipv4(uint8_t *out, const uint8_t *from, const uint8_t *to, uint8_t protocol,
                           uint8_t hop_limit, uint32_t bytes)
{
    memset(out, 0, 20);
    out[0] = 0x45;
    net_put_u16(out + 2, 20 + bytes);
    net_put_u16(out + 6, 0x4000); /* do not fragment: then the identification may be 0 (RFC 6864) */
    out[8] = hop_limit;
    out[9] = protocol;
    memcpy(out + 12, from + 12, 4);
    memcpy(out + 16, to + 12, 4);
    net_checksum_store(out + 10, net_checksum_add(0, out, 20));
    return 20;
}

uint32_t net_ip_write(uint8_t *out, const uint8_t *from, const uint8_t *to, uint8_t protocol,
                      uint8_t hop_limit, uint32_t bytes)
{
    if (net_is_v4(to))
        return write_ipv4(out, from, to, protocol, hop_limit, bytes);
    net_put_u32(out, 6u << 28);
    net_put_u16(out + 4, bytes);
    out[6] = protocol;
    out[7] = hop_limit;
    memcpy(out + 8, from, NET_IP_BYTES);
    memcpy(out + 24, to, NET_IP_BYTES);
    return 40;
}

struct net_header net_datagram_write(uint8_t *out, const struct net_host *host,
                                     const struct net_datagram *datagram)
{
    struct net_header header = {0};
    const uint32_t bytes = datagram->bytes + 8;
    header.ip_offset =
        net_ethernet_write(out, host, datagram->mac, net_is_v4(datagram->to) ? 0x0800 : 0x86dd);
    header.udp_offset = header.ip_offset + net_ip_write(out + header.ip_offset, datagram->from,
                                                        datagram->to, 17, HOP_LIMIT, bytes);
    uint8_t *udp = out + header.udp_offset;
    net_put_u16(udp, host->udp_port);
    net_put_u16(udp + 2, datagram->to_port);
    net_put_u16(udp + 4, bytes);
    net_checksum_store_partial(udp + 6,
                               net_checksum_pseudo(datagram->from, datagram->to, 17, bytes));
    header.bytes = header.udp_offset + 8;
    return header;
}

void net_datagram_sum(uint8_t *out, const struct net_header *header, const uint8_t *head,
                      uint32_t head_bytes, const uint8_t *payload, uint32_t payload_bytes)
{
    uint8_t *udp = out + header->udp_offset;
    /* The partial sum already stands in the field, so it is summed with the header. */
    uint64_t sum = net_checksum_add(0, udp, 8);
    const uint32_t even = head_bytes & ~1u;
    sum = net_checksum_add(sum, head, even);
    if (even != head_bytes) {
        const uint8_t pair[2] = {head[even], payload_bytes > 0 ? payload[0] : 0};
        sum = net_checksum_add(sum, pair, 2);
        if (payload_bytes > 0) {
            payload++;
            payload_bytes--;
        }
    }
    net_checksum_store_udp(udp + 6, net_checksum_add(sum, payload, payload_bytes));
}
