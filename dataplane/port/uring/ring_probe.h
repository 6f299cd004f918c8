/* Opens a ring in the best way that this kernel knows, and asks what it can do. */
#ifndef DATAPLANE_PORT_URING_RING_PROBE_H
#define DATAPLANE_PORT_URING_RING_PROBE_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

struct ring_probe {
    bool has_zero_copy;
};

/* is_enabled: false if the thread that will use it has to enable it. 0, or a negative errno: -EPERM
 * and -ENOSYS mean that io_uring is refused here. */
int ring_probe_open(struct io_uring *ring, uint32_t submissions, uint32_t completions,
                    bool *is_enabled);

/* The ring belongs to this thread from now on. 0 or a negative errno. */
int ring_probe_enable(struct io_uring *ring);

/* 0; -EOPNOTSUPP if the kernel lacks what the engine stands on. */
int ring_probe(struct io_uring *ring, struct ring_probe *probe);

#endif
