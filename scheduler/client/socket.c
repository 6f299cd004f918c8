/* A kernel UDP socket that is connected to one server. */
#include "scheduler/client/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_HOST_BYTES 256
#define SEND_ROOM_BYTES (1 << 20)
#define MAX_SEGMENTED_BYTES                                                                        \
    60000 /* of one message, which has to fit one IP packet before it is cut */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

static bool is_ipv4(const struct jtp_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address->ip, mapped, sizeof(mapped)) == 0;
}

/* Splits "host:port"; an IPv6 address stands in brackets. */
static int split(const char *text, char host[MAX_HOST_BYTES], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    const char *first = text, *end = colon;
    if (!colon || colon == text)
        return -EINVAL;
    if (*text == '[') {
        first++;
        end--;
        if (end <= first || *end != ']')
            return -EINVAL;
    } else if (memchr(text, ':', (size_t)(colon - text))) {
        return -EINVAL;
    }
    char *rest;
    unsigned long number = strtoul(colon + 1, &rest, 10);
    bool is_number = colon[1] >= '0' && colon[1] <= '9' && *rest == 0;
    if (!is_number || number == 0 || number > 65535 || end - first >= MAX_HOST_BYTES)
        return -EINVAL;
    memcpy(host, first, (size_t)(end - first));
    host[end - first] = 0;
    *port = (uint16_t)number;
    return 0;
}

int socket_resolve(const char *text, struct jtp_address *address)
{
    char host[MAX_HOST_BYTES];
    uint16_t port;
    struct addrinfo *list, hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    int rc = split(text, host, &port);
    if (rc)
        return rc;
    *address = (struct jtp_address){.port = port};
    if (getaddrinfo(host, NULL, &hints, &list) || !list)
        return -EHOSTUNREACH;
    if (list->ai_family == AF_INET) {
        struct sockaddr_in name;
        memcpy(&name, list->ai_addr, sizeof(name));
        address->ip[10] = address->ip[11] = 0xff;
        memcpy(address->ip + 12, &name.sin_addr, 4);
    } else {
        struct sockaddr_in6 name;
        memcpy(&name, list->ai_addr, sizeof(name));
        memcpy(address->ip, &name.sin6_addr, 16);
        address->route = name.sin6_scope_id;
    }
    freeaddrinfo(list);
    return 0;
}

void socket_print_address(const struct jtp_address *address, char *text, size_t room)
{
    char ip[INET6_ADDRSTRLEN] = "";
    bool has_four = is_ipv4(address);
    inet_ntop(has_four ? AF_INET : AF_INET6, address->ip + (has_four ? 12 : 0), ip, sizeof(ip));
    snprintf(text, room, has_four ? "%s:%u" : "[%s]:%u", ip, (unsigned)address->port);
}

static int connect_to(int fd, const struct jtp_address *server)
{
    int never_fragment = IP_PMTUDISC_PROBE, room = SEND_ROOM_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (is_ipv4(server)) {
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(server->port)};
        memcpy(&name.sin_addr, server->ip + 12, 4);
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &never_fragment, sizeof(never_fragment));
        return connect(fd, (struct sockaddr *)&name, sizeof(name)) ? -errno : 0;
    }
    struct sockaddr_in6 name = {
        .sin6_family = AF_INET6, .sin6_port = htons(server->port), .sin6_scope_id = server->route};
    memcpy(&name.sin6_addr, server->ip, 16);
    never_fragment = IPV6_PMTUDISC_PROBE;
    setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &never_fragment, sizeof(never_fragment));
    return connect(fd, (struct sockaddr *)&name, sizeof(name)) ? -errno : 0;
}

int socket_open(struct socket *s, const struct jtp_address *server)
{
    int segment = 0;
    *s = (struct socket){.fd = -1};
    int fd =
        socket(is_ipv4(server) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int rc = connect_to(fd, server);
    s->memory = malloc((size_t)SOCKET_BURST * SOCKET_MAX_BYTES);
    if (rc == 0 && !s->memory)
        rc = -ENOMEM;
    if (rc) {
        free(s->memory);
        close(fd);
        *s = (struct socket){.fd = -1};
        return rc;
    }
    s->fd = fd;
    s->has_gso = setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) == 0;
    return 0;
}

