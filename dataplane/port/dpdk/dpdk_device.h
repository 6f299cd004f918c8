/* An Ethernet device of DPDK: found or probed, set up with its queues, started. */
#ifndef DATAPLANE_PORT_DPDK_DPDK_DEVICE_H
#define DATAPLANE_PORT_DPDK_DPDK_DEVICE_H

#include "dataplane/port/dpdk/dpdk_port.h"

#include <rte_ethdev.h>

#define DPDK_TAG_BYTES 4
#define DPDK_CRC_BYTES 4

struct dpdk_device {
    uint16_t id;
    bool is_found; /* id is valid */
    bool is_ours; /* we probed it, so we remove it */
    bool is_started;
    bool is_virtual; /* software: reads memory by its address, not by DMA */
    uint32_t mtu;
    uint16_t rx_queue_count, tx_queue_count;
    uint16_t rx_descriptors, tx_descriptors;
    bool has_receive_sums, has_send_sums, has_segments, has_spreading;
    struct rte_eth_dev_info info;
};

/* Finds or probes it and decides what is used of it. 0, or a negative errno with nothing left. */
int dpdk_device_open(struct dpdk_device *device, const struct dpdk_port_config *config);

/* With one pool for each rx queue. 0 or a negative errno. */
int dpdk_device_start(struct dpdk_device *device, struct rte_mempool *const *pools);

/* No packet buffer is with it any more when it returns. Accepts a zeroed one. */
void dpdk_device_close(struct dpdk_device *device);

/* Of a packet buffer's data room, so that a frame is in one piece; 0: too long for DPDK. */
uint16_t dpdk_device_room_bytes(const struct dpdk_device *device);

#endif
