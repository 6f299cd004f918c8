/* The port on DPDK, from the settings. */
#include "dataplane/port/dpdk/dpdk_port.h"
#include "dataplane/transport.h"

#include <errno.h>

/* A prefix counts the bits of its family, the port's those of 128. */
static bool read_prefix(struct net_prefix *prefix, const struct dataplane_prefix *said)
{
    const uint32_t before = net_is_v4(said->ip) ? 96 : 0;
    if (!said->is_given)
        return true;
    if (said->length > 128 - before)
        return false;
    memcpy(prefix->ip, said->ip, sizeof(prefix->ip));
    prefix->bits = (uint8_t)(before + said->length);
    prefix->is_set = true;
    return true;
}

int transport_open_dpdk(struct transport *transport, const struct dataplane_setup *setup)
{
    static const enum dpdk_choice choices[] = {
        [DATAPLANE_AUTO] = DPDK_AUTO, [DATAPLANE_YES] = DPDK_YES, [DATAPLANE_NO] = DPDK_NO};
    struct dpdk_port_config config = dpdk_port_config_default();
    if (setup->huge_pages > DATAPLANE_NO || setup->nap_ns > UINT32_MAX ||
        !read_prefix(&config.v4, &setup->v4) || !read_prefix(&config.v6, &setup->v6))
        return -EINVAL;
    if (setup->gateway_v4.is_given)
        memcpy(config.gateway_v4, setup->gateway_v4.ip, sizeof(config.gateway_v4));
    if (setup->gateway_v6.is_given)
        memcpy(config.gateway_v6, setup->gateway_v6.ip, sizeof(config.gateway_v6));
    config.device = setup->device;
    config.udp_port = (uint16_t)setup->udp_port;
    config.vlan = (uint16_t)setup->vlan;
    config.mtu = setup->mtu;
    config.queue_count = setup->queue_count;
    config.receive_count = setup->receive_buffers;
    config.send_count = setup->send_buffers;
    config.descriptor_count = setup->descriptors;
    config.verifies_sums = setup->verify_checksums != 0;
    config.wants_offload = setup->offload != 0;
    config.nap_ns = setup->is_busy ? 0 : (uint32_t)setup->nap_ns;
    config.huge_pages = choices[setup->huge_pages];
    config.memory_mib = setup->memory_mib;
    config.eal_arguments = setup->eal_arguments;
    const int error = dpdk_port_open(&transport->port, &config);
    if (error)
        dpdk_eal_stop();
    else
        dpdk_port_describe(transport->port, transport->description, sizeof(transport->description));
    return error;
}

void transport_close_dpdk(struct transport *transport)
{
    (void)transport;
    dpdk_eal_stop();
}

void transport_enter_dpdk(void)
{
    (void)dpdk_port_enter(); /* it is slower where that fails, and right */
}

void transport_leave_dpdk(void)
{
    dpdk_port_leave();
}
