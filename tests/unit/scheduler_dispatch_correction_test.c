/* How much longer a model computes than predicted. */
#include "scheduler/dispatch/correction.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)

static void at_first_the_prediction_is_believed(void)
{
    const struct correction correction = correction_start();
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, 12345), 12345);
    CU_ASSERT_EQUAL(correction_safe_ns(&correction, 12345), 12345);
}

static void it_approaches_what_is_measured_and_is_then_sure(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 100; i++)
        correction_measure(&correction, 3 * MS, 2 * MS);
    CU_ASSERT(correction_typical_ns(&correction, 2 * MS) > 2990000);
    CU_ASSERT(correction_typical_ns(&correction, 2 * MS) <= 3 * MS);
    CU_ASSERT(correction_safe_ns(&correction, 2 * MS) < 3100000);
}

/* Of 1 ms and 3 ms in turn the mean is 2 and the mean deviation 1: 4 ms are safe. */
static void what_varies_is_promised_with_a_margin(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 1000; i++)
        correction_measure(&correction, i % 2 ? 3 * MS : MS, MS);
    const uint64_t typical_ns = correction_typical_ns(&correction, MS);
    const uint64_t safe_ns = correction_safe_ns(&correction, MS);
    CU_ASSERT(typical_ns > 1800000 && typical_ns < 2200000);
    CU_ASSERT(safe_ns > 3700000 && safe_ns < 4300000);
}

static void one_that_was_stopped_for_an_hour_counts_for_little(void)
{
    struct correction correction = correction_start();
    correction_measure(&correction, 3600000 * MS, MS);
    CU_ASSERT_EQUAL(correction_typical_ns(&correction, 8 * MS), 11 * MS); /* (7 * 1 + 4) / 8 */
    correction_measure(&correction, UINT64_MAX, 1);
    CU_ASSERT(correction_typical_ns(&correction, MS) < 2 * MS);
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

static void refusals_alone_bring_it_back_near_what_was_loaded(void)
{
    struct correction correction = correction_start();
    for (int i = 0; i < 1000; i++)
        correction_measure(&correction, 1000 * MS, 1);
    for (int i = 0; i < 1000; i++)
        correction_doubt(&correction);
    CU_ASSERT(correction_safe_ns(&correction, 1000 * MS) < 1010 * MS);
    CU_ASSERT(correction_typical_ns(&correction, 1000 * MS) >= 1000 * MS);
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
    {"it approaches what is measured, and is then sure",
     it_approaches_what_is_measured_and_is_then_sure},
    {"what varies is promised with a margin", what_varies_is_promised_with_a_margin},
    {"one that was stopped for an hour counts for little",
     one_that_was_stopped_for_an_hour_counts_for_little},
    {"nothing measured changes nothing", nothing_measured_changes_nothing},
    {"it stays between a 16th and 16", it_stays_between_a_16th_and_16},
    {"refusals alone bring it back near what was loaded",
     refusals_alone_bring_it_back_near_what_was_loaded},
    {"large times do not overflow", large_times_do_not_overflow},
    {NULL, NULL},
};
