/* Neighbour solicitations and advertisements, with the checks that RFC 4861, 7.1 asks for. */
#include "dataplane/port/net/frame.h"

/* The link-layer address option of this type; false if the options are broken. */
static bool read_options(struct net_frame *frame, const uint8_t *at, uint32_t left, uint8_t type)
{
    while (left > 0) {
        const uint32_t bytes = left < 2 ? 0 : at[1] * 8u;
        if (bytes == 0 || bytes > left)
            return false;
        if (at[0] == type && bytes == 8) {
            memcpy(frame->link, at + 2, NET_MAC_BYTES);
            frame->has_link = true;
        }
        at += bytes;
        left -= bytes;
    }
    return !(frame->has_link && frame->link[0] & 1);
}

static enum net_kind read_solicit(struct net_frame *frame, const struct net_host *host)
{
    uint8_t group[NET_IP_BYTES];
    net_solicited_node(group, frame->target);
    const bool is_to_group = net_ip_equal(frame->to, group);
    if (net_is_unspecified(frame->from) && (!is_to_group || frame->has_link))
        return NET_BROKEN;
    if (!net_is_unspecified(frame->from) && !net_is_unicast(frame->from))
        return NET_BROKEN;
    if (!net_host_has(host, frame->target))
        return NET_FOREIGN;
    return is_to_group || net_host_has(host, frame->to) ? NET_SOLICIT : NET_FOREIGN;
}

static enum net_kind read_advert(struct net_frame *frame, const struct net_host *host)
{
    static const uint8_t all_nodes[NET_IP_BYTES] = {0xff, 0x02, [15] = 1};
    if (!net_is_unicast(frame->from) || net_host_has(host, frame->target))
        return NET_BROKEN;
    if (net_host_has(host, frame->to))
        return NET_ADVERT;
    if (!net_ip_equal(frame->to, all_nodes))
        return NET_FOREIGN;
    return frame->is_solicited ? NET_BROKEN : NET_ADVERT;
}

enum net_kind net_frame_read_neighbour(struct net_frame *frame, const struct net_host *host,
                                       const uint8_t *message, uint32_t count, uint8_t hop_limit)
{
    const bool is_advert = message[0] == 136;
    if (hop_limit != 255 || message[1] != 0 || count < 24)
        return NET_BROKEN;
    memcpy(frame->target, message + 8, NET_IP_BYTES);
    if (!net_is_unicast(frame->target) ||
        !read_options(frame, message + 24, count - 24, is_advert ? 2 : 1))
        return NET_BROKEN;
    frame->is_solicited = is_advert && message[4] & 0x40;
    frame->is_override = is_advert && message[4] & 0x20;
    return is_advert ? read_advert(frame, host) : read_solicit(frame, host);
}
