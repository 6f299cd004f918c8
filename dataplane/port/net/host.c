/* Addresses: reading them, what kind they are, and where a packet goes first. */
#include "dataplane/port/net/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

static const uint8_t nothing[NET_IP_BYTES] = {0};

bool net_is_unspecified(const uint8_t *ip)
{
    return net_ip_equal(ip, nothing) || (net_is_v4(ip) && memcmp(ip + 12, nothing, 4) == 0);
}

bool net_is_unicast(const uint8_t *ip)
{
    if (net_is_unspecified(ip))
        return false;
    if (net_is_v4(ip)) /* 0/8, 127/8, multicast, reserved and broadcast */
        return ip[12] != 0 && ip[12] != 127 && ip[12] < 224;
    static const uint8_t loopback[NET_IP_BYTES] = {[15] = 1};
    return ip[0] != 0xff && !net_ip_equal(ip, loopback);
}

int net_ip_read(uint8_t *ip, const char *text)
{
    uint8_t v4[4];
    if (inet_pton(AF_INET, text, v4) == 1) {
        net_ip_from_v4(ip, v4);
        return 0;
    }
    return inet_pton(AF_INET6, text, ip) == 1 ? 0 : -EINVAL;
}

int net_prefix_read(struct net_prefix *prefix, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    const size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof(address))
        return -EINVAL;
    memcpy(address, text, length);
    address[length] = 0;
    struct net_prefix read = {.bits = 128, .is_set = true};
    if (net_ip_read(read.ip, address))
        return -EINVAL;
    if (slash) {
        const uint32_t offset = net_is_v4(read.ip) ? 96 : 0;
        char *end;
        errno = 0;
        const unsigned long bits = strtoul(slash + 1, &end, 10);
        if (errno || end == slash + 1 || *end || slash[1] == '-' || slash[1] == '+' ||
            bits > 128 - offset)
            return -EINVAL;
        read.bits = (uint8_t)(bits + offset);
    }
    *prefix = read;
    return 0;
}

bool net_prefix_holds(const struct net_prefix *prefix, const uint8_t *ip)
{
    if (!prefix->is_set || net_is_v4(prefix->ip) != net_is_v4(ip))
        return false;
    const size_t whole = prefix->bits / 8;
    if (memcmp(prefix->ip, ip, whole) != 0)
        return false;
    const uint8_t mask = (uint8_t)(0xff00 >> prefix->bits % 8);
    return mask == 0 || ((prefix->ip[whole] ^ ip[whole]) & mask) == 0;
}

/* RFC 4291, appendix A: the MAC with fffe in the middle and the universal bit turned over. */
static void set_link_local(struct net_host *host)
{
    const uint8_t *mac = host->mac;
    const uint8_t ip[NET_IP_BYTES] = {0xfe, 0x80,   0,          0,      0,      0,
                                      0,    0,      mac[0] ^ 2, mac[1], mac[2], 0xff,
                                      0xfe, mac[3], mac[4],     mac[5]};
    memcpy(host->link_local, ip, sizeof(ip));
}

static bool is_right_gateway(const struct net_host *host, const uint8_t *gateway, bool is_v4)
{
    const struct net_prefix *prefix = is_v4 ? &host->v4 : &host->v6;
    return net_is_unspecified(gateway) ||
           (net_is_v4(gateway) == is_v4 && prefix->is_set && net_is_unicast(gateway) &&
            !net_host_has(host, gateway) && net_host_is_on_link(host, gateway));
}

int net_host_complete(struct net_host *host)
{
    set_link_local(host);
    const struct net_prefix *v4 = &host->v4;
    const struct net_prefix *v6 = &host->v6;
    const bool has_addresses = (v4->is_set || v6->is_set) &&
                               (!v4->is_set || (net_is_v4(v4->ip) && net_is_unicast(v4->ip))) &&
                               (!v6->is_set || (!net_is_v4(v6->ip) && net_is_unicast(v6->ip)));
    const bool is_right = has_addresses && host->vlan < 4095 && host->udp_port != 0 &&
                          host->mtu >= (v6->is_set ? NET_MIN_MTU : 576) &&
                          host->mtu <= NET_MAX_MTU && !(host->mac[0] & 1) &&
                          is_right_gateway(host, host->gateway_v4, true) &&
                          is_right_gateway(host, host->gateway_v6, false);
    return is_right ? 0 : -EINVAL;
}

bool net_host_has(const struct net_host *host, const uint8_t *ip)
{
    return (host->v4.is_set && net_ip_equal(ip, host->v4.ip)) ||
           (host->v6.is_set &&
            (net_ip_equal(ip, host->v6.ip) || net_ip_equal(ip, host->link_local)));
}

bool net_host_is_on_link(const struct net_host *host, const uint8_t *ip)
{
    if (host->v6.is_set && net_is_link_local(ip))
        return true;
    return net_prefix_holds(net_is_v4(ip) ? &host->v4 : &host->v6, ip);
}

enum net_reach net_host_route(const struct net_host *host, const uint8_t *ip, const uint8_t **next)
{
    *next = ip;
    if (!net_is_unicast(ip) || net_host_has(host, ip))
        return NET_NOWHERE;
    if (net_host_is_on_link(host, ip))
        return NET_ON_LINK;
    *next = net_is_v4(ip) ? host->gateway_v4 : host->gateway_v6;
    return net_is_unspecified(*next) ? NET_NOWHERE : NET_BY_GATEWAY;
}

const uint8_t *net_host_source(const struct net_host *host, const uint8_t *ip)
{
    if (net_is_v4(ip))
        return host->v4.ip;
    return net_is_link_local(ip) ? host->link_local : host->v6.ip;
}

void net_solicited_node(uint8_t *group, const uint8_t *ip)
{
    static const uint8_t start[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};
    memcpy(group, start, sizeof(start));
    memcpy(group + 13, ip + 13, 3);
}

void net_group_mac(uint8_t *mac, const uint8_t *group)
{
    mac[0] = mac[1] = 0x33;
    memcpy(mac + 2, group + 12, 4);
}
