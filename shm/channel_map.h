/* Where the parts of a channel lie in its region: computed from the capacities on both sides, never
 * read from shared memory. For channel.c and channel_offer.c. */
#ifndef SHM_CHANNEL_MAP_H
#define SHM_CHANNEL_MAP_H

#include "shm/channel.h"

struct channel_map {
    struct channel_shared *shared;
    struct spsc_shared *to_peer;
    struct spsc_shared *from_peer;
};

/* 0 if a capacity is not possible. */
uint64_t channel_payload_bytes(const struct channel_config *config);

/* The region must have so many bytes. */
struct channel_map channel_map_of(const struct region *region, const struct channel_config *config);

#endif
