/* Builds the messages that the engines send. */
#include "dataplane/port/uring/udp_slot.h"

#include <assert.h>
#include <netinet/udp.h>

/* Below it a copy costs less than one more part for the kernel to walk. */
#define COPY_BYTES 256
#define PAGE_BYTES 4096 /* the smallest there is: then the pages counted are no fewer than real */
#define MAX_FRAGMENTS 17 /* MAX_SKB_FRAGS as kernels are usually built */

static bool is_same_way(const struct port_outgoing *a, const struct port_outgoing *b)
{
    return jtp_address_equal(&a->to, &b->to) && a->to.route == b->to.route;
}

uint32_t udp_slot_run(const struct port_outgoing *burst, uint32_t count)
{
    const uint32_t bytes = port_outgoing_bytes(&burst[0]);
    uint32_t sum = bytes;
    uint32_t run = 1;
    /* Two that together exceed a packet are tried one by one. */
    while (bytes > 0 && run < count && run < PORT_MAX_BURST) {
        const uint32_t more = port_outgoing_bytes(&burst[run]);
        if (more == 0 || more > bytes || more > UDP_MAX_PAYLOAD_BYTES - sum ||
            !is_same_way(&burst[0], &burst[run]))
            break;
        sum += more;
        run++;
        if (more < bytes)
            break;
    }
    return run;
}

static bool memories_hold(const struct udp_memories *memories, const uint8_t *first, size_t bytes)
{
    for (uint32_t i = 0; i < memories->count; i++) {
        const uintptr_t at = (uintptr_t)first - (uintptr_t)memories->memory[i].first;
        if (at < memories->memory[i].bytes && bytes <= memories->memory[i].bytes - at)
            return true;
    }
    return false;
}

static uint8_t *copy_in(struct udp_slot *slot, const uint8_t *bytes, uint32_t count)
{
    assert(count <= UDP_SLOT_BUFFER_BYTES - slot->buffer_used);
    uint8_t *copy = slot->buffer + slot->buffer_used;
    if (count > 0)
        memcpy(copy, bytes, count);
    slot->buffer_used += count;
    return copy;
}

static void add_part(struct udp_slot *slot, const uint8_t *bytes, uint32_t count)
{
    slot->parts[slot->message.msg_iovlen++] =
        (struct iovec){.iov_base = (uint8_t *)(uintptr_t)bytes, .iov_len = count};
}

static void add_datagram(struct udp_slot *slot, const struct udp_memories *memories,
                         const struct port_outgoing *datagram)
{
    const size_t parts_before = slot->message.msg_iovlen;
    const uint8_t *head = copy_in(slot, datagram->head, datagram->head_bytes);
    if (datagram->payload_bytes <= COPY_BYTES) {
        copy_in(slot, datagram->payload, datagram->payload_bytes);
        add_part(slot, head, port_outgoing_bytes(datagram));
    } else {
        if (datagram->head_bytes > 0)
            add_part(slot, head, datagram->head_bytes);
        add_part(slot, datagram->payload, datagram->payload_bytes);
        slot->has_foreign = slot->has_foreign ||
                            !memories_hold(memories, datagram->payload, datagram->payload_bytes);
    }
    slot->part_counts[slot->datagram_count++] = (uint8_t)(slot->message.msg_iovlen - parts_before);
    slot->bytes += port_outgoing_bytes(datagram);
    if (datagram->payload_bytes > 0 && datagram->token != 0)
        slot->tokens[slot->token_count++] = datagram->token;
}

static void add_control(struct udp_slot *slot, int level, int type, const void *data, size_t bytes)
{
    const size_t at = slot->message.msg_controllen;
    assert(at + CMSG_SPACE(bytes) <= sizeof(slot->control));
    const struct cmsghdr item = {
        .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(bytes)};
    memset(slot->control + at, 0, CMSG_SPACE(bytes));
    memcpy(slot->control + at, &item, sizeof(item));
    memcpy(slot->control + at + CMSG_LEN(0), data, bytes);
    slot->message.msg_controllen = at + CMSG_SPACE(bytes);
}

