/* Stands for ring_engine.c in a build without liburing. */
#include "dataplane/port/uring/udp_queue.h"

#include <errno.h>

static int absent_open(struct udp_queue *queue, const struct uring_port_config *config)
{
    return -ENOSYS;
}

const struct udp_engine ring_engine = {.open = absent_open};
