/* Tests of scheduler/profile/median.c: ranks against brute force over all orders of heads and tails
 * and against a published table, medians and intervals by hand. */
#include "scheduler/profile/median.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>

/* Each of n times is below the true median or above it, as a coin falls: the share of all 2^n ways
 * in which at least `rank` are below and at least `rank` above, which is when the interval holds
 * the median. */
static double brute_force_level(unsigned n, unsigned rank)
{
    unsigned long holds = 0;
    for (unsigned long way = 0; way < 1ul << n; way++) {
        unsigned below = (unsigned)__builtin_popcountl(way);
        holds += below >= rank && n - below >= rank;
    }
    return (double)holds / (double)(1ul << n);
}

static void ranks_are_those_of_brute_force(void)
{
    static const double levels[] = {0.5, 0.9, 0.95, 0.99};
    for (unsigned n = 1; n <= 18; n++)
        for (int l = 0; l < 4; l++) {
            double reached;
            unsigned expected = 1;
            while (2 * (expected + 1) <= n && brute_force_level(n, expected + 1) >= levels[l])
                expected++;
            CU_ASSERT_EQUAL(median_rank(n, levels[l], &reached), expected);
            if (2 * expected <= n)
                CU_ASSERT_DOUBLE_EQUAL(reached, brute_force_level(n, expected), 1e-12);
        }
}

/* Conover, Practical Nonparametric Statistics, and every table of the sign test's interval: the
 * rank r of the confidence interval of a median at 95 %. */
static void ranks_are_those_of_the_table(void)
{
    static const struct {
        size_t n, rank;
    } table[] = {{6, 1},  {8, 1},  {9, 2},   {10, 2},  {12, 3},  {15, 4},
                 {20, 6}, {25, 8}, {30, 10}, {50, 18}, {100, 40}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double reached;
        CU_ASSERT_EQUAL(median_rank(table[i].n, 0.95, &reached), table[i].rank);
        CU_ASSERT_TRUE(reached >= 0.95);
    }
}

static struct median median_of_times(const uint64_t *times_ns, size_t count)
{
    struct samples samples = {0};
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL_FATAL(samples_add(&samples, times_ns[i]), 0);
    struct median median = median_of(&samples, 0.95);
    samples_fini(&samples);
    return median;
}

static void few_times_say_what_they_can(void)
{
    const uint64_t times_ns[] = {3000000, 1000000, 2000000, 9000000, 4000000};
    struct median median = median_of_times(times_ns, 5);
    CU_ASSERT_DOUBLE_EQUAL(median.ms, 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.low_ms, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.high_ms, 9, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.level, 1 - 2.0 / 32, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median_error_ms(&median), 4, 1e-12);
    median = median_of_times(times_ns, 1);
    CU_ASSERT_DOUBLE_EQUAL(median.ms, 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.level, 0, 1e-12);
    median = median_of_times(NULL, 0);
    CU_ASSERT_EQUAL(median.runs, 0);
}

static void many_times_leave_outliers_out(void)
{
    uint64_t times_ns[20];
    for (size_t i = 0; i < 20; i++)
        times_ns[i] = (20 - i) * 1000000;
    times_ns[0] = 1000000000; /* was 20 ms */
    struct median median = median_of_times(times_ns, 20);
    CU_ASSERT_DOUBLE_EQUAL(median.ms, 10.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.low_ms, 6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(median.high_ms, 15, 1e-12);
}

/* Times of a lopsided distribution whose median is known: the interval holds it as often as it
 * says. */
static void intervals_hold_the_median_as_often_as_they_say(void)
{
    const unsigned seed = 20260101;
    uint64_t state = seed;
    int holds = 0;
    const int trials = 4000;
    for (int trial = 0; trial < trials; trial++) {
        uint64_t times_ns[15];
        for (int i = 0; i < 15; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            double uniform = (double)(state >> 11) * 0x1p-53;
            times_ns[i] = (uint64_t)(1e6 * (1 - log(1 - uniform))); /* median 1 + log 2 ms */
        }
        struct median median = median_of_times(times_ns, 15);
        holds += median.low_ms <= 1 + log(2) && median.high_ms >= 1 + log(2);
    }
    double expected = brute_force_level(15, 4); /* 0.9648 */
    printf(" (seed %u: %d of %d)", seed, holds, trials);
    CU_ASSERT_DOUBLE_EQUAL((double)holds / trials, expected, 4 * sqrt(expected / trials));
}

const struct cunit_test tests[] = {
    {"ranks of the interval are those of brute force", ranks_are_those_of_brute_force},
    {"ranks of the interval are those of the published table", ranks_are_those_of_the_table},
    {"too few times give their whole range, and the level that it has",
     few_times_say_what_they_can},
    {"an outlier moves neither the median nor its interval", many_times_leave_outliers_out},
    {"intervals hold the true median as often as they say",
     intervals_hold_the_median_as_often_as_they_say},
    {NULL, NULL},
};
