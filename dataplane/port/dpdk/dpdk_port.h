/* The port on DPDK: any Ethernet device, several queues, driven by the caller's threads.
 *
 *   struct dpdk_port_config config = dpdk_port_config_default();
 *   config.device = "0000:01:00.0";                        // or "net_af_packet0,iface=eth1", ...
 *   net_prefix_read(&config.v4, "192.0.2.1/24");
 *   struct port *port;
 *   int error = dpdk_port_open(&port, &config);
 *   ...
 *   port_close(port);
 *   dpdk_eal_stop();                                       // once, at the end of the program
 *
 * Each thread that uses a queue should be an EAL lcore or between dpdk_port_enter() and
 * dpdk_port_leave(): otherwise its packet buffers are not cached, which is right but slower.
 * port_wait() naps: a device is polled, but not all the time. */
#ifndef DATAPLANE_PORT_DPDK_DPDK_PORT_H
#define DATAPLANE_PORT_DPDK_DPDK_PORT_H

#include "dataplane/port/net/frame.h"
#include "dataplane/port/port.h"

#define DPDK_PORT_MAX_QUEUES 64
#define DPDK_PORT_MAX_MEMORIES 8 /* calls of port_add_memory() that count */

enum dpdk_choice { DPDK_AUTO, DPDK_YES, DPDK_NO };

struct dpdk_port_config {
    /* PCI address, "net_DRIVER0,option=value", or an Ethernet device that DPDK has already. */
    const char *device; /* none: must be given */
    struct net_prefix v4, v6; /* none: one must be given */
    uint8_t gateway_v4[NET_IP_BYTES], gateway_v6[NET_IP_BYTES]; /* all zero: none */
    uint16_t udp_port; /* 4470 */
    uint16_t vlan; /* 0: frames without a tag */
    uint32_t mtu; /* 0: the device's; bytes of an IP packet */
    uint32_t queue_count; /* 1 */
    uint32_t receive_count; /* 4,096: packet buffers per queue for what comes in */
    uint32_t send_count; /* 4,096: packet buffers per queue for what goes out; one of lent
                            payload takes two */
    uint32_t descriptor_count; /* 1,024: of each queue of the device, each way */
    uint32_t hand_off_count; /* 1,024: frames that wait between two queues, a power of two */
    uint32_t neighbour_count; /* 1,024: that each queue knows, 8 to 2^20 */
    /* DPDK_AUTO: the NIC spreads senders over the queues if it can; otherwise whoever receives a
     * frame hands it to its queue. DPDK_YES: always; DPDK_NO: never. */
    enum dpdk_choice hands_off;
    /* true: checksums that the device did not check are checked. false where the peers are on this
     * machine and leave them to a NIC that is not there (veth, unless ethtool -K DEVICE tx off). */
    bool verifies_sums;
    bool wants_offload; /* true: checksums by the device where it can */
    bool wants_lending; /* true: payloads in added memory are not copied where the device can */
    uint32_t nap_ns; /* 50,000: what port_wait() sleeps at most; 0: not at all */
    /* The process has one EAL: these count when its first port is opened. */
    enum dpdk_choice huge_pages; /* DPDK_AUTO: if enough are free */
    uint32_t memory_mib; /* 0: what the port needs, and 64 more */
    const char *eal_arguments; /* "": more of them, with spaces between */
};

struct dpdk_port_config dpdk_port_config_default(void);

/* Starts the EAL if nobody has, probes and starts the device, takes all memory. 0, or a negative
 * errno: -EINVAL if the configuration contradicts itself, -ENODEV if there is no such device. The
 * calling thread keeps its CPUs. */
int dpdk_port_open(struct port **port, const struct dpdk_port_config *config);

/* What the device does itself. */
struct dpdk_port_features {
    uint8_t mac[NET_MAC_BYTES];
    uint32_t mtu;
    uint32_t rx_queue_count, tx_queue_count;
    bool has_receive_sums, has_send_sums, has_lending, has_spreading, has_huge_pages;
    char driver[32];
};

void dpdk_port_features(const struct port *port, struct dpdk_port_features *features);

/* The same as one line for a log. */
void dpdk_port_describe(const struct port *port, char *text, size_t text_bytes);

/* Frames by kind (NET_KIND_COUNT of them), those answered, and those that waited for a neighbour in
 * vain or found no room. Any thread. */
struct dpdk_port_frames {
    uint64_t kinds[NET_KIND_COUNT];
    uint64_t answered, asked, unresolved, no_room;
};

void dpdk_port_frames(const struct port *port, uint32_t queue, struct dpdk_port_frames *frames);

/* Packet buffers of this queue that are not free: with the device, lent or under way. */
uint32_t dpdk_port_buffers_in_use(const struct port *port, uint32_t queue);

/* By a thread that is no lcore, before and after it uses a queue. 0, or a negative errno: then it
 * may use it all the same. */
int dpdk_port_enter(void);
void dpdk_port_leave(void);

/* For programs that use DPDK before they open a port. 0 also if it runs already. */
int dpdk_eal_start(const struct dpdk_port_config *config);
void dpdk_eal_stop(void);

#endif
