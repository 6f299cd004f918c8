/* Turns the configuration's units and enums into those of the setup, field by field. */
#include "scheduler/service/dataplane_setup.h"
#include "shm/ingress.h"
#include "shm/load_report.h"
#include "shm/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define MIB (UINT64_C(1) << 20)

/* The configuration cannot see shm: here is where the two are seen to agree. */
static_assert((int)CONFIG_AUTO == DATAPLANE_AUTO && (int)CONFIG_YES == DATAPLANE_YES &&
                  (int)CONFIG_NO == DATAPLANE_NO,
              "enum dataplane_choice");
static_assert((int)CONFIG_IO_AUTO == DATAPLANE_IO_AUTO &&
                  (int)CONFIG_IO_RING == DATAPLANE_IO_RING &&
                  (int)CONFIG_IO_PLAIN == DATAPLANE_IO_PLAIN,
              "enum dataplane_io");
static_assert(CONFIG_MAX_QUEUES == DATAPLANE_MAX_QUEUES, "queues");
static_assert(CONFIG_MAX_ADDRESSES == DATAPLANE_MAX_ADDRESSES, "addresses");
static_assert(CONFIG_DEVICE_BYTES == sizeof(((struct dataplane_setup *)NULL)->device), "device");
static_assert(CONFIG_EAL_BYTES == sizeof(((struct dataplane_setup *)NULL)->eal_arguments), "EAL");
static_assert(CONFIG_MAX_MODELS == MESSAGE_MAX_MODELS, "models");
static_assert(CONFIG_MAX_BATCH == MESSAGE_MAX_ROWS, "rows");
static_assert(CONFIG_MAX_DIMENSIONS == MESSAGE_MAX_DIMENSIONS, "dimensions");
static_assert(CONFIG_SYMBOL_BYTES == MESSAGE_SYMBOL_BYTES, "symbols");
static_assert(CONFIG_PATH_BYTES == MESSAGE_PATH_BYTES, "paths");
static_assert(CONFIG_NAME_BYTES == INGRESS_NAME_BYTES, "names of models");
static_assert(CONFIG_MAX_CLASSES == LOAD_REPORT_MAX_CLASSES, "classes");

uint64_t dataplane_setup_part_bytes(const struct jointd_config *config)
{
    const uint64_t part_bytes = config->memory.request_slab_bytes / config->dataplane.queues;
    return part_bytes / SHM_PAYLOAD_OFFSET * SHM_PAYLOAD_OFFSET;
}

static struct dataplane_prefix prefix_of(const struct config_prefix *from)
{
    struct dataplane_prefix to = {.length = from->bits, .is_given = from->has_value};
    memcpy(to.ip, from->address.ip, sizeof(to.ip));
    return to;
}

static int fill_text(char *to, size_t to_bytes, const char *from)
{
    const size_t length = strlen(from);
    if (length >= to_bytes)
        return -EINVAL;
    memcpy(to, from, length + 1);
    return 0;
}

static int fill_queues(struct dataplane_setup *setup, const struct dataplane_section *dataplane)
{
    if (dataplane->queues > DATAPLANE_MAX_QUEUES ||
        (dataplane->cores.count && dataplane->cores.count != dataplane->queues))
        return -EINVAL;
    setup->queue_count = (uint32_t)dataplane->queues;
    for (uint32_t i = 0; i < DATAPLANE_MAX_QUEUES; i++)
        setup->cpu[i] = i < dataplane->cores.count ? dataplane->cores.items[i] : DATAPLANE_NO_CPU;
    setup->is_busy = dataplane->idle == CONFIG_IDLE_BUSY;
    return 0;
}

static int fill_addresses(struct dataplane_setup *setup, const struct server_section *server)
{
    if (server->listen.count > DATAPLANE_MAX_ADDRESSES)
        return -EINVAL;
    setup->udp_port = (uint32_t)server->port;
    setup->address_count = server->listen.count;
    for (uint32_t i = 0; i < server->listen.count; i++)
        memcpy(setup->address[i], server->listen.items[i].ip, sizeof(setup->address[i]));
    setup->validate_address = server->validate_address;
    return 0;
}

