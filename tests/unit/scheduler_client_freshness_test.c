/* How long a load is held, when it is asked for again, and how long a request waits for that. */
#include "scheduler/client/freshness.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

#define MS UINT64_C(1000000)
#define SEED 5

static void test_never_heard(void)
{
    struct freshness freshness = {0};
    CU_ASSERT_EQUAL(freshness_age_ns(&freshness, 100 * MS), UINT64_MAX);
    CU_ASSERT_TRUE(freshness_is_expired(&freshness, 100 * MS));
    CU_ASSERT_TRUE(freshness_use(&freshness, 100 * MS));
}

static void test_expires(void)
{
    struct freshness freshness;
    uint64_t random = SEED;
    freshness_heard(&freshness, 100 * MS, &random, 1000 * MS);
    CU_ASSERT_EQUAL(freshness_age_ns(&freshness, 1000 * MS), 100 * MS);
    CU_ASSERT_FALSE(freshness_is_expired(&freshness, 1400 * MS));
    CU_ASSERT_TRUE(freshness_is_expired(&freshness, 1401 * MS));
}

static void test_limited_reuse(void)
{
    struct freshness freshness;
    uint64_t random = SEED;
    freshness_heard(&freshness, 0, &random, 1000 * MS);
    for (int i = 0; i < 100; i++)
        CU_ASSERT_FALSE(freshness_use(&freshness, 1050 * MS)); /* not asked within min_poll */
    CU_ASSERT_TRUE(freshness_use(&freshness, 1051 * MS));
    freshness_heard(&freshness, 0, &random, 2000 * MS);
    for (int i = 0; i < FRESHNESS_USES; i++)
        CU_ASSERT_FALSE(freshness_use(&freshness, 2060 * MS));
    CU_ASSERT_TRUE(freshness_use(&freshness, 2060 * MS));
}

static void test_phase(void)
{
    uint64_t random = SEED, least_ns = UINT64_MAX, most_ns = 0;
    printf("(seed %d) ", SEED);
    for (int i = 0; i < 1000; i++) {
        struct freshness freshness;
        uint64_t now_ns = 1000 * MS;
        freshness_heard(&freshness, 0, &random, now_ns);
        while (freshness.uses = 0, !freshness_use(&freshness, now_ns))
            now_ns += MS;
        const uint64_t useful_ns = now_ns - 1000 * MS;
        least_ns = useful_ns < least_ns ? useful_ns : least_ns;
        most_ns = useful_ns > most_ns ? useful_ns : most_ns;
    }
    CU_ASSERT_TRUE(least_ns >= 150 * MS && least_ns < 153 * MS);
    CU_ASSERT_TRUE(most_ns <= 226 * MS && most_ns > 222 * MS);
}

static void test_patience(void)
{
    CU_ASSERT_EQUAL(freshness_patience_ns(0, 1000), 0); /* nobody knows when it comes */
    CU_ASSERT_EQUAL(freshness_patience_ns(2 * MS, 0), 0);
    CU_ASSERT_EQUAL(freshness_patience_ns(2 * MS, -5), 0);
    CU_ASSERT_EQUAL(freshness_patience_ns(2 * MS, 29), 0); /* 3 ms are more than a tenth of it */
    CU_ASSERT_EQUAL(freshness_patience_ns(2 * MS, 31), 3 * MS);
}

const struct cunit_test tests[] = {
    {"what was never heard has expired", test_never_heard},
    {"a load expires half a second after its numbers were taken", test_expires},
    {"a load serves four decisions, and is asked for again after a least time", test_limited_reuse},
    {"clients that heard a load together ask again apart", test_phase},
    {"a request waits for an answer only as long as a tenth of what it may save", test_patience},
    {NULL, NULL},
};
