/* Partial plans that end at one place, of which only those are kept that no other one is as good as
 * in every respect: a Pareto front over a cost and up to two uses. */
#ifndef SCHEDULER_PLAN_FRONT_H
#define SCHEDULER_PLAN_FRONT_H

#include <stddef.h>
#include <stdint.h>

struct split_label {
    double cost;
    double uses[2]; /* of the bounded criteria; 0 where there is none */
    double key; /* the cost, or the number of its bucket: what is compared */
    uint32_t parent, arc; /* whose continuation by which arc of the graph it is */
};

struct split_stair {
    double uses[2];
};

/* Memory grows geometrically, is kept, and is never more than is left of *bytes_left. */
struct split_front {
    struct split_label *labels, *scratch; /* [room] */
    struct split_stair *stairs; /* [room] */
    size_t count, room;
    size_t kept; /* so many did the last compaction leave */
    size_t *bytes_left; /* of the caller */
    unsigned use_count;
};

void split_front_init(struct split_front *front, size_t *bytes_left);
void split_front_fini(struct split_front *front); /* accepts NULL and a zeroed object */
void split_front_clear(struct split_front *front, unsigned use_count);

/* Makes room for one more label at labels[count], where the caller puts it and counts it. 0,
 * -ENOMEM, -E2BIG. */
int split_front_make_room(struct split_front *front);
static inline int split_front_reserve(struct split_front *front)
{
    return front->count < front->room ? 0 : split_front_make_room(front);
}

/* Leaves the labels that no other one is as good as, by rising key. */
void split_front_compact(struct split_front *front);

#endif
