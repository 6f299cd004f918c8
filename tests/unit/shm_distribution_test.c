/* Tests of shm/distribution.c: buckets against a plain search, quantiles against sorted values. */
#include "shm/distribution.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The definition, word for word. */
static uint32_t search(const struct distribution_scale *scale, uint64_t value)
{
    uint32_t bucket = 0;
    while (bucket < scale->count && value > scale->bound[bucket])
        bucket++;
    return bucket;
}

static void bounds_ascend_in_decimal_steps(void)
{
    const struct distribution_scale *time = &distribution_time;
    CU_ASSERT_EQUAL(time->count + 1, DISTRIBUTION_BUCKETS);
    CU_ASSERT_EQUAL(time->bound[0], 10000);
    CU_ASSERT_EQUAL(time->bound[6], 100000);
    CU_ASSERT_EQUAL(time->bound[time->count - 1], UINT64_C(10000000000));
    for (uint32_t i = 1; i < time->count; i++)
        CU_ASSERT(time->bound[i] > time->bound[i - 1] &&
                  time->bound[i] * 2 <= time->bound[i - 1] * 4);
    for (uint32_t i = 1; i < distribution_ratio.count; i++)
        CU_ASSERT(distribution_ratio.bound[i] > distribution_ratio.bound[i - 1]);
}

static void each_value_falls_where_a_plain_search_puts_it(void)
{
    const struct distribution_scale *scales[] = {&distribution_time, &distribution_ratio};
    for (size_t s = 0; s < 2; s++) {
        for (uint32_t i = 0; i < scales[s]->count; i++)
            for (int off = -1; off <= 1; off++) {
                const uint64_t value = scales[s]->bound[i] + (uint64_t)(int64_t)off;
                CU_ASSERT_EQUAL(distribution_bucket(scales[s], value), search(scales[s], value));
            }
        CU_ASSERT_EQUAL(distribution_bucket(scales[s], 0), 0);
        CU_ASSERT_EQUAL(distribution_bucket(scales[s], UINT64_MAX), scales[s]->count);
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A quantile lies in the bucket of the value of that rank: within half of it, or the double. */
static void a_quantile_is_near_the_value_of_that_rank(void)
{
    enum { COUNT = 10000 };
    struct shm_random random = shm_random_start();
    uint64_t *values = calloc(COUNT, sizeof(*values));
    struct distribution distribution;
    memset(&distribution, 0, sizeof(distribution));
    uint64_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        const double power = 4 + 5.9 * (double)shm_random_below(&random, 1000000) / 1e6;
        values[i] = (uint64_t)pow(10, power);
        sum += values[i];
        distribution_note(&distribution, &distribution_time, values[i]);
    }
    qsort(values, COUNT, sizeof(*values), compare);
    struct distribution_view view;
    distribution_read(&distribution, &view);
    CU_ASSERT_EQUAL(view.count, COUNT);
    CU_ASSERT_EQUAL(view.sum, sum);
    for (double share = 0.01; share < 1; share += 0.01) {
        const double found = distribution_quantile(&view, &distribution_time, share);
        const double wanted = (double)values[(size_t)(share * COUNT)];
        CU_ASSERT(found > wanted / 1.7 && found < wanted * 1.7);
    }
    free(values);
}

static void quantiles_of_nothing_and_of_the_very_large_are_bounded(void)
{
    struct distribution_view view = {0};
    CU_ASSERT_EQUAL(distribution_quantile(&view, &distribution_time, 0.99), 0);
    view.count = view.bucket[DISTRIBUTION_BUCKETS - 1] = 3;
    CU_ASSERT_EQUAL(distribution_quantile(&view, &distribution_time, 0.99), 1e10);
    view = (struct distribution_view){.count = 1, .bucket[0] = 1};
    CU_ASSERT(distribution_quantile(&view, &distribution_time, 0.5) <= 10000);
}

static void what_was_noted_since_is_the_difference(void)
{
    struct distribution_view before = {.sum = 5, .count = 2, .bucket = {1, 1}};
    struct distribution_view now = {.sum = 9, .count = 3, .bucket = {1, 2}};
    struct distribution_view both = before;
    distribution_add(&both, &now);
    CU_ASSERT(both.sum == 14 && both.count == 5 && both.bucket[1] == 3);
    distribution_since(&now, &before);
    CU_ASSERT(now.sum == 4 && now.count == 1 && now.bucket[0] == 0 && now.bucket[1] == 1);
    struct distribution_view anew = {.sum = 1, .count = 1, .bucket = {0, 1}};
    distribution_since(&anew, &before); /* a jointd that was started anew */
    CU_ASSERT(anew.sum == 1 && anew.count == 1);
}

const struct cunit_test tests[] = {
    {"bounds ascend in decimal steps", bounds_ascend_in_decimal_steps},
    {"each value falls where a plain search puts it",
     each_value_falls_where_a_plain_search_puts_it},
    {"a quantile is near the value of that rank", a_quantile_is_near_the_value_of_that_rank},
    {"quantiles of nothing and of the very large are bounded",
     quantiles_of_nothing_and_of_the_very_large_are_bounded},
    {"what was noted since is the difference", what_was_noted_since_is_the_difference},
    {NULL, NULL},
};
