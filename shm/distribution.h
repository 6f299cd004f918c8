/* How often values of which size came: counts in buckets with fixed bounds, in shared memory.
 *
 * One thread writes, by plain loads and stores; readers copy the words while they change, so that
 * two of them may differ by what was noted in between. Bucket i holds what is over bound i - 1 and
 * at most bound i of its scale; the last one what is over all of them. */
#ifndef SHM_DISTRIBUTION_H
#define SHM_DISTRIBUTION_H

#include "shm/layout.h"

#define DISTRIBUTION_BUCKETS 38u

struct distribution { /* writer: rw, all others: ro */
    _Atomic uint64_t sum;
    _Atomic uint64_t bucket[DISTRIBUTION_BUCKETS];
};

struct distribution_scale {
    uint32_t count; /* of bounds; at most DISTRIBUTION_BUCKETS - 1 */
    uint64_t bound[DISTRIBUTION_BUCKETS - 1]; /* ascending */
};

/* Nanoseconds: 10 us, 15, 20, 30, 50, 70, 100, ... 10 s. Every other one is 1, 2 or 5. */
extern const struct distribution_scale distribution_time;
/* Thousandths of a ratio: a tenth, ... as it was, ... ten times. */
extern const struct distribution_scale distribution_ratio;

/* What a reader has copied out; such copies can be added and subtracted. */
struct distribution_view {
    uint64_t sum, count;
    uint64_t bucket[DISTRIBUTION_BUCKETS];
};

static_assert(sizeof(struct distribution) == 8 * (1 + DISTRIBUTION_BUCKETS), "distribution");

/* The bucket of a value. */
uint32_t distribution_bucket(const struct distribution_scale *scale, uint64_t value);

/* Only the distribution's writer. */
void distribution_note(struct distribution *distribution, const struct distribution_scale *scale,
                       uint64_t value);

void distribution_read(const struct distribution *distribution, struct distribution_view *view);
void distribution_add(struct distribution_view *to, const struct distribution_view *more);
/* What was noted since `before`; everything, if that is of another distribution. */
void distribution_since(struct distribution_view *now, const struct distribution_view *before);

/* Below which that share of the values lies, between the bounds of the bucket in proportion; the
 * largest bound if it lies above. 0 without any values. */
double distribution_quantile(const struct distribution_view *view,
                             const struct distribution_scale *scale, double share);

#endif
