/* IP addresses and prefixes of either family, as options spell them. */
#ifndef SCHEDULER_CONFIG_ADDRESS_H
#define SCHEDULER_CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_ADDRESS_TEXT_BYTES 64 /* the longest address with prefix, and its end */

struct config_address {
    uint8_t ip[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
};

struct config_addresses {
    struct config_address *items;
    uint32_t count;
};

struct config_prefix {
    struct config_address address;
    uint8_t bits; /* of its own family: 24 of 192.0.2.1/24 */
    bool has_value;
};

enum config_family { CONFIG_FAMILY_ANY, CONFIG_FAMILY_V4, CONFIG_FAMILY_V6 };

/* The whole text is one address; false otherwise. */
bool config_address_parse(const char *text, struct config_address *address);
void config_address_print(const struct config_address *address, char *text, uint32_t text_bytes);

/* "192.0.2.1/24"; false for anything else, a missing prefix included. */
bool config_prefix_parse(const char *text, struct config_prefix *prefix);
void config_prefix_print(const struct config_prefix *prefix, char *text, uint32_t text_bytes);

bool config_address_equal(const struct config_address *a, const struct config_address *b);
bool config_address_is_v4(const struct config_address *address);
bool config_address_is_any(const struct config_address *address); /* 0.0.0.0 or :: */
bool config_address_is_loopback(const struct config_address *address);
bool config_address_is_multicast(const struct config_address *address); /* broadcast too */

/* Anyone on the Internet may reach it: not any, loopback, link-local, private (RFC 1918, 4193),
 * shared (6598), for benchmarks (2544) or for documents (5737, 3849, 9637). */
bool config_address_is_public(const struct config_address *address);

/* Whether the prefix covers the address. */
bool config_prefix_has(const struct config_prefix *prefix, const struct config_address *address);

#endif
