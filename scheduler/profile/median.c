/* The median and its interval by order statistics. */
#include "scheduler/profile/median.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int samples_add(struct samples *samples, uint64_t time_ns)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity ? samples->capacity * 2 : 16;
        uint64_t *items_ns = realloc(samples->items_ns, capacity * sizeof(*items_ns));
        if (!items_ns)
            return -ENOMEM;
        samples->items_ns = items_ns;
        samples->capacity = capacity;
    }
    samples->items_ns[samples->count++] = time_ns;
    return 0;
}

void samples_fini(struct samples *samples)
{
    if (!samples)
        return;
    free(samples->items_ns);
    *samples = (struct samples){0};
}

/* log of the probability that exactly k of n fair coins show heads. */
static double log_binomial(size_t n, size_t k)
{
    return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
           (double)n * log(2);
}

/* Adds up P(Binomial(n, 1/2) = 0, 1, ...) while both tails together stay within 1 - level. */
size_t median_rank(size_t n, double level, double *reached)
{
    double tail = exp(log_binomial(n, 0));
    *reached = 1 - 2 * tail;
    size_t rank = 1;
    while (2 * (rank + 1) <= n) {
        double longer = tail + exp(log_binomial(n, rank));
        if (1 - 2 * longer < level)
            break;
        tail = longer;
        *reached = 1 - 2 * tail;
        rank++;
    }
    return rank;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

struct median median_of(struct samples *samples, double level)
{
    struct median median = {.runs = samples->count};
    size_t n = samples->count;
    if (!n)
        return median;
    const uint64_t *items_ns = samples->items_ns;
    qsort(samples->items_ns, n, sizeof(*samples->items_ns), compare_times);
    size_t rank = median_rank(n, level, &median.level);
    median.ms = ((double)items_ns[(n - 1) / 2] + (double)items_ns[n / 2]) / 2e6;
    median.low_ms = (double)items_ns[rank - 1] / 1e6;
    median.high_ms = (double)items_ns[n - rank] / 1e6;
    if (median.level < 0)
        median.level = 0;
    return median;
}

double median_error_ms(const struct median *median)
{
    return (median->high_ms - median->low_ms) / 2;
}
