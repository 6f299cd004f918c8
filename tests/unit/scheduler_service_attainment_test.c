/* Tests of scheduler/service/attainment.c beside a list of all that ended. */
#include "scheduler/service/attainment.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#define SECOND UINT64_C(1000000000)

static void without_requests_all_are_in_time(void)
{
    struct attainment attainment = {0};
    CU_ASSERT_EQUAL(attainment_permille(&attainment, 5 * SECOND), 1000);
    attainment_note(&attainment, false, 5 * SECOND);
    CU_ASSERT_EQUAL(attainment_permille(&attainment, 5 * SECOND), 0);
    CU_ASSERT_EQUAL(attainment_permille(&attainment, 64 * SECOND), 0);
    CU_ASSERT_EQUAL(attainment_permille(&attainment, 65 * SECOND), 1000);
}

static void it_is_the_share_of_the_last_minute(void)
{
    enum { COUNT = 4000 };
    static struct {
        uint64_t at_ns;
        bool is_in_time;
    } all[COUNT];
    struct shm_random random = shm_random_start();
    struct attainment attainment = {0};
    uint64_t now_ns = 1000 * SECOND;
    for (int i = 0; i < COUNT; i++) {
        now_ns += shm_random_below(&random, 200) == 0 ? 20 * SECOND : SECOND / 8;
        if (shm_random_below(&random, 1000) == 0)
            now_ns += 1000 * SECOND;
        all[i].at_ns = now_ns;
        all[i].is_in_time = shm_random_below(&random, 3) > 0;
        attainment_note(&attainment, all[i].is_in_time, now_ns);
        uint64_t count = 0, in_time = 0;
        for (int j = i; j >= 0 && now_ns / SECOND - all[j].at_ns / SECOND < 60; j--) {
            count++;
            in_time += all[j].is_in_time;
        }
        CU_ASSERT_EQUAL(attainment_permille(&attainment, now_ns), in_time * 1000 / count);
    }
}

static void a_clock_that_stands_still_or_goes_back_does_no_harm(void)
{
    struct attainment attainment = {0};
    attainment_note(&attainment, true, 100 * SECOND);
    attainment_note(&attainment, false, 90 * SECOND);
    CU_ASSERT_EQUAL(attainment_permille(&attainment, 80 * SECOND), 500);
}

const struct cunit_test tests[] = {
    {"without requests all are in time", without_requests_all_are_in_time},
    {"it is the share of the last minute", it_is_the_share_of_the_last_minute},
    {"a clock that stands still or goes back does no harm",
     a_clock_that_stands_still_or_goes_back_does_no_harm},
    {NULL, NULL},
};
