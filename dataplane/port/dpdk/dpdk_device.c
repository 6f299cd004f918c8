/* Sets up an Ethernet device by what it says that it can. */
#include "dataplane/port/dpdk/dpdk_device.h"

#include <errno.h>
#include <rte_bus.h>
#include <rte_dev.h>

#define SPREAD_BY                                                                                  \
    (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6 |                          \
     RTE_ETH_RSS_NONFRAG_IPV6_UDP)
#define NEEDED_SPREAD (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)
#define RECEIVE_SUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM)

/* "net_tap0,iface=x" is the device net_tap0. */
static int find(struct dpdk_device *device, const char *text)
{
    char name[RTE_ETH_NAME_MAX_LEN];
    const size_t length = strcspn(text, ",");
    if (length == 0 || length >= sizeof(name))
        return -EINVAL;
    memcpy(name, text, length);
    name[length] = 0;
    if (rte_eth_dev_get_port_by_name(name, &device->id) == 0) {
        device->is_found = true;
        return 0;
    }
    const int error = rte_dev_probe(text);
    if (error)
        return error == -ENOENT ? -ENODEV : error;
    if (rte_eth_dev_get_port_by_name(name, &device->id))
        return -ENODEV;
    device->is_found = device->is_ours = true;
    return 0;
}

static uint16_t at_most(uint32_t wanted, uint16_t most)
{
    return wanted < most ? (uint16_t)wanted : most;
}

static int choose_mtu(struct dpdk_device *device, uint32_t wanted)
{
    uint16_t mtu;
    const int error = rte_eth_dev_get_mtu(device->id, &mtu);
    if (error)
        return error;
    if (wanted > UINT16_MAX)
        return -EINVAL;
    device->mtu = wanted ? wanted : mtu;
    return 0;
}

/* What may be asked of the device. */
static uint32_t largest_mtu(const struct rte_eth_dev_info *info)
{
    uint32_t mtu = info->max_mtu ? info->max_mtu : UINT16_MAX;
    if (info->max_rx_pktlen > RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN &&
        info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN < mtu)
        mtu = info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;
    return mtu;
}

static int choose(struct dpdk_device *device, const struct dpdk_port_config *config)
{
    const struct rte_eth_dev_info *info = &device->info;
    int error = rte_eth_dev_info_get(device->id, &device->info);
    if (!error)
        error = choose_mtu(device, config->mtu);
    if (error)
        return error;
    const struct rte_bus *bus = info->device ? rte_dev_bus(info->device) : NULL;
    device->is_virtual = !bus || strcmp(rte_bus_name(bus), "vdev") == 0;
    device->rx_queue_count = at_most(config->queue_count, info->max_rx_queues);
    device->tx_queue_count = at_most(config->queue_count, info->max_tx_queues);
    device->rx_descriptors = device->tx_descriptors = (uint16_t)config->descriptor_count;
    device->has_receive_sums =
        config->wants_offload && (info->rx_offload_capa & RECEIVE_SUMS) == RECEIVE_SUMS;
    /* What a virtual device does is software too, and net_tap's is wrong for payloads that are
     * lent. */
    device->has_send_sums = config->wants_offload && !device->is_virtual &&
                            info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    device->has_segments = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    /* What a virtual device says of RSS holds for flows that were seen before, or not at all. */
    device->has_spreading = config->hands_off != DPDK_YES && !device->is_virtual &&
                            device->rx_queue_count == config->queue_count &&
                            (info->flow_type_rss_offloads & NEEDED_SPREAD) == NEEDED_SPREAD;
    return device->rx_queue_count && device->tx_queue_count ? 0 : -ENODEV;
}

static int configure(struct dpdk_device *device)
{
    const uint32_t most = largest_mtu(&device->info);
    /* net_af_packet says 1,500, but takes what its option framesz says. */
    if (device->mtu > most && !device->is_virtual)
        return -EMSGSIZE;
    struct rte_eth_conf conf = {.rxmode = {.mtu = device->mtu < most ? device->mtu : most}};
    if (device->has_receive_sums)
        conf.rxmode.offloads |= RECEIVE_SUMS;
    if (device->has_send_sums)
        conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    if (device->has_segments)
        conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    if (device->has_spreading && device->rx_queue_count > 1) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = SPREAD_BY & device->info.flow_type_rss_offloads;
    }
    int error =
        rte_eth_dev_configure(device->id, device->rx_queue_count, device->tx_queue_count, &conf);
    if (error)
        return error;
    /* Many virtual devices take it from their options, or from the kernel's device below. */
    if (device->mtu <= most)
        error = rte_eth_dev_set_mtu(device->id, (uint16_t)device->mtu);
    if (error && error != -ENOTSUP)
        return error;
    return rte_eth_dev_adjust_nb_rx_tx_desc(device->id, &device->rx_descriptors,
                                            &device->tx_descriptors);
}

int dpdk_device_open(struct dpdk_device *device, const struct dpdk_port_config *config)
{
    *device = (struct dpdk_device){0};
    int error = find(device, config->device);
    if (!error)
        error = choose(device, config);
    if (!error)
        error = configure(device);
    if (error)
        dpdk_device_close(device);
    return error;
}

int dpdk_device_start(struct dpdk_device *device, struct rte_mempool *const *pools)
{
    const unsigned socket = SOCKET_ID_ANY;
    for (uint16_t i = 0; i < device->rx_queue_count; i++) {
        const int error =
            rte_eth_rx_queue_setup(device->id, i, device->rx_descriptors, socket, NULL, pools[i]);
        if (error)
            return error;
    }
    for (uint16_t i = 0; i < device->tx_queue_count; i++) {
        const int error =
            rte_eth_tx_queue_setup(device->id, i, device->tx_descriptors, socket, NULL);
        if (error)
            return error;
    }
    const int error = rte_eth_dev_start(device->id);
    if (error)
        return error;
    device->is_started = true;
    /* Neighbour discovery comes to groups; a device that knows no filter passes them anyway. */
    (void)rte_eth_allmulticast_enable(device->id);
    return 0;
}

void dpdk_device_close(struct dpdk_device *device)
{
    if (!device->is_found)
        return;
    if (device->is_started)
        (void)rte_eth_dev_stop(device->id);
    if (device->is_ours) {
        (void)rte_eth_dev_close(device->id);
        if (device->info.device)
            (void)rte_dev_remove(device->info.device);
    }
    *device = (struct dpdk_device){0};
}

uint16_t dpdk_device_room_bytes(const struct dpdk_device *device)
{
    const uint32_t frame = device->mtu + NET_ETHERNET_BYTES + DPDK_TAG_BYTES + DPDK_CRC_BYTES;
    /* A little more, since net_af_packet asks for all of its framesz. */
    const uint32_t room = RTE_PKTMBUF_HEADROOM + RTE_ALIGN_CEIL(frame, 1024);
    if (room > UINT16_MAX)
        return 0;
    return room < RTE_MBUF_DEFAULT_BUF_SIZE ? RTE_MBUF_DEFAULT_BUF_SIZE : (uint16_t)room;
}
