/* Tests of scheduler/loadtest/rate_steps.c: its text, and that gaps are walked along the integral
 * of the rate. */
#include "scheduler/loadtest/rate_steps.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <string.h>

static struct loadtest_rate_steps read_good(const char *text)
{
    struct loadtest_rate_steps steps;
    CU_ASSERT_EQUAL_FATAL(loadtest_rate_steps_read(&steps, text), 0);
    return steps;
}

static void one_rate_has_no_end(void)
{
    const struct loadtest_rate_steps steps = read_good("12.5");
    CU_ASSERT_EQUAL(steps.count, 1);
    CU_ASSERT_EQUAL(steps.items[0].rate_per_s, 12.5);
    CU_ASSERT_EQUAL(loadtest_rate_steps_seconds(&steps), 0);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 3, 25), 5, 1e-12);
}

static void steps_follow_each_other(void)
{
    const struct loadtest_rate_steps steps = read_good("50@5,100@10,20@.5");
    CU_ASSERT_EQUAL(steps.count, 3);
    CU_ASSERT_EQUAL(steps.items[1].rate_per_s, 100);
    CU_ASSERT_EQUAL(loadtest_rate_steps_seconds(&steps), 15.5);
    CU_ASSERT_EQUAL(loadtest_rate_steps_seconds(&(struct loadtest_rate_steps){0}), 0);
}

/* 10 a second for 2 s are 20 arrivals, then 100 a second: the 30th is due at 2.1 s; worked out by
 * hand, as are the others. */
static void gaps_cross_steps(void)
{
    const struct loadtest_rate_steps steps = read_good("10@2,100@1,1");
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 0, 10), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 0, 30), 2.1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 1, 30), 2.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 0, 125), 8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, 9, 1), 10, 1e-12);
    /* What is before the first step has its rate. */
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, -1, 5), -0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(loadtest_rate_steps_after(&steps, -1, 40), 2.1, 1e-12);
}

static void other_texts_are_refused(void)
{
    static const char *const texts[] = {"",      "x",     "0",       "-1",    "1@",    "1@0",
                                        "1,2",   "1@1,",  "1@1,,2",  "1@1;2", "1@x",   "1e9",
                                        "1@1e9", "nan@1", "1@1,inf", "@1",    "1@1@1", " 1"};
    struct loadtest_rate_steps steps;
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_EQUAL(loadtest_rate_steps_read(&steps, texts[i]), -EINVAL);
    char many[4 * LOADTEST_MAX_STEPS + 4] = "";
    for (unsigned i = 0; i < LOADTEST_MAX_STEPS; i++)
        memcpy(many + (size_t)4 * i, "1@1,", 5);
    many[4 * LOADTEST_MAX_STEPS - 1] = '\0';
    CU_ASSERT_EQUAL(loadtest_rate_steps_read(&steps, many), 0);
    memcpy(many + 4 * LOADTEST_MAX_STEPS - 1, ",1", 3);
    CU_ASSERT_EQUAL(loadtest_rate_steps_read(&steps, many), -EINVAL);
}

const struct cunit_test tests[] = {
    {"one rate has no end", one_rate_has_no_end},
    {"steps follow each other", steps_follow_each_other},
    {"gaps cross steps by what each step leaves of them", gaps_cross_steps},
    {"other texts are refused", other_texts_are_refused},
    {NULL, NULL},
};
