/* Sorts values into buckets, and copies the buckets out. */
#include "shm/distribution.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define DECADE(unit) unit, 3 * (unit) / 2, 2 * (unit), 3 * (unit), 5 * (unit), 7 * (unit)

const struct distribution_scale distribution_time = {
    .count = 37,
    .bound = {DECADE(10 * US), DECADE(100 * US), DECADE(MS), DECADE(10 * MS), DECADE(100 * MS),
              DECADE(SECOND), 10 * SECOND}};

const struct distribution_scale distribution_ratio = {
    .count = 15,
    .bound = {100, 200, 333, 500, 667, 800, 900, 1000, 1111, 1250, 1500, 2000, 3000, 5000, 10000}};

/* Halves by arithmetic instead of jumps, which would be guessed wrong every other time. */
uint32_t distribution_bucket(const struct distribution_scale *scale, uint64_t value)
{
    const uint64_t *at = scale->bound;
    for (uint32_t left = scale->count; left > 0;) {
        const uint32_t half = (left + 1) / 2;
        at += (at[half - 1] < value) * half;
        left -= half;
    }
    return (uint32_t)(at - scale->bound);
}

static void add(_Atomic uint64_t *word, uint64_t more)
{
    /* Nothing is published with it, and nobody else writes it. */
    atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

void distribution_note(struct distribution *distribution, const struct distribution_scale *scale,
                       uint64_t value)
{
    add(&distribution->sum, value);
    add(&distribution->bucket[distribution_bucket(scale, value)], 1);
}

void distribution_read(const struct distribution *distribution, struct distribution_view *view)
{
    *view = (struct distribution_view){
        .sum = atomic_load_explicit(&distribution->sum, memory_order_relaxed)};
    for (uint32_t i = 0; i < DISTRIBUTION_BUCKETS; i++) {
        view->bucket[i] = atomic_load_explicit(&distribution->bucket[i], memory_order_relaxed);
        view->count += view->bucket[i];
    }
}

void distribution_add(struct distribution_view *to, const struct distribution_view *more)
{
    to->sum += more->sum;
    to->count += more->count;
    for (uint32_t i = 0; i < DISTRIBUTION_BUCKETS; i++)
        to->bucket[i] += more->bucket[i];
}

void distribution_since(struct distribution_view *now, const struct distribution_view *before)
{
    for (uint32_t i = 0; i < DISTRIBUTION_BUCKETS; i++)
        if (now->bucket[i] < before->bucket[i])
            return;
    now->sum -= before->sum;
    now->count -= before->count;
    for (uint32_t i = 0; i < DISTRIBUTION_BUCKETS; i++)
        now->bucket[i] -= before->bucket[i];
}

double distribution_quantile(const struct distribution_view *view,
                             const struct distribution_scale *scale, double share)
{
    const double wanted = share * (double)view->count;
    double below = 0;
    for (uint32_t i = 0; i < scale->count && view->count; i++) {
        const double here = (double)view->bucket[i];
        if (here > 0 && below + here >= wanted) {
            const double from = i ? (double)scale->bound[i - 1] : 0;
            return from + ((double)scale->bound[i] - from) * (wanted - below) / here;
        }
        below += here;
    }
    return view->count ? (double)scale->bound[scale->count - 1] : 0;
}
