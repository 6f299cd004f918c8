/* The kernel's port; and the choice. */
#include "dataplane/transport.h"

#include "dataplane/port/uring/uring_port.h"

#include <errno.h>
#include <time.h>

static bool is_loopback(const uint8_t ip[16])
{
    static const uint8_t v6[16] = {[15] = 1};
    static const uint8_t v4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
    return memcmp(ip, v6, sizeof(v6)) == 0 || memcmp(ip, v4, sizeof(v4)) == 0;
}

/* What the link takes: loopback's long datagrams only where nobody else can come. */
static uint32_t largest_bytes(const struct port *port, const struct dataplane_setup *setup)
{
    struct jtp_address to = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}};
    bool is_local = setup->port == DATAPLANE_URING && setup->address_count > 0;
    for (uint32_t i = 0; i < setup->address_count; i++)
        is_local = is_local && is_loopback(setup->address[i]);
    if (is_local)
        memcpy(to.ip, setup->address[0], sizeof(to.ip));
    return port_max_datagram_bytes(port, &to);
}

/* The kernel takes a ring apart some time after its process was killed, and until then the sockets
 * of the dataplane before this one are bound. */
static int open_patiently(struct port **port, const struct uring_port_config *config)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    for (int tries = 1; tries < 1000; tries++) {
        const int error = uring_port_open(port, config);
        if (error != -EADDRINUSE)
            return error;
        nanosleep(&pause, NULL);
    }
    return uring_port_open(port, config);
}

static int open_uring(struct transport *transport, const struct dataplane_setup *setup)
{
    static const enum uring_port_mode modes[] = {[DATAPLANE_IO_AUTO] = URING_PORT_AUTO,
                                                 [DATAPLANE_IO_RING] = URING_PORT_RING,
                                                 [DATAPLANE_IO_PLAIN] = URING_PORT_PLAIN};
    struct uring_port_config config = uring_port_config_default();
    if (setup->io > DATAPLANE_IO_PLAIN || setup->socket_buffer_bytes > INT32_MAX)
        return -EINVAL;
    config.address_count = setup->address_count > 0 ? setup->address_count : 1;
    for (uint32_t i = 0; i < setup->address_count; i++)
        memcpy(config.addresses[i].ip, setup->address[i], sizeof(setup->address[i]));
    for (uint32_t i = 0; i < config.address_count; i++)
        config.addresses[i].port = (uint16_t)setup->udp_port;
    config.queue_count = setup->queue_count;
    config.mode = modes[setup->io];
    if (setup->socket_buffer_bytes > 0)
        config.socket_buffer_bytes = (uint32_t)setup->socket_buffer_bytes;
    const int error = open_patiently(&transport->port, &config);
    if (!error)
        uring_port_describe(transport->port, transport->description,
                            sizeof(transport->description));
    return error;
}

int transport_open(struct transport *transport, const struct dataplane_setup *setup)
{
    *transport = (struct transport){.is_dpdk = setup->port == DATAPLANE_DPDK};
    const int error =
        transport->is_dpdk ? transport_open_dpdk(transport, setup) : open_uring(transport, setup);
    if (!error)
        transport->largest_datagram_bytes = largest_bytes(transport->port, setup);
    return error;
}

void transport_close(struct transport *transport)
{
    port_close(transport->port);
    if (transport->is_dpdk)
        transport_close_dpdk(transport);
    *transport = (struct transport){0};
}

void transport_enter(const struct transport *transport)
{
    if (transport->is_dpdk)
        transport_enter_dpdk();
}

void transport_leave(const struct transport *transport)
{
    if (transport->is_dpdk)
        transport_leave_dpdk();
}
