/* Tests of scheduler/loadtest/analysis.c; the expected values are worked out by hand. */
#include "scheduler/loadtest/analysis.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)

static void time_is_cut_into_bins_by_when_requests_were_due(void)
{
    struct loadtest_record first[] = {
        {.due_ns = 0, .latency_ns = 30, .end = LOADTEST_IN_TIME, .is_admitted = true},
        {.due_ns = 9 * MS, .latency_ns = 10, .end = LOADTEST_IN_TIME, .is_admitted = true},
        {.due_ns = 10 * MS, .latency_ns = 5, .end = LOADTEST_REJECTED},
        {.due_ns = 35 * MS, .latency_ns = 5, .end = LOADTEST_IN_TIME, .is_admitted = true},
    };
    struct loadtest_record second[] = {
        {.due_ns = 5 * MS, .latency_ns = 20, .end = LOADTEST_ANSWERED_LATE, .is_admitted = true},
        {.due_ns = 12 * MS, .latency_ns = 40, .end = LOADTEST_LATE, .is_admitted = true},
        {.due_ns = 13 * MS, .latency_ns = 50, .end = LOADTEST_REJECTED, .is_admitted = true},
    };
    const struct loadtest_records lanes[] = {{.items = first, .count = 4},
                                             {.items = second, .count = 3}};
    const struct loadtest_records *const both[] = {&lanes[0], &lanes[1]};
    struct loadtest_bin bins[3];
    CU_ASSERT_EQUAL(loadtest_analyse_time(both, 2, 10 * MS, bins, 3), 0);
    CU_ASSERT(bins[0].offered == 3 && bins[0].in_time == 2 && bins[0].late == 1);
    CU_ASSERT(bins[0].p50_ns == 20 && bins[0].p99_ns == 30 && bins[0].max_ns == 30);
    CU_ASSERT(bins[1].offered == 3 && bins[1].rejected == 2 && bins[1].late == 1);
    CU_ASSERT(bins[1].admitted == 2 && bins[1].p50_ns == 40 && bins[1].p99_ns == 50);
    CU_ASSERT(bins[2].offered == 0 && bins[2].max_ns == 0);
}

static void the_99th_of_a_hundred_is_not_the_largest(void)
{
    struct loadtest_record items[100];
    for (uint32_t i = 0; i < 100; i++)
        items[i] = (struct loadtest_record){.latency_ns = 100 - i, .is_admitted = true};
    const struct loadtest_records lane = {.items = items, .count = 100};
    const struct loadtest_records *const lanes[] = {&lane};
    struct loadtest_bin bin;
    CU_ASSERT_EQUAL(loadtest_analyse_time(lanes, 1, 1, &bin, 1), 0);
    CU_ASSERT(bin.p50_ns == 50 && bin.p99_ns == 99 && bin.max_ns == 100);
}

static void phones_have_sums_of_their_own(void)
{
    struct loadtest_record items[] = {
        {.phone = 1, .end = LOADTEST_IN_TIME, .compute_us = 7, .is_admitted = true},
        {.phone = 0, .end = LOADTEST_REJECTED},
        {.phone = 1, .end = LOADTEST_ANSWERED_LATE, .compute_us = 5, .is_admitted = true},
        {.phone = 9, .end = LOADTEST_IN_TIME},
    };
    const struct loadtest_records lane = {.items = items, .count = 4};
    const struct loadtest_records *const lanes[] = {&lane};
    struct loadtest_phone_sum phones[2];
    loadtest_analyse_phones(lanes, 1, phones, 2);
    CU_ASSERT(phones[0].offered == 1 && phones[0].rejected == 1 && phones[0].in_time == 0);
    CU_ASSERT(phones[1].offered == 2 && phones[1].in_time == 1 && phones[1].admitted == 2);
    CU_ASSERT_EQUAL(phones[1].compute_us, 12);
}

static void predictions_are_compared_with_the_wait_that_came(void)
{
    struct loadtest_record items[] = {
        {.end = LOADTEST_IN_TIME, .told_wait_us = 5000, .queue_us = 4000, .told_age_us = 10},
        {.end = LOADTEST_IN_TIME, .told_wait_us = 1000, .queue_us = 2000, .told_age_us = 20},
        {.end = LOADTEST_ANSWERED_LATE, .told_wait_us = 3000, .queue_us = 2500, .told_age_us = 30},
        {.end = LOADTEST_IN_TIME, .told_wait_us = 100, .queue_us = 999, .told_age_us = 40},
        {.end = LOADTEST_IN_TIME, .told_wait_us = LOADTEST_UNTOLD, .queue_us = 5},
        {.end = LOADTEST_REJECTED, .told_wait_us = 7},
    };
    const struct loadtest_records lane = {.items = items, .count = 6};
    const struct loadtest_records *const lanes[] = {&lane};
    struct loadtest_prediction prediction;
    CU_ASSERT_EQUAL(loadtest_analyse_prediction(lanes, 1, &prediction), 0);
    CU_ASSERT_EQUAL(prediction.samples, 4);
    CU_ASSERT_EQUAL(prediction.share_samples, 3); /* 25, 50 and 20 %, and 1.25, 0.5 and 1.2 times */
    CU_ASSERT_EQUAL(prediction.median_error_us, 899); /* of 500, 899, 1000, 1000 */
    CU_ASSERT_DOUBLE_EQUAL(prediction.median_share, 0.25, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(prediction.median_ratio, 1.2, 1e-12);
    CU_ASSERT_EQUAL(prediction.median_age_us, 20);
    CU_ASSERT_EQUAL(loadtest_analyse_prediction(lanes, 0, &prediction), 0);
    CU_ASSERT(prediction.samples == 0 && prediction.median_share == 0);
}

const struct cunit_test tests[] = {
    {"time is cut into bins by when requests were due",
     time_is_cut_into_bins_by_when_requests_were_due},
    {"the 99th of a hundred is not the largest", the_99th_of_a_hundred_is_not_the_largest},
    {"phones have sums of their own", phones_have_sums_of_their_own},
    {"predictions are compared with the wait that came",
     predictions_are_compared_with_the_wait_that_came},
    {NULL, NULL},
};
