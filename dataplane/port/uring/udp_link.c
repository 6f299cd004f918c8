/* Asks the kernel for the MTU of each interface, once: which of them a datagram will leave by is
 * not known, so the longest counts, and the transport's search finds what gets through. */
#include "dataplane/port/uring/udp_link.h"
#include "dataplane/port/uring/udp_socket.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ETHERNET_BYTES 1500
#define LOOPBACK_BYTES 65536

static void look_at(struct udp_link *link, int fd, const char *name)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0 || !(request.ifr_flags & IFF_UP))
        return;
    const bool is_loopback = (request.ifr_flags & IFF_LOOPBACK) != 0;
    if (ioctl(fd, SIOCGIFMTU, &request) != 0 || request.ifr_mtu <= 0)
        return;
    uint32_t *longest = is_loopback ? &link->loopback_bytes : &link->longest_bytes;
    if ((uint32_t)request.ifr_mtu > *longest)
        *longest = (uint32_t)request.ifr_mtu;
}

void udp_link_init(struct udp_link *link, uint32_t path_bytes)
{
    *link = (struct udp_link){.path_bytes = path_bytes};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex *names = fd < 0 ? NULL : if_nameindex();
    for (const struct if_nameindex *name = names; name && name->if_index != 0; name++)
        look_at(link, fd, name->if_name);
    if (names)
        if_freenameindex(names);
    if (fd >= 0)
        close(fd);
    if (link->loopback_bytes == 0)
        link->loopback_bytes = LOOPBACK_BYTES;
    if (link->longest_bytes == 0)
        link->longest_bytes = ETHERNET_BYTES;
}

static bool is_loopback(const struct jtp_address *to)
{
    static const uint8_t v6[16] = {[15] = 1};
    return udp_address_is_v4(to) ? to->ip[12] == 127 : memcmp(to->ip, v6, sizeof(v6)) == 0;
}

uint32_t udp_link_max_datagram_bytes(const struct udp_link *link, const struct jtp_address *to)
{
    const uint32_t headers = udp_address_is_v4(to) ? 20 + 8 : 40 + 8;
    uint32_t mtu = link->path_bytes;
    if (mtu == 0)
        mtu = is_loopback(to) ? link->loopback_bytes : link->longest_bytes;
    if (mtu <= headers)
        return 0;
    return mtu - headers < UDP_MAX_PAYLOAD_BYTES ? mtu - headers : UDP_MAX_PAYLOAD_BYTES;
}
