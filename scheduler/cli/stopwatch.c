/* The monotonic clock and order statistics of times. */
#include "scheduler/cli/stopwatch.h"

#include <stdlib.h>
#include <time.h>

uint64_t stopwatch_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

double stopwatch_median_ms(uint64_t *times_ns, size_t count)
{
    qsort(times_ns, count, sizeof(*times_ns), compare_times);
    return (double)(times_ns[(count - 1) / 2] + times_ns[count / 2]) / 2e6;
}

double stopwatch_min_ms(const uint64_t *times_ns, size_t count)
{
    uint64_t min_ns = times_ns[0];
    for (size_t i = 1; i < count; i++)
        if (times_ns[i] < min_ns)
            min_ns = times_ns[i];
    return (double)min_ns / 1e6;
}
