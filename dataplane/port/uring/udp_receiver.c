/* Reads what the kernel wrote about a message and cuts it into datagrams where it lies. */
#include "dataplane/port/uring/udp_receiver.h"
#include "dataplane/port/uring/udp_queue.h"

#include <assert.h>
#include <netinet/udp.h>

uint32_t udp_receiver_buffer_bytes(uint32_t payload_bytes)
{
    const uint32_t line = 64; /* so that two buffers share no cache line */
    return ((uint32_t)UDP_MESSAGE_PAYLOAD_AT + payload_bytes + line - 1) / line * line;
}

uint8_t *udp_receiver_buffer(const struct udp_receiver *receiver, uint32_t buffer)
{
    assert(buffer < receiver->count);
    return receiver->buffers + (size_t)buffer * receiver->buffer_bytes;
}

void udp_receiver_arrived(struct udp_receiver *receiver, uint32_t buffer, uint32_t socket)
{
    assert(receiver->inbox_tail - receiver->inbox_head < receiver->count);
    receiver->inbox[receiver->inbox_tail++ & (receiver->count - 1)] =
        (struct udp_arrival){.buffer = (uint16_t)buffer, .socket = (uint16_t)socket};
}

bool udp_receiver_has_some(const struct udp_receiver *receiver)
{
    return receiver->is_open || receiver->inbox_tail != receiver->inbox_head;
}

struct control {
    struct udp_route ours;
    uint32_t segment_bytes; /* 0: a single datagram */
};

static void read_control(struct control *control, const struct cmsghdr *item)
{
    const uint8_t *data = CMSG_DATA(item);
    const size_t bytes = item->cmsg_len - CMSG_LEN(0);
    if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        if (bytes < sizeof(info))
            return;
        memcpy(&info, data, sizeof(info));
        memcpy(control->ours.ip, &info.ipi6_addr, sizeof(control->ours.ip));
        if (udp_address_is_link_local(control->ours.ip))
            control->ours.interface = info.ipi6_ifindex;
    } else if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        if (bytes < sizeof(info))
            return;
        memcpy(&info, data, sizeof(info));
        memset(control->ours.ip + 10, 0xff, 2);
        memcpy(control->ours.ip + 12, &info.ipi_spec_dst, 4);
    } else if (item->cmsg_level == IPPROTO_UDP && item->cmsg_type == UDP_GRO) {
        int segment_bytes = 0;
        if (bytes < sizeof(segment_bytes))
            return;
        memcpy(&segment_bytes, data, sizeof(segment_bytes));
        control->segment_bytes = segment_bytes > 0 ? (uint32_t)segment_bytes : 0;
    }
}

static struct control read_controls(uint8_t *bytes, uint32_t count, uint32_t socket)
{
    struct control control = {.ours.socket = socket};
    struct msghdr message = {.msg_control = bytes, .msg_controllen = count};
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_len < CMSG_LEN(0) ||
            item->cmsg_len > (size_t)(bytes + count - (uint8_t *)item))
            break;
        read_control(&control, item);
    }
    /* A multicast address came along, but nothing can leave from it. */
    if (control.ours.ip[0] == 0xff)
        memset(control.ours.ip, 0, sizeof(control.ours.ip));
    return control;
}

static uint32_t route_of(struct udp_queue *queue, const struct udp_route *ours)
{
    const struct udp_route *last = udp_routes_find(queue->routes, queue->last_route);
    if (last && memcmp(last, ours, sizeof(*last)) == 0)
        return queue->last_route;
    uint32_t number = udp_routes_number(queue->routes, ours);
    if (number == 0) /* by the socket at least; this route is there since the start */
        number = ours->socket + 1;
    queue->last_route = number;
    return number;
}

/* False: it is not for us, the buffer is free again. */
static bool open_message(struct udp_queue *queue, struct udp_arrival arrival)
{
    struct udp_receiver *receiver = &queue->receiver;
    uint8_t *buffer = udp_receiver_buffer(receiver, arrival.buffer);
    struct udp_message_header header;
    memcpy(&header, buffer, sizeof(header));
    uint8_t *name = buffer + sizeof(header);
    uint8_t *control_bytes = name + UDP_MESSAGE_NAME_BYTES;
    const bool is_whole = (header.flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                          header.name_bytes <= UDP_MESSAGE_NAME_BYTES &&
                          header.control_bytes <= UDP_MESSAGE_CONTROL_BYTES &&
                          header.payload_bytes <= receiver->payload_bytes;
    if (!is_whole || !udp_socket_address(&queue->sockets[arrival.socket], name, header.name_bytes,
                                         &receiver->from)) {
        udp_count(&queue->counters.bad, 1);
        queue->engine->recycle(queue, arrival.buffer);
        return false;
    }
    const struct control control =
        read_controls(control_bytes, header.control_bytes, arrival.socket);
    receiver->from.route = route_of(queue, &control.ours);
    receiver->next = buffer + UDP_MESSAGE_PAYLOAD_AT;
    receiver->left_bytes = header.payload_bytes;
    receiver->segment_bytes = control.segment_bytes ? control.segment_bytes : header.payload_bytes;
    receiver->open_buffer = arrival.buffer;
    receiver->is_open = true;
    return true;
}

static void take_datagram(struct udp_receiver *receiver, struct port_received *received)
{
    const uint32_t bytes = receiver->left_bytes < receiver->segment_bytes ? receiver->left_bytes
                                                                          : receiver->segment_bytes;
    *received =
        (struct port_received){.from = receiver->from, .bytes = receiver->next, .count = bytes};
    receiver->next += bytes;
    receiver->left_bytes -= bytes;
    if (receiver->left_bytes == 0) {
        receiver->held[receiver->held_count++] = receiver->open_buffer;
        receiver->is_open = false;
    }
}

uint32_t udp_receiver_take(struct udp_queue *queue, struct port_received *burst, uint32_t count)
{
    struct udp_receiver *receiver = &queue->receiver;
    assert(receiver->held_count == 0 && count <= PORT_MAX_BURST);
    uint32_t taken = 0;
    uint64_t bytes = 0;
    while (taken < count) {
        if (!receiver->is_open) {
            if (receiver->inbox_tail == receiver->inbox_head)
                break;
            if (!open_message(queue,
                              receiver->inbox[receiver->inbox_head++ & (receiver->count - 1)]))
                continue;
        }
        take_datagram(receiver, &burst[taken]);
        bytes += burst[taken++].count;
    }
    udp_count(&queue->counters.received, taken);
    udp_count(&queue->counters.received_bytes, bytes);
    return taken;
}

void udp_receiver_release(struct udp_queue *queue)
{
    struct udp_receiver *receiver = &queue->receiver;
    for (uint32_t i = 0; i < receiver->held_count; i++)
        queue->engine->recycle(queue, receiver->held[i]);
    receiver->held_count = 0;
}
