/* Tests of scheduler/service/request.c, what needs no service: how long a request computed. */
#include "scheduler/service/request.h"
#include "tests/unit/cunit_main.h"

static void rows_that_compute_together_count_once(void)
{
    struct request request = {0};
    for (int row = 0; row < 4; row++)
        request_note_compute(&request, 7, 1000);
    CU_ASSERT_EQUAL(request.compute_ns, 1000);
}

static void the_longest_row_of_a_dispatch_counts(void)
{
    struct request request = {0};
    request_note_compute(&request, 0, 300);
    request_note_compute(&request, 0, 500);
    request_note_compute(&request, 0, 400);
    CU_ASSERT_EQUAL(request.compute_ns, 500);
}

static void dispatches_one_after_the_other_add_up(void)
{
    struct request request = {0};
    request_note_compute(&request, 1, 500);
    request_note_compute(&request, 1, 500);
    request_note_compute(&request, 2, 200);
    request_note_compute(&request, 2, 200);
    request_note_compute(&request, 1, 100); /* the number is in use again */
    CU_ASSERT_EQUAL(request.compute_ns, 800);
}

const struct cunit_test tests[] = {
    {"rows that compute together count once", rows_that_compute_together_count_once},
    {"the longest row of a dispatch counts", the_longest_row_of_a_dispatch_counts},
    {"dispatches one after the other add up", dispatches_one_after_the_other_add_up},
    {NULL, NULL},
};
