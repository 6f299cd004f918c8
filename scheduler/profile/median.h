/* The median of repeated times, and an interval that holds the true one with a stated confidence.
 *
 * The interval is distribution-free: of n independent times, the r-th least and the r-th largest
 * enclose the median of the distribution with probability 1 - 2 P(Binomial(n, 1/2) < r). Times on a
 * shared machine are skewed and have outliers, so nothing normal is assumed. */
#ifndef SCHEDULER_PROFILE_MEDIAN_H
#define SCHEDULER_PROFILE_MEDIAN_H

#include <stddef.h>
#include <stdint.h>

/* Times of one thing, growing as it is measured. */
struct samples {
    size_t count, capacity;
    uint64_t *items_ns;
};

/* 0 or -ENOMEM. */
int samples_add(struct samples *samples, uint64_t time_ns);
void samples_fini(struct samples *samples); /* accepts NULL and a zeroed object */

struct median {
    double ms;
    double low_ms, high_ms; /* the interval; the least and the largest where level is not reached */
    double level; /* that the interval really has, at least the one asked for if runs suffice */
    size_t runs;
};

/* Ranks, from 1, of the narrowest interval with at least this level: the r-th least and the r-th
 * largest of n. 1 where n is too small; *reached is the level that it has. n > 0. */
size_t median_rank(size_t n, double level, double *reached);

/* Sorts the samples in place; all zero where there are none. */
struct median median_of(struct samples *samples, double level);

/* Half the interval's width. */
double median_error_ms(const struct median *median);

#endif
