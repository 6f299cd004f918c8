/* Opens UDP sockets: both families, no fragments, large buffers, one port for several queues.
 *
 * Several sockets on one port need SO_REUSEPORT, which also lets a second program of the same user
 * in, silently taking half the datagrams. So the first socket is bound without it and given it
 * afterwards: a second program fails with EADDRINUSE, and our own further queues join.
 *
 * ICMP errors are not asked for (IP_RECVERR): anyone can forge them, they would turn into errors of
 * unrelated sends, and the transport finds losses and datagram sizes by itself. */
#include "dataplane/port/uring/udp_socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <time.h>
#include <unistd.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool udp_address_is_v4(const struct jtp_address *address)
{
    return memcmp(address->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool udp_address_is_any(const struct jtp_address *address)
{
    static const uint8_t zero[16];
    const size_t skip = udp_address_is_v4(address) ? 12 : 0;
    return memcmp(address->ip + skip, zero, 16 - skip) == 0;
}

bool udp_address_is_link_local(const uint8_t ip[16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static int set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* As root beyond the system's limit, otherwise up to it. */
static void set_buffers(int fd, uint32_t bytes)
{
    const int value = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, value) != 0)
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, value);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, value) != 0)
        (void)set_option(fd, SOL_SOCKET, SO_SNDBUF, value);
}

/* PROBE sets Don't Fragment and leaves the size of datagrams to the sender, up to the link's. */
static int set_family_options(const struct udp_socket *udp)
{
    const int wants_ours = udp->is_any; /* to which of our addresses it came */
    int error = 0;
    if (udp->family == AF_INET6) {
        error = set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        if (!error)
            error = set_option(udp->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
        if (!error)
            error = set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, wants_ours);
    } else {
        error = set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, wants_ours);
    }
    return error ? error : set_option(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

static int bind_to(struct udp_socket *udp, const struct jtp_address *local)
{
    union udp_name name;
    socklen_t name_bytes = udp_socket_name(udp, local, local->route, &name);
    if (name_bytes == 0)
        return -EAFNOSUPPORT;
    if (bind(udp->fd, &name.any, name_bytes) != 0)
        return -errno;
    name_bytes = sizeof(name);
    if (getsockname(udp->fd, &name.any, &name_bytes) != 0)
        return -errno;
    return udp_socket_address(udp, &name, name_bytes, &udp->local) ? 0 : -EAFNOSUPPORT;
}

static int connect_to(struct udp_socket *udp, const struct jtp_address *peer)
{
    union udp_name name;
    const socklen_t name_bytes = udp_socket_name(udp, peer, peer->route, &name);
    if (name_bytes == 0)
        return -EAFNOSUPPORT;
    if (connect(udp->fd, &name.any, name_bytes) != 0)
        return -errno;
    udp->is_connected = true;
    return 0;
}

static int create(struct udp_socket *udp)
{
    udp->family = AF_INET6;
    udp->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (udp->fd < 0 && errno == EAFNOSUPPORT) {
        udp->family = AF_INET;
        udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    return udp->fd < 0 ? -errno : 0;
}

int udp_socket_open(struct udp_socket *udp, const struct udp_socket_config *config)
{
    *udp = (struct udp_socket){.is_any = !config->peer && udp_address_is_any(&config->local)};
    int error = create(udp);
    if (error)
        return error;
    error = set_family_options(udp);
    if (!error && config->joins_others)
        error = set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (error)
        goto close_socket;
    set_buffers(udp->fd, config->buffer_bytes);
    udp->has_gro = config->wants_gro && set_option(udp->fd, IPPROTO_UDP, UDP_GRO, 1) == 0;
    udp->has_gso = set_option(udp->fd, IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
    error = bind_to(udp, &config->local);
    if (!error && config->is_shared)
        error = set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (!error && config->peer)
        error = connect_to(udp, config->peer);
    if (!error)
        return 0;
close_socket:
    udp_socket_close(udp);
    return error;
}

void udp_socket_close(struct udp_socket *udp)
{
    if (udp->family != 0)
        close(udp->fd);
    *udp = (struct udp_socket){0};
}

void udp_socket_await_free(const struct jtp_address *local)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (uint32_t tries = 0; tries < 200; tries++) {
        struct udp_socket probe = {0};
        int error = create(&probe);
        if (!error) {
            (void)set_family_options(&probe);
            error = bind_to(&probe, local);
            udp_socket_close(&probe);
        }
        if (error != -EADDRINUSE)
            return;
        nanosleep(&pause, NULL);
    }
}

socklen_t udp_socket_name(const struct udp_socket *udp, const struct jtp_address *to,
                          uint32_t interface, union udp_name *name)
{
    *name = (union udp_name){0};
    if (udp->family == AF_INET6) {
        name->v6.sin6_family = AF_INET6;
        name->v6.sin6_port = htons(to->port);
        memcpy(&name->v6.sin6_addr, to->ip, sizeof(to->ip));
        if (udp_address_is_link_local(to->ip))
            name->v6.sin6_scope_id = interface;
        return sizeof(name->v6);
    }
    if (!udp_address_is_v4(to) && !udp_address_is_any(to))
        return 0;
    name->v4.sin_family = AF_INET;
    name->v4.sin_port = htons(to->port);
    memcpy(&name->v4.sin_addr, to->ip + sizeof(v4_prefix), 4);
    return sizeof(name->v4);
}

bool udp_socket_address(const struct udp_socket *udp, const void *name, size_t name_bytes,
                        struct jtp_address *address)
{
    union udp_name copy;
    const size_t wanted = udp->family == AF_INET6 ? sizeof(copy.v6) : sizeof(copy.v4);
    *address = (struct jtp_address){0};
    if (name_bytes < wanted)
        return false;
    memcpy(&copy, name, wanted);
    if (udp->family == AF_INET6) {
        memcpy(address->ip, &copy.v6.sin6_addr, sizeof(address->ip));
        address->port = ntohs(copy.v6.sin6_port);
    } else {
        memcpy(address->ip, v4_prefix, sizeof(v4_prefix));
        memcpy(address->ip + sizeof(v4_prefix), &copy.v4.sin_addr, 4);
        address->port = ntohs(copy.v4.sin_port);
    }
    return copy.any.sa_family == udp->family;
}

uint32_t udp_socket_missed(const struct udp_socket *udp)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t info_bytes = sizeof(info);
    if (getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, info, &info_bytes) != 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

uint32_t udp_socket_buffer_bytes(const struct udp_socket *udp, int option)
{
    int value = 0;
    socklen_t bytes = sizeof(value);
    return getsockopt(udp->fd, SOL_SOCKET, option, &value, &bytes) == 0 ? (uint32_t)value : 0;
}

uint32_t udp_socket_path_bytes(const struct udp_socket *udp)
{
    if (!udp->is_connected)
        return 0;
    int mtu = 0;
    socklen_t bytes = sizeof(mtu);
    if (getsockopt(udp->fd, IPPROTO_IP, IP_MTU, &mtu, &bytes) != 0) {
        bytes = sizeof(mtu);
        if (getsockopt(udp->fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &bytes) != 0)
            return 0;
    }
    return mtu > 0 ? (uint32_t)mtu : 0;
}
