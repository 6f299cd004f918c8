/* The best that one worker could do with a few requests of one row, by trying everything.
 *
 * At each moment it takes any of those that stand at one cut through the next layer together. That
 * is more freedom than paths have, so no dispatcher does better; it knows too who comes later. But
 * it runs nothing inside of a layer of others, which may serve one more where some come later. */
#ifndef TESTS_PROPERTY_DISPATCH_BRUTE_H
#define TESTS_PROPERTY_DISPATCH_BRUTE_H

#include <stdint.h>

enum {
    BRUTE_REQUESTS = 7,
    BRUTE_CUTS = 5,
};

struct brute {
    uint32_t count, cut_count;
    uint32_t from[BRUTE_REQUESTS], to[BRUTE_REQUESTS];
    uint64_t comes_ns[BRUTE_REQUESTS], due_ns[BRUTE_REQUESTS]; /* UINT64_MAX: never */
    uint64_t layer_ns[BRUTE_CUTS][BRUTE_REQUESTS + 1]; /* after the cut, so many rows together */
};

/* How many can be in time. */
uint32_t brute_most_in_time(const struct brute *brute);
/* The least sum of the times when they are done; all come at 0. */
uint64_t brute_least_sum_ns(const struct brute *brute);

#endif