void socket_close(struct socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    free(s->memory);
    *s = (struct socket){.fd = -1};
}

int socket_receive(struct socket *s, struct socket_received *burst)
{
    struct mmsghdr messages[SOCKET_BURST];
    struct iovec pieces[SOCKET_BURST];
    for (uint32_t i = 0; i < SOCKET_BURST; i++) {
        pieces[i] = (struct iovec){s->memory + (size_t)i * SOCKET_MAX_BYTES, SOCKET_MAX_BYTES};
        messages[i] =
            (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}, .msg_len = 0};
    }
    int count = recvmmsg(s->fd, messages, SOCKET_BURST, 0, NULL);
    if (count < 0)
        return errno == ECONNREFUSED ? -ECONNREFUSED : 0;
    for (int i = 0; i < count; i++)
        burst[i] = (struct socket_received){pieces[i].iov_base, messages[i].msg_len};
    return count;
}

static size_t size_of(const struct jtp_datagram *datagram)
{
    return (size_t)datagram->head_bytes + datagram->payload_bytes;
}

/* How many datagrams from the first on the kernel can cut out of one message: all of one size, the
 * last one perhaps shorter. */
static uint32_t run_length(const struct socket *s, const struct jtp_datagram *burst, uint32_t count)
{
    size_t size = size_of(&burst[0]), sum = size;
    uint32_t length = 1;
    while (s->has_gso && length < count && size_of(&burst[length]) <= size &&
           sum + size_of(&burst[length]) <= MAX_SEGMENTED_BYTES) {
        sum += size_of(&burst[length]);
        if (size_of(&burst[length++]) < size)
            break;
    }
    return length;
}

struct segment_control {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(uint16_t))];
};

static void set_segment(struct msghdr *message, struct segment_control *control, uint16_t size)
{
    message->msg_control = control->bytes;
    message->msg_controllen = sizeof(control->bytes);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(header), &size, sizeof(size));
}

/* Messages that were built and have not left yet. */
static int send_messages(struct socket *s, struct mmsghdr *messages, uint32_t count)
{
    uint32_t sent = 0;
    while (sent < count) {
        int now = sendmmsg(s->fd, messages + sent, count - sent, 0);
        if (now > 0) {
            sent += (uint32_t)now;
        } else if (errno == ECONNREFUSED) {
            return -ECONNREFUSED;
        } else if (errno == EIO && s->has_gso) {
            s->has_gso = false; /* the device cannot: from now on one by one */
            return 0;
        } else if (errno != EINTR) {
            sent++; /* too large for the link, or no room: lost */
        }
    }
    return 0;
}

int socket_send(struct socket *s, const struct jtp_datagram *burst, uint32_t count)
{
    struct mmsghdr messages[SOCKET_BURST];
    struct iovec pieces[2 * SOCKET_BURST];
    struct segment_control controls[SOCKET_BURST];
    uint32_t message_count = 0, piece = 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t length = run_length(s, burst + i, count - i);
        struct msghdr *message = &messages[message_count].msg_hdr;
        messages[message_count] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[piece]}};
        if (length > 1)
            set_segment(message, &controls[message_count], (uint16_t)size_of(&burst[i]));
        message_count++;
        for (uint32_t end = i + length; i < end; i++) {
            pieces[piece++] = (struct iovec){(void *)burst[i].head, burst[i].head_bytes};
            if (burst[i].payload_bytes > 0)
                pieces[piece++] = (struct iovec){(void *)burst[i].payload, burst[i].payload_bytes};
        }
        message->msg_iovlen = (size_t)(&pieces[piece] - message->msg_iov);
    }
    return send_messages(s, messages, message_count);
}
