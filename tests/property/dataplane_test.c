/* joint-dataplane as a process, over the kernel's UDP: what clients get, and what jointd is told.
 */
#include "tests/property/ingress_case.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>

/* On the heap: a host has long tables. */
static struct ingress_case *make(uint32_t queue_count)
{
    struct ingress_case *test = calloc(1, sizeof(*test));
    case_init(test, queue_count);
    return test;
}

static void finish_right(struct ingress_case *test, struct call *calls, uint32_t count)
{
    case_finish(test, calls, count);
    for (uint32_t i = 0; i < count; i++) {
        CU_ASSERT_TRUE(call_is_right(&calls[i]));
        call_free(&calls[i]);
    }
}

static void answers_are_right_to_the_byte(void)
{
    struct ingress_case *test = make(1);
    case_start(test, 1);
    struct call calls[] = {
        {.model = &host_large, .from = 0, .to = 3},
        {.model = &host_large, .from = 0, .to = 1},
        {.model = &host_large, .from = 1, .to = 3},
        {.model = &host_large, .from = 2, .to = 3},
        {.model = &host_large, .from = 3 - 1, .to = 3, .encoding = 1},
        {.model = &host_large, .from = 0, .to = 3, .encoding = 2, .answer_encoding = 1},
        {.model = &host_small, .from = 0, .to = 3, .rows = 7},
        {.model = &host_small, .from = 0, .to = 2, .answer_encoding = 2},
        {.model = &host_small, .from = 1, .to = 3, .rows = 3},
    };
    const uint32_t count = sizeof(calls) / sizeof(calls[0]);
    for (uint32_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(caller_call(&test->caller[0], &calls[i]));
    finish_right(test, calls, count);
    CU_ASSERT_EQUAL(test->host.submitted, count);
    case_until(test, &test->host.sent, count);
    case_until_counter(test, "requests_taken", 0);
    case_until_counter(test, "jtp_answered", count);
    case_end(test);
    free(test);
}

const struct cunit_test tests[] = {
    {"answers are right to the byte, at every cut and encoding, of two models",
     answers_are_right_to_the_byte},
    {NULL, NULL},
};
