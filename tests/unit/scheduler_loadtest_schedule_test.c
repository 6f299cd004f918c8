/* Tests of scheduler/loadtest/schedule.c: that its arrivals are a Poisson process, by what theory
 * says of one. Bounds are those that a right schedule passes but once in a million seeds. */
#include "scheduler/loadtest/schedule.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 99
#define S UINT64_C(1000000000)

static const double five_sigma = 5;

static struct loadtest_schedule make(uint64_t seed, double rate, uint64_t duration_ns,
                                     const struct loadtest_mix *mix)
{
    struct loadtest_schedule schedule;
    const struct loadtest_schedule_config config = {.seed = seed,
                                                    .rate_per_s = rate,
                                                    .duration_ns = duration_ns,
                                                    .client_count = 100,
                                                    .tensor_count = 4,
                                                    .mix = mix};
    CU_ASSERT_EQUAL_FATAL(loadtest_schedule_init(&schedule, &config), 0);
    return schedule;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* The gaps between arrivals, ascending, in units of the mean that they should have. */
static double *sorted_gaps(const struct loadtest_schedule *schedule, double rate)
{
    double *gaps = calloc(schedule->count + 1, sizeof(*gaps));
    uint64_t last_ns = 0;
    for (size_t i = 0; i < schedule->count; i++) {
        gaps[i] = (double)(schedule->arrivals[i].at_ns - last_ns) * rate / 1e9;
        last_ns = schedule->arrivals[i].at_ns;
    }
    qsort(gaps, schedule->count, sizeof(*gaps), compare);
    return gaps;
}

/* 500 a second for 10 s, the first of them the warm-up's, then 2,000: counts within five standard
 * deviations of their means, as Poisson's are. */
static void a_step_changes_the_rate_at_its_time(void)
{
    struct loadtest_mix mix;
    struct loadtest_rate_steps steps;
    struct loadtest_schedule schedule;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, 3), 0);
    CU_ASSERT_EQUAL_FATAL(loadtest_rate_steps_read(&steps, "500@9,2000"), 0);
    const struct loadtest_schedule_config config = {.seed = SEED,
                                                    .steps = &steps,
                                                    .first_step_ns = S,
                                                    .duration_ns = 20 * S,
                                                    .client_count = 100,
                                                    .tensor_count = 4,
                                                    .mix = &mix};
    printf("(seed %d) ", SEED);
    CU_ASSERT_EQUAL_FATAL(loadtest_schedule_init(&schedule, &config), 0);
    double before = 0, after = 0;
    for (size_t i = 0; i < schedule.count; i++)
        *(schedule.arrivals[i].at_ns < 10 * S ? &before : &after) += 1;
    CU_ASSERT(fabs(before - 5000) < five_sigma * sqrt(5000));
    CU_ASSERT(fabs(after - 20000) < five_sigma * sqrt(20000));
    loadtest_schedule_fini(&schedule);
    loadtest_mix_fini(&mix);
}

static void gaps_are_exponentially_distributed(void)
{
    struct loadtest_mix mix;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, 3), 0);
    printf("(seeds %d to %d) ", SEED, SEED + 4);
    for (uint64_t seed = SEED; seed < SEED + 5; seed++) {
        struct loadtest_schedule schedule = make(seed, 1000, 50 * S, &mix);
        const double n = (double)schedule.count;
        double *gaps = sorted_gaps(&schedule, 1000);
        double sum = 0, squares = 0, distance = 0;
        for (size_t i = 0; i < schedule.count; i++) {
            sum += gaps[i];
            squares += gaps[i] * gaps[i];
            /* Kolmogorov and Smirnov: the steps of the sample beside 1 - e^-x. */
            const double wanted = 1 - exp(-gaps[i]);
            distance = fmax(distance, fabs(wanted - (double)i / n));
            distance = fmax(distance, fabs(wanted - (double)(i + 1) / n));
        }
        const double mean = sum / n, variance = squares / n - mean * mean;
        /* Of n exponential gaps of mean 1: the mean's deviation is 1/sqrt(n), the variance's
         * sqrt(8/n). */
        CU_ASSERT_DOUBLE_EQUAL(mean, 1, five_sigma / sqrt(n));
        CU_ASSERT_DOUBLE_EQUAL(variance, 1, five_sigma * sqrt(8 / n));
        /* P(D > d) is about 2 exp(-2 n d^2): 1e-6 at d = 2.69 / sqrt(n). */
        CU_ASSERT(distance < 2.69 / sqrt(n));
        free(gaps);
        loadtest_schedule_fini(&schedule);
    }
    loadtest_mix_fini(&mix);
}

/* Arrivals in equal windows: mean and variance of the counts are the same. */
static void counts_are_poisson(void)
{
    enum { WINDOWS = 5000 };
    static uint32_t counts[WINDOWS];
    struct loadtest_mix mix;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, 3), 0);
    memset(counts, 0, sizeof(counts));
    struct loadtest_schedule schedule = make(SEED, 2000, 50 * S, &mix);
    for (size_t i = 0; i < schedule.count; i++)
        counts[schedule.arrivals[i].at_ns / (10 * S / 1000)]++;
    double sum = 0, squares = 0, neighbours = 0;
    for (uint32_t i = 0; i < WINDOWS; i++) {
        sum += counts[i];
        squares += (counts[i] - 20.0) * (counts[i] - 20.0);
        neighbours += i == 0 ? 0 : (counts[i] - 20.0) * (counts[i - 1] - 20.0);
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / WINDOWS, 20, five_sigma * sqrt(20.0 / WINDOWS));
    CU_ASSERT_DOUBLE_EQUAL(squares / WINDOWS, 20, five_sigma * 20 * sqrt(2.05 / WINDOWS));
    /* What comes in one window says nothing of the next. */
    CU_ASSERT_DOUBLE_EQUAL(neighbours / WINDOWS / 20, 0, five_sigma / sqrt(WINDOWS));
    loadtest_schedule_fini(&schedule);
    loadtest_mix_fini(&mix);
}

