/* Checks what sizes memory or indexes; all else the ports check themselves. */
#include "dataplane/setup.h"

#include "shm/fd_pass.h"

#include <errno.h>

/* Far beyond any use, and far below what would overflow a size. */
#define MAX_LIMIT (1u << 24)
#define MAX_RANGES 4096u
#define MAX_PART_BYTES (UINT64_C(1) << 44)

static bool is_text(const char *text, size_t bytes)
{
    return memchr(text, 0, bytes) != NULL;
}

static bool is_limit(uint32_t limit)
{
    return limit >= 1 && limit <= MAX_LIMIT;
}

static bool has_limits(const struct dataplane_setup *setup)
{
    return is_limit(setup->max_clients) && is_limit(setup->max_requests) &&
           is_limit(setup->max_requests_per_client) && is_limit(setup->max_receiving) &&
           is_limit(setup->max_waiting) && setup->max_ranges >= 1 &&
           setup->max_ranges <= MAX_RANGES && is_limit(setup->max_sent);
}

static bool has_memory(const struct dataplane_setup *setup)
{
    return setup->part_bytes > 0 && setup->part_bytes % SHM_LINE_BYTES == 0 &&
           setup->part_bytes <= MAX_PART_BYTES && setup->max_tensor_bytes > 0 &&
           setup->max_tensor_bytes <= UINT32_MAX && is_limit(setup->part_slots) &&
           is_limit(setup->response_slots);
}

/* NULL, or what is wrong. */
static const char *fault_of(const struct dataplane_setup *setup, unsigned socket_count)
{
    if (setup->port != DATAPLANE_DPDK && setup->port != DATAPLANE_URING)
        return "no such port";
    if (setup->queue_count < 1 || setup->queue_count > DATAPLANE_MAX_QUEUES ||
        setup->queue_count != socket_count)
        return "as many queues as sockets are wanted";
    if (setup->udp_port > UINT16_MAX || setup->address_count > DATAPLANE_MAX_ADDRESSES ||
        setup->vlan > UINT16_MAX || setup->mtu > UINT16_MAX)
        return "an address that cannot be";
    if (!is_text(setup->device, sizeof(setup->device)) ||
        !is_text(setup->eal_arguments, sizeof(setup->eal_arguments)))
        return "a text without an end";
    if (setup->class_count < 1 || setup->class_count > 256)
        return "1 to 256 classes are wanted";
    if (!has_limits(setup))
        return "a limit that cannot be";
    return has_memory(setup) ? NULL : "sizes of memory that cannot be";
}

int setup_receive(struct dataplane_setup *setup, int socket, unsigned socket_count,
                  const char **what)
{
    *what = "no settings came over the first socket; jointd starts this program";
    const int fd_count = fd_pass_receive(socket, setup, sizeof(*setup), NULL, 0);
    if (fd_count < 0)
        return fd_count;
    const char *fault = fault_of(setup, socket_count);
    if (!fault)
        return 0;
    *what = fault;
    return -EBADMSG;
}

static uint32_t share(uint32_t limit, uint32_t queue_count)
{
    return (limit + queue_count - 1) / queue_count;
}

void setup_server_config(const struct dataplane_setup *setup, uint32_t largest_bytes,
                         struct jtp_server_config *config)
{
    const uint32_t queue_count = setup->queue_count;
    jtp_server_config_default(config);
    if (largest_bytes > JTP_LARGEST_PROBE_BYTES)
        largest_bytes = JTP_LARGEST_PROBE_BYTES;
    if (largest_bytes >= JTP_BASE_DATAGRAM_BYTES)
        config->path.largest_datagram_bytes = (uint16_t)largest_bytes;
    memcpy(config->cookie_key.bytes, setup->cookie_key, sizeof(setup->cookie_key));
    memcpy(config->table_key.bytes, setup->table_key, sizeof(setup->table_key));
    config->boot = setup->boot;
    config->validate_address = setup->validate_address != 0;
    config->max_clients = share(setup->max_clients, queue_count);
    config->max_requests = share(setup->max_requests, queue_count);
    config->max_requests_per_client = setup->max_requests_per_client;
    config->max_receiving = share(setup->max_receiving, queue_count);
    config->max_waiting = share(setup->max_waiting, queue_count);
    config->max_ranges = setup->max_ranges;
    config->max_sent = share(setup->max_sent, queue_count);
    config->cookie_lifetime_ns = setup->cookie_lifetime_ns;
    config->idle_ns = setup->client_idle_ns;
    config->stall_ns = setup->stall_ns;
    config->longest_ns = setup->longest_ns;
    config->give_up_ns = setup->give_up_ns;
    config->once_ns = setup->once_ns;
    config->retry_after_us = setup->retry_after_us;
}
