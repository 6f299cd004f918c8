/* Tests of scheduler/loadtest/histogram.c against sorted values. */
#include "scheduler/loadtest/histogram.h"
#include "scheduler/loadtest/random.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20261123

static struct loadtest_histogram *make(void)
{
    return calloc(1, sizeof(struct loadtest_histogram));
}

static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Nearest rank, from the definition: the least value that at least this share does not exceed. */
static uint64_t exact(const uint64_t *sorted, uint32_t count, double share)
{
    uint32_t i = 0;
    while ((double)(i + 1) < share * count)
        i++;
    return sorted[i];
}

static void compare_with_sort(uint64_t *values, uint32_t count)
{
    static const double shares[] = {0, 0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    struct loadtest_histogram *histogram = make();
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        loadtest_histogram_add(histogram, values[i]);
        sum += (double)values[i];
    }
    qsort(values, count, sizeof(*values), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        const uint64_t wanted = exact(values, count, shares[i]);
        const uint64_t got = loadtest_histogram_percentile(histogram, shares[i]);
        CU_ASSERT(got >= wanted);
        CU_ASSERT(got - wanted <= wanted / 128);
    }
    CU_ASSERT_EQUAL(histogram->count, count);
    CU_ASSERT_EQUAL(histogram->max_ns, values[count - 1]);
    CU_ASSERT_EQUAL(loadtest_histogram_percentile(histogram, 1), values[count - 1]);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_histogram_mean_ns(histogram), sum / count, sum / count * 1e-9);
    free(histogram);
}

static void percentiles_are_within_one_128th_above_the_exact_ones(void)
{
    struct loadtest_random random = {SEED};
    uint64_t *values = calloc(50000, sizeof(*values));
    printf("(seed %d) ", SEED);
    for (int round = 0; round < 40; round++) {
        const uint32_t count = 1 + loadtest_random_below(&random, 50000);
        for (uint32_t i = 0; i < count; i++) {
            const double unit = loadtest_random_unit(&random);
            /* In turn: all sizes alike, exponential around 1 ms, few distinct values. */
            values[i] = round % 3 == 0   ? (uint64_t)exp2(unit * 47)
                        : round % 3 == 1 ? (uint64_t)(-log(1 - unit) * 1e6)
                                         : 1000 + loadtest_random_below(&random, 7);
        }
        compare_with_sort(values, count);
    }
    free(values);
}

static void durations_under_256_ns_are_exact(void)
{
    uint64_t values[256];
    for (uint32_t i = 0; i < 256; i++)
        values[i] = i;
    struct loadtest_histogram *histogram = make();
    for (uint32_t i = 0; i < 256; i++)
        loadtest_histogram_add(histogram, values[i]);
    for (uint32_t i = 0; i < 256; i++)
        CU_ASSERT_EQUAL(loadtest_histogram_percentile(histogram, (i + 1) / 256.0), i);
    free(histogram);
}

static void every_bucket_border_is_where_it_should_be(void)
{
    /* A value alone is its own largest; with a larger one beside it, its bucket's end shows. */
    for (unsigned bit = 8; bit < 48; bit++)
        for (int step = -1; step <= 1; step++) {
            const uint64_t value = (UINT64_C(1) << bit) + (uint64_t)step;
            struct loadtest_histogram *histogram = make();
            loadtest_histogram_add(histogram, value);
            loadtest_histogram_add(histogram, LOADTEST_HISTOGRAM_LARGEST);
            const uint64_t got = loadtest_histogram_percentile(histogram, 0.5);
            CU_ASSERT(got >= value && got - value <= value / 128);
            free(histogram);
        }
}

static void what_is_too_large_counts_as_the_largest(void)
{
    struct loadtest_histogram *histogram = make();
    loadtest_histogram_add(histogram, UINT64_MAX);
    CU_ASSERT_EQUAL(histogram->count, 1);
    CU_ASSERT_EQUAL(loadtest_histogram_percentile(histogram, 0.5), LOADTEST_HISTOGRAM_LARGEST);
    free(histogram);
}

static void an_empty_one_says_zero(void)
{
    struct loadtest_histogram *histogram = make();
    CU_ASSERT_EQUAL(loadtest_histogram_percentile(histogram, 0.99), 0);
    CU_ASSERT_EQUAL(loadtest_histogram_mean_ns(histogram), 0);
    free(histogram);
}

static void two_merged_are_one_of_all_values(void)
{
    struct loadtest_random random = {SEED};
    struct loadtest_histogram *parts[2] = {make(), make()}, *whole = make();
    for (uint32_t i = 0; i < 10000; i++) {
        const uint64_t value = loadtest_random_next(&random) >> 20;
        loadtest_histogram_add(parts[i % 3 == 0], value);
        loadtest_histogram_add(whole, value);
    }
    loadtest_histogram_merge(parts[0], parts[1]);
    CU_ASSERT_EQUAL(memcmp(parts[0], whole, sizeof(*whole)), 0);
    free(parts[0]);
    free(parts[1]);
    free(whole);
}

const struct cunit_test tests[] = {
    {"percentiles are at most 1/128 above the exact ones, and never below",
     percentiles_are_within_one_128th_above_the_exact_ones},
    {"durations under 256 ns are exact", durations_under_256_ns_are_exact},
    {"every bucket's border is where it should be", every_bucket_border_is_where_it_should_be},
    {"what is too large counts as the largest", what_is_too_large_counts_as_the_largest},
    {"an empty one says zero", an_empty_one_says_zero},
    {"two merged are one of all values", two_merged_are_one_of_all_values},
    {NULL, NULL},
};
