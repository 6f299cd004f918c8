/* Opens the socket by itself, so that an address is taken for what it is and nothing else. */
#include "scheduler/api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 256

static bool is_v4(const uint8_t address[16])
{
    static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, v4, sizeof(v4)) == 0;
}

static int bind_to(int fd, const uint8_t address[16], uint16_t port)
{
    struct sockaddr_in at_v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 at_v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&at_v4.sin_addr, address + 12, 4);
    memcpy(&at_v6.sin6_addr, address, 16);
    return is_v4(address) ? bind(fd, (struct sockaddr *)&at_v4, sizeof(at_v4))
                          : bind(fd, (struct sockaddr *)&at_v6, sizeof(at_v6));
}

int listen_open(const uint8_t address[16], uint16_t port)
{
    const int on = 1;
    const int fd =
        socket(is_v4(address) ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (is_v4(address) || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
        bind_to(fd, address, port) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    const int error = -errno;
    close(fd);
    return error;
}

void listen_print(const uint8_t address[16], uint16_t port, char text[LISTEN_TEXT_BYTES])
{
    char words[INET6_ADDRSTRLEN] = "";
    const bool is_short = is_v4(address);
    inet_ntop(is_short ? AF_INET : AF_INET6, is_short ? address + 12 : address, words,
              sizeof(words));
    snprintf(text, LISTEN_TEXT_BYTES, is_short ? "%s:%u" : "[%s]:%u", words, (unsigned)port);
}
