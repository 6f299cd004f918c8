/* The port's table of functions; opening and closing in order. */
#include "dataplane/port/dpdk/dpdk_port.h"
#include "dataplane/port/dpdk/dpdk_queue.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct dpdk_port {
    struct port port; /* first: callers hold this */
    struct dpdk_shared shared;
    struct dpdk_queue *queues; /* owned, port.queue_count */
};

static struct dpdk_port *of(struct port *port)
{
    return (struct dpdk_port *)port;
}

static const struct dpdk_port *of_const(const struct port *port)
{
    return (const struct dpdk_port *)port;
}

static struct dpdk_queue *queue_of(struct port *port, uint32_t queue)
{
    assert(queue < port->queue_count);
    return &of(port)->queues[queue];
}

static uint32_t op_receive(struct port *port, uint32_t queue, struct port_received *burst,
                           uint32_t count, uint64_t now_ns)
{
    return dpdk_queue_receive(queue_of(port, queue), burst, count, now_ns);
}

static void op_release(struct port *port, uint32_t queue)
{
    dpdk_queue_release(queue_of(port, queue));
}

static void op_send(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                    uint32_t count, uint64_t now_ns)
{
    dpdk_queue_send(queue_of(port, queue), burst, count, now_ns);
}

static uint32_t op_sent(struct port *port, uint32_t queue, uint64_t *tokens, uint32_t count)
{
    struct dpdk_queue *q = queue_of(port, queue);
    const uint32_t given = dpdk_loans_fetch(&q->loans, tokens, count);
    const struct dpdk_device *device = &q->shared->device;
    if (given == 0 && count && dpdk_loans_out(&q->loans) &&
        device->tx_queue_count == port->queue_count) {
        /* A NIC frees what it sent only when it needs the room, or when asked. */
        if (rte_eth_tx_done_cleanup(device->id, (uint16_t)queue, 0) > 0)
            return dpdk_loans_fetch(&q->loans, tokens, count);
    }
    return given;
}

static int op_wait(struct port *port, uint32_t queue, int wake_fd, uint64_t timeout_ns)
{
    const uint32_t nap_ns = of(port)->shared.nap_ns;
    const uint64_t sleep_ns = timeout_ns < nap_ns ? timeout_ns : nap_ns;
    if (sleep_ns == 0)
        return 0;
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    const struct timespec time = {.tv_sec = (time_t)(sleep_ns / 1000000000),
                                  .tv_nsec = (long)(sleep_ns % 1000000000)};
    return ppoll(&wake, wake_fd >= 0, &time, NULL) < 0 && errno != EINTR ? -errno : 0;
}

/* Whole pages are registered, since DPDK knows no less; a page that was registered with a
 * neighbouring piece of memory is no error. */
static int op_add_memory(struct port *port, void *memory, size_t bytes)
{
    struct dpdk_shared *shared = &of(port)->shared;
    if (!shared->lends)
        return -ENOTSUP;
    if (shared->memory_count == DPDK_PORT_MAX_MEMORIES)
        return -ENOSPC;
    if (!shared->device.is_virtual) {
        /* A NIC reads by DMA: through an IOMMU that maps addresses to themselves, or not at all. */
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        if (rte_eal_iova_mode() != RTE_IOVA_VA)
            return -ENOTSUP;
        if ((uintptr_t)memory % page || bytes % page)
            return -EINVAL;
        if (rte_extmem_register(memory, bytes, NULL, 0, page) && rte_errno != EEXIST)
            return -rte_errno;
        if (rte_dev_dma_map(shared->device.info.device, memory, (uint64_t)(uintptr_t)memory,
                            bytes)) {
            const int error = rte_errno;
            (void)rte_extmem_unregister(memory, bytes);
            return error > 0 ? -error : -EIO;
        }
    }
    shared->memories[shared->memory_count++] = (struct dpdk_memory){memory, bytes};
    return 0;
}

static void forget_memories(struct dpdk_shared *shared)
{
    for (uint32_t i = 0; i < shared->memory_count && !shared->device.is_virtual; i++) {
        void *first = (void *)(uintptr_t)shared->memories[i].first;
        (void)rte_dev_dma_unmap(shared->device.info.device, first, (uint64_t)(uintptr_t)first,
                                shared->memories[i].bytes);
        (void)rte_extmem_unregister(first, shared->memories[i].bytes);
    }
    shared->memory_count = 0;
}

