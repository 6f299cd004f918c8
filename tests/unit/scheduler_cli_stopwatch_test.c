/* Tests of scheduler/cli/stopwatch.c. */
#include "scheduler/cli/stopwatch.h"
#include "tests/unit/cunit_main.h"

static void the_median_is_the_middle_time(void)
{
    uint64_t odd[] = {9000000, 1000000, 2000000}, even[] = {4000000, 1000000, 9000000, 2000000};
    uint64_t one[] = {5000000};
    CU_ASSERT_EQUAL(stopwatch_median_ms(odd, 3), 2.0);
    CU_ASSERT_EQUAL(stopwatch_median_ms(even, 4), 3.0);
    CU_ASSERT_EQUAL(stopwatch_median_ms(one, 1), 5.0);
}

static void the_minimum_is_the_least_time(void)
{
    const uint64_t times[] = {3000000, 1500000, 2000000};
    CU_ASSERT_EQUAL(stopwatch_min_ms(times, 3), 1.5);
}

static void time_does_not_go_back(void)
{
    uint64_t before_ns = stopwatch_now_ns();
    CU_ASSERT_TRUE(stopwatch_now_ns() >= before_ns);
}

const struct cunit_test tests[] = {
    {"the median is the middle time", the_median_is_the_middle_time},
    {"the minimum is the least time", the_minimum_is_the_least_time},
    {"time does not go back", time_does_not_go_back},
    {NULL, NULL},
};
