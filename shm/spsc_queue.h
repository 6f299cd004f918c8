/* A ring of 64-byte descriptors from one producer to one consumer, in shared memory.
 *
 *   spsc_shared: │ capacity │ producer │ consumer │ entry 0 │ entry 1 │ ... │
 *                 128 bytes   128 bytes  128 bytes   64 bytes each
 *
 * The producer's thread alone uses its spsc_producer, the consumer's its spsc_consumer; these are
 * private memory. Each side keeps its own index there and only publishes it, so the peer cannot
 * change it; what it reads of the peer's index is checked. A ring serves one pair of processes
 * once: for a new peer, format new memory. */
#ifndef SHM_SPSC_QUEUE_H
#define SHM_SPSC_QUEUE_H

#include "shm/layout.h"

#include <stdbool.h>

struct spsc_producer {
    struct spsc_shared *shared;
    uint32_t mask;
    uint32_t produced; /* ours; the shared one is a copy of it */
    uint32_t consumed_seen; /* the peer's index when last read */
    bool is_peer_corrupt;
};

struct spsc_consumer {
    struct spsc_shared *shared;
    uint32_t mask;
    uint32_t consumed;
    uint32_t produced_seen;
    bool is_peer_corrupt;
};

/* Bytes that a ring takes. capacity: a power of two, 2 to 2^24; 0 if it is not. */
uint64_t spsc_queue_bytes(uint32_t capacity);

/* Makes an empty ring of memory aligned to SHM_APART_BYTES, whose indices start at first_index.
 * -EINVAL for a bad capacity. */
int spsc_queue_format(struct spsc_shared *shared, uint32_t capacity, uint32_t first_index);

/* -EBADMSG if the ring in shared memory is not one of this capacity. */
int spsc_producer_attach(struct spsc_producer *producer, struct spsc_shared *shared,
                         uint32_t capacity);
int spsc_consumer_attach(struct spsc_consumer *consumer, struct spsc_shared *shared,
                         uint32_t capacity);

/* Copies as many of the count entries (64 bytes each) as there is room for and publishes them at
 * once. How many, or -EBADMSG for good when the consumer's index was impossible. */
int spsc_queue_push(struct spsc_producer *producer, const void *entries, uint32_t count);

/* Copies up to count entries out and gives their places back. How many, or -EBADMSG for good when
 * the producer's index was impossible. The copies may say anything: check them. */
int spsc_queue_pop(struct spsc_consumer *consumer, void *entries, uint32_t count);

/* Places free for the producer, at least; entries waiting for the consumer, at least. */
int spsc_queue_room(struct spsc_producer *producer);
int spsc_queue_waiting(struct spsc_consumer *consumer);

#endif
