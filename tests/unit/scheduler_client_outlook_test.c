/* The wait to be expected, for waits whose course is known. */
#include "scheduler/client/outlook.h"
#include "tests/unit/cunit_main.h"

#include <math.h>

#define MS UINT64_C(1000000)

static void test_first(void)
{
    struct outlook outlook = {0};
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 5 * MS), 0, 0);
    outlook_told(&outlook, 80, 100 * MS);
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 200 * MS), 80, 1e-9);
}

/* Reports every `every` of a wait that goes from `at_ms` by `slope` ms a ms; the last outlook. */
static double after(double at_ms, double slope, uint64_t every_ms, uint32_t reports)
{
    struct outlook outlook = {0};
    for (uint32_t i = 0; i < reports; i++)
        outlook_told(&outlook, at_ms + slope * (double)(i * every_ms), (1000 + i * every_ms) * MS);
    return outlook_wait_ms(&outlook, (1000 + (reports - 1) * every_ms) * MS);
}

static void test_still(void)
{
    for (uint64_t every_ms = 1; every_ms < 400; every_ms *= 3)
        CU_ASSERT_DOUBLE_EQUAL(after(33, 0, every_ms, 50), 33, 1e-9);
}

/* A straight line is followed exactly in the end, however often it is told: 750 ms ahead. */
static void test_line(void)
{
    for (uint64_t every_ms = 5; every_ms < 400; every_ms *= 2) {
        const uint32_t reports = (uint32_t)(6000 / every_ms) + 1;
        const double last = 20 + 0.1 * (double)((reports - 1) * every_ms);
        CU_ASSERT_DOUBLE_EQUAL(after(20, 0.1, every_ms, reports), last + 75, 1);
    }
    CU_ASSERT_DOUBLE_EQUAL(after(1000, -0.05, 50, 101), 1000 - 250 - 37.5, 1);
    CU_ASSERT_DOUBLE_EQUAL(after(350, -0.05, 50, 101), 100 - 37.5, 1);
    CU_ASSERT_DOUBLE_EQUAL(after(300, -0.05, 50, 101), 50 * 0.5, 1); /* not below a half of it */
    CU_ASSERT_DOUBLE_EQUAL(after(200, -0.05, 50, 81), 0, 0.1);
}

static void test_jump(void)
{
    struct outlook outlook = {0};
    outlook_told(&outlook, 0, 1000 * MS);
    outlook_told(&outlook, 1e9, 1000 * MS + 1); /* a nanosecond later */
    CU_ASSERT_TRUE(outlook_wait_ms(&outlook, 1001 * MS) < 4000);
    outlook = (struct outlook){0};
    outlook_told(&outlook, 100, 1000 * MS);
    outlook_told(&outlook, 500, 900 * MS); /* older than what is known */
    outlook_told(&outlook, 500, 1000 * MS);
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 1000 * MS), 100, 1e-9);
}

static void test_forgets(void)
{
    struct outlook outlook = {0};
    outlook_told(&outlook, 10, 1000 * MS);
    outlook_told(&outlook, 50, 1100 * MS);
    outlook_told(&outlook, 70, 1601 * MS); /* half a second: no trend follows from that */
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 1601 * MS), 70, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 2101 * MS), 70, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(outlook_wait_ms(&outlook, 3101 * MS), 70 * exp(-1), 1e-9);
}

const struct cunit_test tests[] = {
    {"the first wait is expected to stay", test_first},
    {"a wait that stays is expected", test_still},
    {"a wait that grows or shrinks evenly is seen ahead, however often it is told", test_line},
    {"one jump is not taken for a course, and old news for none", test_jump},
    {"reports far apart make no trend, and an old one fades", test_forgets},
    {NULL, NULL},
};
