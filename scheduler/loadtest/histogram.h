/* Counts of durations in buckets that are narrow in proportion: percentiles of millions in 43 KB.
 *
 *   0..255 ns exactly, then 128 buckets for each doubling:
 *   │ 0 │ 1 │ ... │ 255 │ 256-257 │ ... │ 510-511 │ 512-515 │ ... up to 2^48 ns (78 hours)
 *
 * A percentile is the upper end of its bucket: never below the exact value, and less than 1/128
 * (0.8 %) above it. The largest value is kept exactly. */
#ifndef SCHEDULER_LOADTEST_HISTOGRAM_H
#define SCHEDULER_LOADTEST_HISTOGRAM_H

#include <stdint.h>

#define LOADTEST_HISTOGRAM_BITS 7 /* 128 buckets for each doubling */
#define LOADTEST_HISTOGRAM_LARGEST ((UINT64_C(1) << 48) - 1) /* what is larger counts as this */
#define LOADTEST_HISTOGRAM_BUCKETS ((48 - 1 - LOADTEST_HISTOGRAM_BITS + 2) * 128)

struct loadtest_histogram {
    uint64_t count, sum_ns, max_ns;
    uint64_t buckets[LOADTEST_HISTOGRAM_BUCKETS];
};

void loadtest_histogram_add(struct loadtest_histogram *histogram, uint64_t value_ns);

/* Adds all that the other holds. */
void loadtest_histogram_merge(struct loadtest_histogram *histogram,
                              const struct loadtest_histogram *other);

/* The least value that a share (0 to 1) of all values does not exceed (nearest rank), as the upper
 * end of its bucket, at most the largest value; 0 of an empty one. */
uint64_t loadtest_histogram_percentile(const struct loadtest_histogram *histogram, double share);

/* 0 of an empty one. */
double loadtest_histogram_mean_ns(const struct loadtest_histogram *histogram);

#endif
