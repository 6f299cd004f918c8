/* Two Ethernet devices of DPDK in one process, each receiving what the other sends. */
#ifndef TESTS_UNIT_RING_PAIR_H
#define TESTS_UNIT_RING_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#define RING_PAIR_FRAMES 1024

struct rte_ring;

struct ring_pair {
    struct rte_ring *rings[2];
    char names[2][64]; /* of the devices */
};

/* The EAL runs. Names are unique in the process. */
bool ring_pair_init(struct ring_pair *pair, const char *name);

/* Frames between the two; before they are closed there must be none: their memory is a port's. */
void ring_pair_drain(struct ring_pair *pair);

/* Puts a frame on its way to the device; false: no room. */
bool ring_pair_inject(struct ring_pair *pair, unsigned to, const uint8_t *frame, uint32_t bytes);

#endif