static void cuts_come_by_their_weights_and_clients_alike(void)
{
    struct loadtest_mix mix;
    uint32_t by_client[100] = {0}, by_entry[3] = {0}, by_tensor[4] = {0};
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_text(&mix, "7=1,2=3,0=6", 10), 0);
    struct loadtest_schedule schedule = make(SEED, 1000, 100 * S, &mix);
    const double n = (double)schedule.count;
    for (size_t i = 0; i < schedule.count; i++) {
        by_client[schedule.arrivals[i].client]++;
        by_entry[schedule.arrivals[i].entry]++;
        by_tensor[schedule.arrivals[i].tensor]++;
    }
    static const double shares[] = {0.6, 0.3, 0.1}; /* of the cuts 0, 2, 7 */
    for (int i = 0; i < 3; i++)
        CU_ASSERT_DOUBLE_EQUAL(by_entry[i], n * shares[i],
                               five_sigma * sqrt(n * shares[i] * (1 - shares[i])));
    for (int i = 0; i < 100; i++)
        CU_ASSERT_DOUBLE_EQUAL(by_client[i], n / 100, five_sigma * sqrt(n / 100));
    for (int i = 0; i < 4; i++)
        CU_ASSERT_DOUBLE_EQUAL(by_tensor[i], n / 4, five_sigma * sqrt(n / 4));
    loadtest_schedule_fini(&schedule);
    loadtest_mix_fini(&mix);
}

static void the_seed_decides_all_and_the_mix_not_the_times(void)
{
    struct loadtest_mix one, all;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&one, 3), 0);
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_all(&all, 12), 0);
    struct loadtest_schedule a = make(1, 500, 10 * S, &all), b = make(1, 500, 10 * S, &all);
    struct loadtest_schedule c = make(1, 500, 10 * S, &one), d = make(2, 500, 10 * S, &all);
    CU_ASSERT_EQUAL_FATAL(a.count, b.count);
    CU_ASSERT_EQUAL(memcmp(a.arrivals, b.arrivals, a.count * sizeof(*a.arrivals)), 0);
    CU_ASSERT_EQUAL_FATAL(a.count, c.count);
    bool is_same = true;
    for (size_t i = 0; i < a.count; i++)
        is_same &= a.arrivals[i].at_ns == c.arrivals[i].at_ns &&
                   a.arrivals[i].client == c.arrivals[i].client;
    CU_ASSERT_TRUE(is_same);
    CU_ASSERT(a.arrivals[0].at_ns != d.arrivals[0].at_ns);
    loadtest_schedule_fini(&a);
    loadtest_schedule_fini(&b);
    loadtest_schedule_fini(&c);
    loadtest_schedule_fini(&d);
    loadtest_mix_fini(&one);
    loadtest_mix_fini(&all);
}

static void times_ascend_and_end_in_time(void)
{
    struct loadtest_mix mix;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, 0), 0);
    struct loadtest_schedule schedule = make(SEED, 1e6, S / 10, &mix);
    bool ascends = true;
    for (size_t i = 1; i < schedule.count; i++)
        ascends &= schedule.arrivals[i - 1].at_ns <= schedule.arrivals[i].at_ns;
    CU_ASSERT_TRUE(ascends);
    CU_ASSERT(schedule.arrivals[schedule.count - 1].at_ns < S / 10);
    loadtest_schedule_fini(&schedule);
    loadtest_mix_fini(&mix);
}

static void more_than_memory_should_hold_is_refused(void)
{
    struct loadtest_mix mix;
    struct loadtest_schedule schedule;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, 0), 0);
    const struct loadtest_schedule_config config = {.rate_per_s = 1e8,
                                                    .duration_ns = 10 * S,
                                                    .client_count = 1,
                                                    .tensor_count = 1,
                                                    .mix = &mix};
    CU_ASSERT_EQUAL(loadtest_schedule_init(&schedule, &config), -E2BIG);
    loadtest_mix_fini(&mix);
}

const struct cunit_test tests[] = {
    {"a step changes the rate at its time", a_step_changes_the_rate_at_its_time},
    {"gaps are exponentially distributed: mean, variance, Kolmogorov-Smirnov",
     gaps_are_exponentially_distributed},
    {"counts in windows are Poisson and independent", counts_are_poisson},
    {"cuts come by their weights, clients and tensors alike",
     cuts_come_by_their_weights_and_clients_alike},
    {"the seed decides all, and the mix does not change the times",
     the_seed_decides_all_and_the_mix_not_the_times},
    {"times ascend and end within the duration", times_ascend_and_end_in_time},
    {"more than memory should hold is refused", more_than_memory_should_hold_is_refused},
    {NULL, NULL},
};
