/* How much longer some layers take than when they were loaded. */
#include "scheduler/dispatch/correction.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)

static void at_first_the_prediction_is_believed(void)
{
    const struct correction correction = correction_start();
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, 12345), 12345);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, 12345), 12345);
}

static void what_is_typical_is_the_median_of_the_last_ten_and_safe_the_longest(void)
{
    struct correction correction = correction_start();
    for (uint64_t i = 1; i <= 100; i++)
        correction_measure(&correction, (100 + i) * MS, 100 * MS); /* 1.01 to 2.00 */
    const uint64_t typical_ns = correction_typical_ns(&correction, 100 * MS);
    CU_ASSERT(typical_ns > 195 * MS && typical_ns <= 196 * MS);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, 100 * MS), 200 * MS);
}

/* 0.9 to 1.1 in turn, and one that took ten times as long. */
static void one_that_was_stopped_for_a_while_is_left_out(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 9; i++)
        correction_measure(&correction, (i % 2 ? 9 : 11) * MS, 10 * MS);
    correction_measure(&correction, 100 * MS, 10 * MS);
    CU_ASSERT(correction_safe_ns(&correction, 100 * MS) <= 110 * MS);
    correction_measure(&correction, 100 * MS, 10 * MS); /* twice is no accident */
    CU_ASSERT(correction_safe_ns(&correction, 100 * MS) > 350 * MS);
    CU_ASSERT(correction_typical_ns(&correction, 100 * MS) <= 110 * MS);
}

static void one_measurement_counts_for_no_more_than_four_times_the_median(void)
{
    struct correction correction = correction_start();
    correction_measure(&correction, 3600000 * MS, MS);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, MS), 4 * MS);
    correction_measure(&correction, UINT64_MAX, 1);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, MS), 16 * MS);
}

static void nothing_measured_changes_nothing(void)
{
    struct correction correction = correction_start();
    correction_measure(&correction, 0, MS);
    correction_measure(&correction, MS, 0);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, MS), MS);
}

static void it_stays_between_a_16th_and_16(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 1000; i++)
        correction_measure(&correction, 1000 * MS, 1);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, MS), 16 * MS);
    for (int i = 0; i < 1000; i++)
        correction_measure(&correction, 1, 1000 * MS);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, 16 * MS), MS);
}

static void each_doubt_takes_a_quarter_back(void)
{
    struct correction correction = correction_start();
    correction_measure(&correction, 3 * MS, MS);
    correction_doubt(&correction);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, 2 * MS), 5 * MS);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, 2 * MS), 5 * MS);
    for (int i = 0; i < 100; i++)
        correction_doubt(&correction);
    CU_ASSERT(correction_safe_ns(&correction, 1000 * MS) < 1001 * MS);
}

static void large_times_do_not_overflow(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 1000; i++)
        correction_measure(&correction, 1000 * MS, 1);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, UINT64_C(1) << 58), UINT64_C(1) << 62);
}

const struct cunit_test tests[] = {
    {"at first the prediction is believed", at_first_the_prediction_is_believed},
    {"what is typical is the median of the last ten, and safe the longest",
     what_is_typical_is_the_median_of_the_last_ten_and_safe_the_longest},
    {"one that was stopped for a while is left out", one_that_was_stopped_for_a_while_is_left_out},
    {"one measurement counts for no more than four times the median",
     one_measurement_counts_for_no_more_than_four_times_the_median},
    {"nothing measured changes nothing", nothing_measured_changes_nothing},
    {"it stays between a 16th and 16", it_stays_between_a_16th_and_16},
    {"each doubt takes a quarter back", each_doubt_takes_a_quarter_back},
    {"large times do not overflow", large_times_do_not_overflow},
    {NULL, NULL},
};
