/* A bounded set of numbers as sorted ranges [first, end): bytes received, packets seen. */
#ifndef DATAPLANE_PROTO_RANGE_SET_H
#define DATAPLANE_PROTO_RANGE_SET_H

#include <stdbool.h>
#include <stdint.h>

struct jtp_range {
    uint64_t first, end;
};

/* Ascending; between two ranges there is at least one number that is not in the set. */
struct jtp_range_set {
    struct jtp_range *ranges; /* the caller's memory */
    uint32_t count, capacity;
};

void jtp_range_set_init(struct jtp_range_set *set, struct jtp_range *memory, uint32_t capacity);

/* Adds [first, end), which is not empty. -ENOSPC: it would take one more range than there is room
 * for, and nothing was added. */
int jtp_range_set_add(struct jtp_range_set *set, uint64_t first, uint64_t end);

/* Adds [first, end); where there is no room, closes the narrowest gap, and so adds more. */
void jtp_range_set_cover(struct jtp_range_set *set, uint64_t first, uint64_t end);

/* Whether all of [first, end) is in the set. */
bool jtp_range_set_holds(const struct jtp_range_set *set, uint64_t first, uint64_t end);

/* The first part of [first, end) that is not in the set; false if there is none. */
bool jtp_range_set_gap(const struct jtp_range_set *set, uint64_t first, uint64_t end,
                       struct jtp_range *gap);

/* Takes up to count numbers off the set's low end, all from one range; the set is not empty. */
struct jtp_range jtp_range_set_take(struct jtp_range_set *set, uint64_t count);

/* Forgets the lowest range; the set is not empty. */
void jtp_range_set_drop_lowest(struct jtp_range_set *set);

#endif