static uint32_t op_max_datagram_bytes(const struct port *port, const struct jtp_address *to)
{
    return of_const(port)->shared.host.mtu - net_ip_udp_bytes(to->ip);
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void op_counters(const struct port *port, uint32_t queue, struct port_counters *counters)
{
    assert(queue < port->queue_count);
    const struct dpdk_counters *from = &of_const(port)->queues[queue].counters;
    *counters = (struct port_counters){
        .received = read_counter(&from->received),
        .received_bytes = read_counter(&from->received_bytes),
        .sent = read_counter(&from->sent),
        .sent_bytes = read_counter(&from->sent_bytes),
        .missed = read_counter(&from->missed),
        .unsent = read_counter(&from->unsent),
        .errors = read_counter(&from->kinds[NET_ERROR]),
    };
    for (uint32_t kind = NET_FOREIGN; kind < NET_KIND_COUNT; kind++)
        counters->bad += read_counter(&from->kinds[kind]);
    struct rte_eth_stats stats; /* the device's, told with the first queue's */
    if (queue == 0 && rte_eth_stats_get(of_const(port)->shared.device.id, &stats) == 0)
        counters->missed += stats.imissed + stats.rx_nombuf;
}

static uint32_t op_addresses(const struct port *port, struct jtp_address *addresses, uint32_t count)
{
    const struct net_host *host = &of_const(port)->shared.host;
    const uint8_t *all[] = {host->v4.ip, host->v6.ip, host->link_local};
    const bool has[] = {host->v4.is_set, host->v6.is_set, host->v6.is_set};
    uint32_t found = 0;
    for (uint32_t i = 0; i < 3; i++) {
        if (!has[i])
            continue;
        if (found < count) {
            addresses[found] = (struct jtp_address){.port = host->udp_port};
            memcpy(addresses[found].ip, all[i], NET_IP_BYTES);
        }
        found++;
    }
    return found;
}

static void op_close(struct port *port)
{
    struct dpdk_port *dpdk = of(port);
    struct dpdk_shared *shared = &dpdk->shared;
    for (uint32_t i = 0; i < port->queue_count; i++)
        dpdk_queue_stop(&dpdk->queues[i]);
    forget_memories(shared);
    dpdk_device_close(&shared->device);
    for (uint32_t i = 0; i < port->queue_count; i++)
        dpdk_queue_close(&dpdk->queues[i]);
    free(shared->tx_locks);
    free(dpdk->queues);
    free(dpdk);
}

static const struct port_ops dpdk_ops = {
    .name = "dpdk",
    .receive = op_receive,
    .release = op_release,
    .send = op_send,
    .sent = op_sent,
    .wait = op_wait,
    .add_memory = op_add_memory,
    .max_datagram_bytes = op_max_datagram_bytes,
    .counters = op_counters,
    .addresses = op_addresses,
    .close = op_close,
};

struct dpdk_port_config dpdk_port_config_default(void)
{
    return (struct dpdk_port_config){
        .udp_port = 4470,
        .queue_count = 1,
        .receive_count = 4096,
        .send_count = 4096,
        .descriptor_count = 1024,
        .hand_off_count = 1024,
        .neighbour_count = 1024,
        .verifies_sums = true,
        .wants_offload = true,
        .wants_lending = true,
        .nap_ns = 50000,
        .eal_arguments = "",
    };
}

static bool is_right(const struct dpdk_port_config *config)
{
    return config->device && config->queue_count >= 1 &&
           config->queue_count <= DPDK_PORT_MAX_QUEUES && config->descriptor_count >= 64 &&
           config->descriptor_count <= 32768 &&
           config->receive_count >= config->descriptor_count + 4 * PORT_MAX_BURST &&
           config->receive_count <= 1u << 22 &&
           config->send_count >= NET_MAX_QUESTIONS * NET_MAX_HELD &&
           config->send_count <= 1u << 22 && config->hand_off_count >= PORT_MAX_BURST &&
           config->hand_off_count <= 1u << 20;
}

static int fill_host(struct dpdk_port *dpdk, const struct dpdk_port_config *config)
{
    struct net_host *host = &dpdk->shared.host;
    struct rte_ether_addr mac;
    const int error = rte_eth_macaddr_get(dpdk->shared.device.id, &mac);
    if (error)
        return error;
    *host = (struct net_host){
        .vlan = config->vlan,
        .udp_port = config->udp_port,
        .mtu = dpdk->shared.device.mtu,
        .v4 = config->v4,
        .v6 = config->v6,
    };
    memcpy(host->mac, mac.addr_bytes, NET_MAC_BYTES);
    memcpy(host->gateway_v4, config->gateway_v4, NET_IP_BYTES);
    memcpy(host->gateway_v6, config->gateway_v6, NET_IP_BYTES);
    return net_host_complete(host);
}

static int open_queues(struct dpdk_port *dpdk, const struct dpdk_port_config *config)
{
    struct rte_mempool *pools[DPDK_PORT_MAX_QUEUES];
    for (uint32_t i = 0; i < config->queue_count; i++) {
        struct dpdk_queue *queue = &dpdk->queues[i];
        queue->shared = &dpdk->shared;
        queue->queues = dpdk->queues;
        queue->index = i;
        dpdk->port.queue_count = i + 1;
        const int error = dpdk_queue_open(queue, config);
        if (error)
            return error;
        pools[i] = queue->receive_pool;
    }
    return dpdk_device_start(&dpdk->shared.device, pools);
}

static struct dpdk_port *allocate(uint32_t queue_count)
{
    struct dpdk_port *dpdk = calloc(1, sizeof(*dpdk));
    if (!dpdk)
        return NULL;
    dpdk->port.ops = &dpdk_ops;
    const size_t bytes = queue_count * sizeof(dpdk->queues[0]);
    dpdk->queues = aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);
    dpdk->shared.tx_locks = calloc(queue_count, sizeof(dpdk->shared.tx_locks[0]));
    if (!dpdk->queues || !dpdk->shared.tx_locks) {
        op_close(&dpdk->port);
        return NULL;
    }
    memset(dpdk->queues, 0, bytes);
    return dpdk;
}

