/* Log-linear buckets: the highest bit chooses the group, the next seven the bucket in it. */
#include "scheduler/loadtest/histogram.h"

#include <math.h>

enum { GROUP = 1 << LOADTEST_HISTOGRAM_BITS };

/* How many low bits a value's bucket does not tell. */
static unsigned shift_of(uint64_t value)
{
    const unsigned highest = 63 - (unsigned)__builtin_clzll(value | 1);
    return highest > LOADTEST_HISTOGRAM_BITS ? highest - LOADTEST_HISTOGRAM_BITS : 0;
}

static uint32_t bucket_of(uint64_t value)
{
    const unsigned shift = shift_of(value);
    return (uint32_t)(shift * GROUP + (value >> shift));
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_end(uint32_t bucket)
{
    if (bucket < 2 * GROUP)
        return bucket;
    const unsigned shift = bucket / GROUP - 1;
    return (((uint64_t)(bucket - shift * GROUP) + 1) << shift) - 1;
}

void loadtest_histogram_add(struct loadtest_histogram *histogram, uint64_t value_ns)
{
    if (value_ns > LOADTEST_HISTOGRAM_LARGEST)
        value_ns = LOADTEST_HISTOGRAM_LARGEST;
    histogram->count++;
    histogram->sum_ns += value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
    histogram->buckets[bucket_of(value_ns)]++;
}

void loadtest_histogram_merge(struct loadtest_histogram *histogram,
                              const struct loadtest_histogram *other)
{
    histogram->count += other->count;
    histogram->sum_ns += other->sum_ns;
    if (other->max_ns > histogram->max_ns)
        histogram->max_ns = other->max_ns;
    for (uint32_t i = 0; i < LOADTEST_HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
}

uint64_t loadtest_histogram_percentile(const struct loadtest_histogram *histogram, double share)
{
    if (histogram->count == 0)
        return 0;
    const double rank = ceil(share * (double)histogram->count);
    const uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank;
    uint64_t passed = 0;
    for (uint32_t i = 0; i < LOADTEST_HISTOGRAM_BUCKETS; i++) {
        passed += histogram->buckets[i];
        if (passed >= wanted) {
            const uint64_t end = bucket_end(i);
            return end < histogram->max_ns ? end : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}

double loadtest_histogram_mean_ns(const struct loadtest_histogram *histogram)
{
    if (histogram->count == 0)
        return 0;
    return (double)histogram->sum_ns / (double)histogram->count;
}
