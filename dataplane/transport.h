/* Opens the port that the settings ask for, and hides from the rest which one it is. */
#ifndef DATAPLANE_TRANSPORT_H
#define DATAPLANE_TRANSPORT_H

#include "dataplane/port/port.h"
#include "shm/dataplane_setup.h"

#include <stdbool.h>

struct transport {
    struct port *port; /* owned */
    bool is_dpdk;
    uint32_t largest_datagram_bytes;
    char description[256]; /* for a log */
};

/* 0, or a negative errno: -ENOTSUP if built without DPDK. */
int transport_open(struct transport *transport, const struct dataplane_setup *setup);
/* After the threads ended. Accepts a zeroed one. */
void transport_close(struct transport *transport);

/* By a thread, before and after it uses a queue. */
void transport_enter(const struct transport *transport);
void transport_leave(const struct transport *transport);

/* transport_dpdk.c, or transport_no_dpdk.c. */
int transport_open_dpdk(struct transport *transport, const struct dataplane_setup *setup);
void transport_close_dpdk(struct transport *transport);
void transport_enter_dpdk(void);
void transport_leave_dpdk(void);

#endif
