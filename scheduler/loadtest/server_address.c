/* Names to addresses, and the table of address ranges that are not public. */
#include "scheduler/loadtest/server_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define HOST_BYTES 256

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* Splits at the last ':'; brackets around the host go. False: it is not HOST:PORT. */
static bool split(const char *host_port, char *host, uint16_t *port)
{
    const char *colon = strrchr(host_port, ':');
    const char *first = host_port;
    if (!colon || colon[1] < '0' || colon[1] > '9')
        return false;
    char *end;
    const unsigned long number = strtoul(colon + 1, &end, 10);
    size_t length = (size_t)(colon - host_port);
    if (*end || number == 0 || number > UINT16_MAX || length == 0)
        return false;
    if (*first == '[') {
        if (length < 3 || first[length - 1] != ']')
            return false;
        first++;
        length -= 2;
    } else if (memchr(first, ':', length)) {
        return false;
    }
    if (length >= HOST_BYTES)
        return false;
    memcpy(host, first, length);
    host[length] = '\0';
    *port = (uint16_t)number;
    return true;
}

static void take(struct jtp_address *address, const struct sockaddr *from, uint16_t port)
{
    *address = (struct jtp_address){.port = port};
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof(v6));
        memcpy(address->ip, &v6.sin6_addr, 16);
    } else {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof(v4));
        memcpy(address->ip, v4_prefix, sizeof(v4_prefix));
        memcpy(address->ip + 12, &v4.sin_addr, 4);
    }
}

int loadtest_server_address_resolve(const char *host_port, struct jtp_address *address, char *text,
                                    size_t text_bytes)
{
    char host[HOST_BYTES];
    uint16_t port;
    if (!split(host_port, host, &port)) {
        snprintf(text, text_bytes, "'%s' is not HOST:PORT, such as 127.0.0.1:4470 or [::1]:4470",
                 host_port);
        return -EINVAL;
    }
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    const int error = getaddrinfo(host, NULL, &hints, &found);
    if (error) {
        snprintf(text, text_bytes, "no address for '%s': %s", host, gai_strerror(error));
        return -EHOSTUNREACH;
    }
    take(address, found->ai_addr, port);
    freeaddrinfo(found);
    return 0;
}

static bool is_v4(const struct jtp_address *address)
{
    return memcmp(address->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

void loadtest_server_address_print(const struct jtp_address *address, char *text, size_t text_bytes)
{
    char ip[INET6_ADDRSTRLEN];
    if (is_v4(address))
        snprintf(text, text_bytes, "%s:%u", inet_ntop(AF_INET, address->ip + 12, ip, sizeof(ip)),
                 address->port);
    else
        snprintf(text, text_bytes, "[%s]:%u", inet_ntop(AF_INET6, address->ip, ip, sizeof(ip)),
                 address->port);
}

/* The first bits of ip are those of a prefix. */
struct prefix {
    uint8_t ip[16];
    uint8_t bits;
};

static const struct prefix ours[] = {
    {{[10] = 0xff, [11] = 0xff, [12] = 10}, 104}, /* 10.0.0.0/8 */
    {{[10] = 0xff, [11] = 0xff, [12] = 100, [13] = 64}, 106}, /* 100.64.0.0/10 */
    {{[10] = 0xff, [11] = 0xff, [12] = 127}, 104}, /* 127.0.0.0/8 */
    {{[10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254}, 112}, /* 169.254.0.0/16 */
    {{[10] = 0xff, [11] = 0xff, [12] = 172, [13] = 16}, 108}, /* 172.16.0.0/12 */
    {{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2}, 120}, /* 192.0.2.0/24 */
    {{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168}, 112}, /* 192.168.0.0/16 */
    {{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 18}, 111}, /* 198.18.0.0/15 */
    {{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100}, 120}, /* 198.51.100.0/24 */
    {{[10] = 0xff, [11] = 0xff, [12] = 203, [13] = 0, [14] = 113}, 120}, /* 203.0.113.0/24 */
    {{[15] = 1}, 128}, /* ::1 */
    {{0xfc}, 7}, /* fc00::/7 */
    {{0xfe, 0x80}, 10}, /* fe80::/10 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* 2001:db8::/32 */
    {{0x3f, 0xff}, 20}, /* 3fff::/20 */
};

static bool has(const struct prefix *prefix, const uint8_t ip[16])
{
    const uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (memcmp(prefix->ip, ip, whole) != 0)
        return false;
    return rest == 0 || ((prefix->ip[whole] ^ ip[whole]) >> (8 - rest)) == 0;
}

bool loadtest_server_address_is_public(const struct jtp_address *address)
{
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (has(&ours[i], address->ip))
            return false;
    return true;
}