static int fill_port(struct dataplane_setup *setup, const struct dataplane_section *dataplane)
{
    setup->mtu = (uint32_t)dataplane->mtu;
    setup->v4 = prefix_of(&dataplane->address_v4);
    setup->v6 = prefix_of(&dataplane->address_v6);
    setup->gateway_v4 = prefix_of(&dataplane->gateway_v4);
    setup->gateway_v6 = prefix_of(&dataplane->gateway_v6);
    setup->vlan = (uint32_t)dataplane->vlan;
    setup->huge_pages = (uint32_t)dataplane->huge_pages;
    setup->memory_mib = (uint32_t)((dataplane->memory_bytes + MIB - 1) / MIB);
    setup->receive_buffers = (uint32_t)dataplane->receive_buffers;
    setup->send_buffers = (uint32_t)dataplane->send_buffers;
    setup->descriptors = (uint32_t)dataplane->descriptors;
    setup->verify_checksums = dataplane->verify_checksums;
    setup->offload = dataplane->offload;
    setup->io = (uint32_t)dataplane->io_uring;
    setup->nap_ns = dataplane->nap_ns;
    setup->socket_buffer_bytes = dataplane->socket_buffer_bytes;
    const int error = fill_text(setup->device, sizeof(setup->device), dataplane->device);
    return error ? error
                 : fill_text(setup->eal_arguments, sizeof(setup->eal_arguments),
                             dataplane->eal_arguments);
}

static void fill_limits(struct dataplane_setup *setup, const struct limits_section *limits)
{
    setup->max_clients = (uint32_t)limits->max_clients;
    setup->max_requests = (uint32_t)limits->max_requests;
    setup->max_requests_per_client = (uint32_t)limits->max_requests_per_client;
    setup->max_receiving = (uint32_t)limits->max_receiving;
    setup->max_waiting = (uint32_t)limits->max_waiting;
    setup->max_ranges = (uint32_t)limits->max_ranges;
    setup->max_sent = (uint32_t)limits->max_sent;
    setup->retry_after_us = (uint32_t)(limits->retry_after_ns / 1000);
    setup->cookie_lifetime_ns = limits->cookie_lifetime_ns;
    setup->client_idle_ns = limits->client_idle_ns;
    setup->stall_ns = limits->stall_ns;
    setup->longest_ns = limits->longest_ns;
    setup->give_up_ns = limits->give_up_ns;
    setup->once_ns = limits->once_ns;
}

static int fill_classes(struct dataplane_setup *setup, const struct jointd_config *config)
{
    const size_t most = sizeof(setup->default_deadline_ns) / sizeof(setup->default_deadline_ns[0]);
    if (config->class_count == 0 || config->class_count > most)
        return -EINVAL;
    setup->class_count = config->class_count;
    for (size_t i = 0; i < most; i++) /* a class beyond the last is the last */
        setup->default_deadline_ns[i] =
            config->classes[i < config->class_count ? i : config->class_count - 1].deadline_ns;
    return 0;
}

static int fill_memory(struct dataplane_setup *setup, const struct jointd_config *config)
{
    setup->part_bytes = dataplane_setup_part_bytes(config);
    setup->max_tensor_bytes = config->memory.max_tensor_bytes;
    setup->part_slots = (uint32_t)(config->memory.slots / config->dataplane.queues);
    setup->response_slots = (uint32_t)config->memory.slots;
    return setup->part_bytes < 4 * setup->max_tensor_bytes || setup->part_slots == 0 ? -EINVAL : 0;
}

int dataplane_setup_fill(struct dataplane_setup *setup, const struct jointd_config *config)
{
    memset(setup, 0, sizeof(*setup));
    setup->port = jointd_config_uses_dpdk(config) ? DATAPLANE_DPDK : DATAPLANE_URING;
    int error = fill_queues(setup, &config->dataplane);
    if (!error)
        error = fill_addresses(setup, &config->server);
    if (!error)
        error = fill_port(setup, &config->dataplane);
    if (!error)
        error = fill_classes(setup, config);
    if (!error)
        error = fill_memory(setup, config);
    fill_limits(setup, &config->limits);
    return error;
}

int dataplane_setup_draw_keys(struct dataplane_setup *setup)
{
    unsigned char keys[sizeof(setup->cookie_key) + sizeof(setup->table_key)];
    if (getrandom(keys, sizeof(keys), 0) != (ssize_t)sizeof(keys))
        return -EIO;
    memcpy(setup->cookie_key, keys, sizeof(setup->cookie_key));
    memcpy(setup->table_key, keys + sizeof(setup->cookie_key), sizeof(setup->table_key));
    return 0;
}
