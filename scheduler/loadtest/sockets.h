/* Kernel UDP sockets to one server, each a port of its own with one queue: the one place of the
 * load generator that opens them. */
#ifndef SCHEDULER_LOADTEST_SOCKETS_H
#define SCHEDULER_LOADTEST_SOCKETS_H

#include "dataplane/port/port.h"

#define LOADTEST_MAX_SOCKETS 64

/* Opens count sockets that talk with server only. 0, or a negative errno: none is open. */
int loadtest_sockets_open(struct port **ports, uint32_t count, const struct jtp_address *server);
void loadtest_sockets_close(struct port **ports, uint32_t count);

#endif
