/* In place of the port on DPDK, where this was built without. */
#include "dataplane/transport.h"

#include <errno.h>

int transport_open_dpdk(struct transport *transport, const struct dataplane_setup *setup)
{
    (void)transport;
    (void)setup;
    return -ENOTSUP;
}

void transport_close_dpdk(struct transport *transport)
{
    (void)transport;
}

void transport_enter_dpdk(void)
{
}

void transport_leave_dpdk(void)
{
}
