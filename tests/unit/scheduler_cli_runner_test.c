/* Tests of scheduler/cli/runner.c: how rows are split into batches. */
#include "scheduler/cli/runner.h"
#include "tests/unit/cunit_main.h"

static void batches_are_as_equal_as_they_can_be(void)
{
    uint32_t least, most;
    runner_batches(70, 32, &least, &most);
    CU_ASSERT_EQUAL(least, 23);
    CU_ASSERT_EQUAL(most, 24);
    runner_batches(64, 32, &least, &most);
    CU_ASSERT_EQUAL(least, 32);
    CU_ASSERT_EQUAL(most, 32);
    runner_batches(5, 32, &least, &most);
    CU_ASSERT_EQUAL(least, 5);
    CU_ASSERT_EQUAL(most, 5);
    runner_batches(3, 1, &least, &most);
    CU_ASSERT_EQUAL(least, 1);
    CU_ASSERT_EQUAL(most, 1);
}

static void no_batch_is_over_the_limit_and_two_sizes_do(void)
{
    for (uint32_t rows = 1; rows <= 300; rows++)
        for (uint32_t limit = 1; limit <= 40; limit++) {
            uint32_t least, most;
            runner_batches(rows, limit, &least, &most);
            CU_ASSERT_FATAL(least >= 1 && most <= limit && most - least <= 1);
            /* Some numbers of both sizes add up to all rows. */
            uint32_t many = 0;
            while (many * most <= rows && (rows - many * most) % least)
                many++;
            CU_ASSERT_FATAL(many * most <= rows);
        }
}

const struct cunit_test tests[] = {
    {"batches are as equal as they can be", batches_are_as_equal_as_they_can_be},
    {"no batch is over the limit, and two sizes do", no_batch_is_over_the_limit_and_two_sizes_do},
    {NULL, NULL},
};
