/* Reads and prints IP addresses, and knows which of them the Internet reaches. */
#include "scheduler/config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool config_address_is_v4(const struct config_address *address)
{
    return memcmp(address->ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool config_address_parse(const char *text, struct config_address *address)
{
    struct config_address parsed = {{0}};
    if (inet_pton(AF_INET, text, parsed.ip + sizeof(v4_mapped)) == 1)
        memcpy(parsed.ip, v4_mapped, sizeof(v4_mapped));
    else if (inet_pton(AF_INET6, text, parsed.ip) != 1)
        return false;
    *address = parsed;
    return true;
}

void config_address_print(const struct config_address *address, char *text, uint32_t text_bytes)
{
    bool is_v4 = config_address_is_v4(address);
    if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, address->ip + (is_v4 ? sizeof(v4_mapped) : 0), text,
                   text_bytes))
        snprintf(text, text_bytes, "?");
}

bool config_prefix_parse(const char *text, struct config_prefix *prefix)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : 0;
    char address[CONFIG_ADDRESS_TEXT_BYTES];
    if (!slash || length >= sizeof(address))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    struct config_prefix parsed = {.has_value = true};
    if (!config_address_parse(address, &parsed.address))
        return false;
    const char *digits = slash + 1;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > 3 || digits[count])
        return false;
    unsigned long bits = strtoul(digits, NULL, 10);
    if (bits > (config_address_is_v4(&parsed.address) ? 32 : 128))
        return false;
    parsed.bits = (uint8_t)bits;
    *prefix = parsed;
    return true;
}

void config_prefix_print(const struct config_prefix *prefix, char *text, uint32_t text_bytes)
{
    char address[CONFIG_ADDRESS_TEXT_BYTES];
    config_address_print(&prefix->address, address, sizeof(address));
    snprintf(text, text_bytes, "%s/%u", address, prefix->bits);
}

bool config_address_equal(const struct config_address *a, const struct config_address *b)
{
    return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool config_prefix_has(const struct config_prefix *prefix, const struct config_address *address)
{
    bool is_v4 = config_address_is_v4(&prefix->address);
    if (is_v4 != config_address_is_v4(address))
        return false;
    uint32_t bits = prefix->bits + (is_v4 ? 96u : 0u);
    uint32_t whole = bits / 8, rest = bits % 8;
    if (memcmp(prefix->address.ip, address->ip, whole) != 0)
        return false;
    return rest == 0 || ((prefix->address.ip[whole] ^ address->ip[whole]) >> (8 - rest)) == 0;
}

static bool is_in(const struct config_address *address, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        struct config_prefix prefix;
        if (config_prefix_parse(*prefixes, &prefix) && config_prefix_has(&prefix, address))
            return true;
    }
    return false;
}

bool config_address_is_any(const struct config_address *address)
{
    static const char *const any[] = {"0.0.0.0/32", "::/128", NULL};
    return is_in(address, any);
}

bool config_address_is_loopback(const struct config_address *address)
{
    static const char *const loopback[] = {"127.0.0.0/8", "::1/128", NULL};
    return is_in(address, loopback);
}

bool config_address_is_multicast(const struct config_address *address)
{
    static const char *const multicast[] = {"224.0.0.0/4", "255.255.255.255/32", "ff00::/8", NULL};
    return is_in(address, multicast);
}

bool config_address_is_public(const struct config_address *address)
{
    static const char *const others[] = {"10.0.0.0/8",      "172.16.0.0/12",
                                         "192.168.0.0/16",  "169.254.0.0/16",
                                         "100.64.0.0/10",   "192.0.2.0/24",
                                         "198.51.100.0/24", "203.0.113.0/24",
                                         "198.18.0.0/15",   "fe80::/10",
                                         "fc00::/7",        "2001:db8::/32",
                                         "3fff::/20",       NULL};
    return !config_address_is_any(address) && !config_address_is_loopback(address) &&
           !config_address_is_multicast(address) && !is_in(address, others);
}