static void add_our_address(struct udp_slot *slot, const struct udp_socket *udp,
                            const struct udp_route *route)
{
    static const uint8_t zero[16];
    if (memcmp(route->ip, zero, sizeof(zero)) == 0)
        return;
    if (udp->family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_ifindex = route->interface};
        memcpy(&info.ipi6_addr, route->ip, sizeof(route->ip));
        add_control(slot, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    } else {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, route->ip + 12, 4);
        add_control(slot, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    }
}

bool udp_slot_fill(struct udp_slot *slot, const struct udp_socket *udp,
                   const struct udp_route *route, const struct udp_memories *memories,
                   const struct port_outgoing *run, uint32_t count)
{
    slot->message = (struct msghdr){.msg_iov = slot->parts, .msg_control = slot->control};
    slot->buffer_used = slot->datagram_count = slot->bytes = slot->token_count = 0;
    slot->has_foreign = slot->wants_zero_copy = slot->was_refused = slot->must_retry = false;
    slot->datagram_bytes = port_outgoing_bytes(&run[0]);
    for (uint32_t i = 0; i < count; i++)
        add_datagram(slot, memories, &run[i]);
    if (!udp->is_connected) {
        const uint32_t interface = route ? route->interface : 0;
        slot->message.msg_name = &slot->name;
        slot->message.msg_namelen = udp_socket_name(udp, &run[0].to, interface, &slot->name);
        if (slot->message.msg_namelen == 0)
            return false;
        if (route && udp->is_any)
            add_our_address(slot, udp, route);
    }
    slot->address_control_bytes = (uint32_t)slot->message.msg_controllen;
    if (count > 1) {
        const uint16_t segment_bytes = (uint16_t)slot->datagram_bytes;
        add_control(slot, IPPROTO_UDP, UDP_SEGMENT, &segment_bytes, sizeof(segment_bytes));
    }
    if (slot->message.msg_controllen == 0)
        slot->message.msg_control = NULL;
    slot->state = UDP_SLOT_FILLED;
    return true;
}

void udp_slot_own(struct udp_slot *slot, const struct udp_memories *memories)
{
    for (size_t i = 0; slot->has_foreign && i < slot->message.msg_iovlen; i++) {
        struct iovec *part = &slot->parts[i];
        const uintptr_t in_buffer = (uintptr_t)part->iov_base - (uintptr_t)slot->buffer;
        if (in_buffer < UDP_SLOT_BUFFER_BYTES ||
            memories_hold(memories, part->iov_base, part->iov_len))
            continue;
        part->iov_base = copy_in(slot, part->iov_base, (uint32_t)part->iov_len);
    }
    slot->has_foreign = false;
}

bool udp_slot_fits_zero_copy(const struct udp_slot *slot)
{
    size_t fragments = 0;
    for (size_t i = 0; i < slot->message.msg_iovlen; i++) {
        const uintptr_t first = (uintptr_t)slot->parts[i].iov_base;
        const uintptr_t last = first + slot->parts[i].iov_len - 1;
        fragments += last / PAGE_BYTES - first / PAGE_BYTES + 1;
    }
    return !slot->has_foreign && fragments <= MAX_FRAGMENTS;
}

uint32_t udp_slot_send_singly(const struct udp_slot *slot, int fd, uint64_t *bytes)
{
    struct msghdr message = slot->message;
    message.msg_controllen = slot->address_control_bytes;
    if (message.msg_controllen == 0)
        message.msg_control = NULL;
    uint32_t sent = 0;
    *bytes = 0;
    for (uint32_t i = 0; i < slot->datagram_count; i++) {
        message.msg_iovlen = slot->part_counts[i];
        const ssize_t result = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (result >= 0) {
            sent++;
            *bytes += (uint64_t)result;
        }
        message.msg_iov += slot->part_counts[i];
    }
    return sent;
}
