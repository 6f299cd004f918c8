/* Checks of addresses and ports, from the kernel's tables. */
#include "scheduler/check/check.h"
#include "scheduler/config/value_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_address(const struct config_addresses *list, const struct config_address *address)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (config_address_equal(&list->items[i], address))
            return true;
    return false;
}

static void add_address(const struct check *check, struct config_addresses *list,
                        const struct config_address *address)
{
    if (has_address(list, address))
        return;
    void *items = list->items;
    if (config_list_append(&items, &list->count, address, sizeof(*address)))
        check->findings->error = -ENOMEM;
    list->items = items;
}

/* The IPv4 addresses of this host: those above a line "/32 host LOCAL". */
static void read_v4(const struct check *check, struct config_addresses *list)
{
    char *text = host_text(check->host, "/proc/net/fib_trie");
    struct config_address last;
    bool has_last = false;
    char *rest = text;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        const char *leaf = strstr(line, "|-- ");
        if (leaf)
            has_last = config_address_parse(leaf + 4, &last);
        else if (has_last && strstr(line, "/32 host LOCAL"))
            add_address(check, list, &last);
    }
    free(text);
}

static void read_v6(const struct check *check, struct config_addresses *list)
{
    char *text = host_text(check->host, "/proc/net/if_inet6");
    char *rest = text;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        struct config_address address;
        uint32_t i = 0;
        for (unsigned byte; i < 16 && sscanf(line + (size_t)2 * i, "%2x", &byte) == 1; i++)
            address.ip[i] = (uint8_t)byte;
        if (i == 16)
            add_address(check, list, &address);
    }
    free(text);
}

static void check_local(const struct check *check, const struct config_addresses *local,
                        const struct config_addresses *wanted, const char *option)
{
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct config_address *address = &wanted->items[i];
        if (config_address_is_any(address) || config_address_is_loopback(address) ||
            has_address(local, address))
            continue;
        char text[CONFIG_ADDRESS_TEXT_BYTES];
        config_address_print(address, text, sizeof(text));
        findings_add(check->findings, FINDING_FAIL, "address", "%s: %s is no address of this host",
                     option, text);
        findings_mend(check->findings,
                      "ip address lists them: correct %s, or ip address add %s "
                      "dev DEVICE",
                      option, text);
    }
}

static void check_public(const struct check *check, const struct config_addresses *local)
{
    const struct config_addresses *listen = &check->config->server.listen;
    bool takes_v4 = false, takes_v6 = false;
    for (uint32_t i = 0; i < listen->count; i++)
        if (config_address_is_any(&listen->items[i])) {
            takes_v4 = true;
            takes_v6 |= !config_address_is_v4(&listen->items[i]);
        }
    for (uint32_t i = 0; i < local->count; i++) {
        const struct config_address *address = &local->items[i];
        bool is_taken = config_address_is_v4(address) ? takes_v4 : takes_v6;
        if (!is_taken || !config_address_is_public(address))
            continue;
        char text[CONFIG_ADDRESS_TEXT_BYTES];
        config_address_print(address, text, sizeof(text));
        bool is_allowed = check->config->server.allow_public;
        findings_add(check->findings, is_allowed ? FINDING_WARN : FINDING_FAIL, "public_address",
                     "%s is public, and plain JTP is not encrypted", text);
        findings_mend(check->findings, "%s",
                      is_allowed ? "name private addresses in server.listen"
                                 : "name private addresses in server.listen, or write "
                                   "server.allow_public = yes");
        return;
    }
    findings_add(check->findings, FINDING_OK, "public_address", "%s",
                 takes_v4 ? "this host has none" : "none is listened on without being named");
}

void check_addresses(const struct check *check)
{
    if (jointd_config_uses_dpdk(check->config)) {
        findings_add(check->findings, FINDING_OK, "public_address",
                     "the port has addresses of its own");
        return;
    }
    struct config_addresses local = {0};
    read_v4(check, &local);
    read_v6(check, &local);
    check_local(check, &local, &check->config->server.listen, "server.listen");
    check_local(check, &local, &check->config->api.listen, "api.listen");
    check_public(check, &local);
    free(local.items);
}

/* One line of /proc/net/udp, udp6, tcp or tcp6: the local address as the words of memory, and its
 * port. */
static bool read_socket(const char *line, bool is_v6, struct config_address *address,
                        unsigned *port, unsigned *state)
{
    char digits[33];
    if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", digits, port, state) != 3 ||
        strlen(digits) != (is_v6 ? 32 : 8))
        return false;
    *address = (struct config_address){{[10] = 0xff, [11] = 0xff}};
    for (uint32_t i = 0; i < (is_v6 ? 4 : 1); i++) {
        uint32_t word;
        if (sscanf(digits + (size_t)8 * i, "%8" SCNx32, &word) != 1)
            return false;
        memcpy(address->ip + (is_v6 ? 4 * i : 12), &word, sizeof(word));
    }
    return true;
}

static bool collides(const struct config_addresses *wanted, const struct config_address *taken)
{
    bool taken_v4 = config_address_is_v4(taken), taken_any = config_address_is_any(taken);
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct config_address *address = &wanted->items[i];
        bool is_v4 = config_address_is_v4(address), is_any = config_address_is_any(address);
        if (config_address_equal(address, taken) || (is_any && (!is_v4 || taken_v4)) ||
            (taken_any && (!taken_v4 || is_v4)))
            return true;
    }
    return false;
}

enum { TCP_LISTENING = 10 };

static bool is_taken(const struct check *check, const char *path, const char *option_path,
                     const struct config_addresses *wanted, uint64_t wanted_port)
{
    bool is_v6 = path[strlen(path) - 1] == '6', is_tcp = strstr(path, "/tcp") != NULL;
    char *text = host_text(check->host, path), *rest = text;
    bool found = false;
    for (char *line; !found && rest && (line = strsep(&rest, "\n"));) {
        struct config_address address;
        unsigned port, state;
        found = read_socket(line, is_v6, &address, &port, &state) && port == wanted_port &&
                (!is_tcp || state == TCP_LISTENING) && collides(wanted, &address);
    }
    free(text);
    if (found) {
        findings_add(check->findings, FINDING_FAIL, "ports", "%s: %s port %" PRIu64 " is taken",
                     option_path, is_tcp ? "TCP" : "UDP", wanted_port);
        findings_mend(check->findings, "ss -n%sp 'sport = :%" PRIu64 "' says by whom",
                      is_tcp ? "lt" : "au", wanted_port);
    }
    return found;
}

void check_ports(const struct check *check)
{
    const struct jointd_config *config = check->config;
    bool found = false;
    if (!jointd_config_uses_dpdk(config))
        found = is_taken(check, "/proc/net/udp", "server.port", &config->server.listen,
                         config->server.port) ||
                is_taken(check, "/proc/net/udp6", "server.port", &config->server.listen,
                         config->server.port);
    if (is_taken(check, "/proc/net/tcp", "api.port", &config->api.listen, config->api.port) ||
        is_taken(check, "/proc/net/tcp6", "api.port", &config->api.listen, config->api.port))
        found = true;
    if (!found)
        findings_add(check->findings, FINDING_OK, "ports", "free");
}