int dpdk_port_open(struct port **port, const struct dpdk_port_config *config)
{
    *port = NULL;
    if (!is_right(config))
        return -EINVAL;
    int error = dpdk_eal_start(config);
    if (error)
        return error;
    struct dpdk_port *dpdk = allocate(config->queue_count);
    if (!dpdk)
        return -ENOMEM;
    struct dpdk_shared *shared = &dpdk->shared;
    error = dpdk_device_open(&shared->device, config);
    if (error)
        goto close_port;
    shared->queue_count = config->queue_count;
    shared->verifies_sums = config->verifies_sums;
    shared->nap_ns = config->nap_ns;
    shared->lends = config->wants_lending && shared->device.has_segments;
    shared->hands_off =
        config->queue_count > 1 && config->hands_off != DPDK_NO && !shared->device.has_spreading;
    error = fill_host(dpdk, config);
    if (!error)
        error = open_queues(dpdk, config);
    if (error)
        goto close_port;
    *port = &dpdk->port;
    return 0;

close_port:
    op_close(&dpdk->port);
    return error;
}

void dpdk_port_features(const struct port *port, struct dpdk_port_features *features)
{
    const struct dpdk_shared *shared = &of_const(port)->shared;
    const struct dpdk_device *device = &shared->device;
    *features = (struct dpdk_port_features){
        .mtu = device->mtu,
        .rx_queue_count = device->rx_queue_count,
        .tx_queue_count = device->tx_queue_count,
        .has_receive_sums = device->has_receive_sums,
        .has_send_sums = device->has_send_sums,
        .has_lending = shared->lends,
        .has_spreading = device->has_spreading,
        .has_huge_pages = rte_eal_has_hugepages() != 0,
    };
    memcpy(features->mac, shared->host.mac, NET_MAC_BYTES);
    snprintf(features->driver, sizeof(features->driver), "%s", device->info.driver_name);
}

void dpdk_port_describe(const struct port *port, char *text, size_t text_bytes)
{
    struct dpdk_port_features has;
    dpdk_port_features(port, &has);
    snprintf(text, text_bytes,
             "%s %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, queues %u in and %u out%s; checksums in by "
             "%s, out by %s; payloads %s; %s pages",
             has.driver, has.mac[0], has.mac[1], has.mac[2], has.mac[3], has.mac[4], has.mac[5],
             has.mtu, has.rx_queue_count, has.tx_queue_count,
             of_const(port)->shared.hands_off ? ", handed over in software" : "",
             has.has_receive_sums ? "the device" : "software",
             has.has_send_sums ? "the device" : "software", has.has_lending ? "lent" : "copied",
             has.has_huge_pages ? "huge" : "small");
}

void dpdk_port_frames(const struct port *port, uint32_t queue, struct dpdk_port_frames *frames)
{
    assert(queue < port->queue_count);
    const struct dpdk_counters *from = &of_const(port)->queues[queue].counters;
    *frames = (struct dpdk_port_frames){
        .answered = read_counter(&from->answered),
        .asked = read_counter(&from->asked),
        .unresolved = read_counter(&from->unresolved),
        .no_room = read_counter(&from->missed),
    };
    for (uint32_t kind = 0; kind < NET_KIND_COUNT; kind++)
        frames->kinds[kind] = read_counter(&from->kinds[kind]);
}

uint32_t dpdk_port_buffers_in_use(const struct port *port, uint32_t queue)
{
    assert(queue < port->queue_count);
    const struct dpdk_queue *q = &of_const(port)->queues[queue];
    return rte_mempool_in_use_count(q->receive_pool) + rte_mempool_in_use_count(q->send_pool);
}
