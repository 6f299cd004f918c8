/* Time in nanoseconds, and the median and minimum of many times. */
#ifndef SCHEDULER_CLI_STOPWATCH_H
#define SCHEDULER_CLI_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

/* The monotonic clock. */
uint64_t stopwatch_now_ns(void);

/* Sorts times in place; the middle one, or the mean of the two middle ones. count > 0. */
double stopwatch_median_ms(uint64_t *times_ns, size_t count);

double stopwatch_min_ms(const uint64_t *times_ns, size_t count);

#endif
