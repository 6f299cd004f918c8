/* A few requests of one model, one worker and a dispatcher in virtual time, where all takes exactly
 * what was said; beside it the same as brute force sees it. */
#ifndef TESTS_PROPERTY_DISPATCH_QUALITY_H
#define TESTS_PROPERTY_DISPATCH_QUALITY_H

#include "tests/property/dispatch_brute.h"
#include "tests/property/dispatch_paths.h"

struct quality {
    struct paths paths;
    struct brute brute;
    uint64_t done_ns[BRUTE_REQUESTS]; /* since the beginning; 0: not done */
};

/* All follows from the seed, but for the rules. They come within spread_ns (0: at once). 0 or
 * -ENOMEM. */
int quality_init(struct quality *quality, uint64_t seed, const struct dispatch_config *rules,
                 bool has_deadlines, uint64_t spread_ns);
void quality_fini(struct quality *quality);
/* Until all have ended. */
void quality_run(struct quality *quality);
uint32_t quality_in_time(const struct quality *quality);
/* Of the times when they were done. */
uint64_t quality_sum_ns(const struct quality *quality);

#endif
