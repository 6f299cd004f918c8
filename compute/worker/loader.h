/* The loader, `joint-worker --pack`: opens one model for jointd, packs it, and ends.
 *
 * It is a process of its own because a model's file may be anybody's: what reads and tunes it may
 * take long, or die of it, and jointd goes on. What is said over the socket stands in
 * shm/message.h (struct message_packed). */
#ifndef COMPUTE_WORKER_LOADER_H
#define COMPUTE_WORKER_LOADER_H

#include <stdint.h>

struct loader_config {
    int socket; /* borrowed; no default */
    uint32_t cpu_count; /* 0: wherever the kernel puts the threads */
    const uint32_t *cpu;
};

/* Answers one request. 0: packed and told; -EPIPE: jointd is gone; else why it could not be packed,
 * which jointd has been told too. */
int loader_run(const struct loader_config *config);

#endif
