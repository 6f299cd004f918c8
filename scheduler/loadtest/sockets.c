/* Opens the kernel's port once for each socket: a port with one peer has one queue. */
#include "scheduler/loadtest/sockets.h"

#include "dataplane/port/uring/uring_port.h"

int loadtest_sockets_open(struct port **ports, uint32_t count, const struct jtp_address *server)
{
    struct uring_port_config config = uring_port_config_default();
    config.peer = *server;
    for (uint32_t i = 0; i < count; i++) {
        int err = uring_port_open(&ports[i], &config);
        if (err) {
            loadtest_sockets_close(ports, i);
            return err;
        }
    }
    return 0;
}

void loadtest_sockets_close(struct port **ports, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        port_close(ports[i]);
        ports[i] = NULL;
    }
}
