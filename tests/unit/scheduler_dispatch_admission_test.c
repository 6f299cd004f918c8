/* Who is let in, and the order of the reasons not to. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static struct dispatch_config admitting(void)
{
    struct dispatch_config config = case_config();
    config.has_admission = true;
    config.mode = DISPATCH_PER_CUT;
    config.max_delay_ns = 0;
    return config;
}

static enum dispatch_verdict ask(struct dispatch *dispatch, uint32_t slot, uint64_t budget_ns)
{
    struct dispatch_request request = case_request(slot, CASE_NOW);
    request.deadline_ns = CASE_NOW + budget_ns;
    return dispatch_submit(dispatch, &request, CASE_NOW);
}

static void the_first_reason_that_holds_is_told(void)
{
    const struct dispatch_config config = admitting();
    struct dispatch *dispatch = case_create(&config, 1);
    const struct dispatch_class closed = {1, 0, 1};
    CU_ASSERT_EQUAL(dispatch_set_class(dispatch, 0, &closed), 0);
    struct dispatch_request nonsense = case_request(0, CASE_NOW);
    nonsense.model = 7;
    nonsense.deadline_ns = 0;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &nonsense, CASE_NOW), DISPATCH_NO_MODEL);
    CU_ASSERT_EQUAL(ask(dispatch, 0, CASE_MS), DISPATCH_LATE); /* it takes 3 ms */
    CU_ASSERT_EQUAL(ask(dispatch, 0, 100 * CASE_MS), DISPATCH_CEILING);
    const struct dispatch_class full = {1, 0, UINT64_MAX};
    CU_ASSERT_EQUAL(dispatch_set_class(dispatch, 0, &full), 0);
    CU_ASSERT_EQUAL(ask(dispatch, 0, 100 * CASE_MS), DISPATCH_FULL);
    dispatch_destroy(dispatch);
}

static void a_class_without_weight_or_that_is_not_there_is_refused(void)
{
    const struct dispatch_config config = admitting();
    struct dispatch *dispatch = case_create(&config, 1);
    const struct dispatch_class none = {0, 1, 1}, some = {1, 1, 1};
    CU_ASSERT_EQUAL(dispatch_set_class(dispatch, 0, &none), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_set_class(dispatch, CASE_CLASSES, &some), -EINVAL);
    dispatch_destroy(dispatch);
}

/* One worker, 3 ms each alone: of those due in 10 ms the fourth would be late behind three. */
static void who_would_be_late_behind_what_waits_is_refused(void)
{
    struct dispatch_config config = admitting();
    config.mode = DISPATCH_ALONE;
    struct dispatch *dispatch = case_create(&config, 1);
    CU_ASSERT_EQUAL(ask(dispatch, 0, 10 * CASE_MS), DISPATCH_QUEUED);
    case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(ask(dispatch, 1, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(ask(dispatch, 2, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_NOT_EQUAL(ask(dispatch, 3, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(ask(dispatch, 3, 13 * CASE_MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

/* It would be in time itself, before somebody who would not. */
static void who_would_make_others_late_is_refused(void)
{
    struct dispatch_config config = admitting();
    config.mode = DISPATCH_ALONE;
    struct dispatch *dispatch = case_create(&config, 1);
    CU_ASSERT_EQUAL(ask(dispatch, 0, 100 * CASE_MS), DISPATCH_QUEUED);
    case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(ask(dispatch, 1, 8 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_NOT_EQUAL(ask(dispatch, 2, 7 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(ask(dispatch, 2, 20 * CASE_MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

static void an_idle_server_takes_what_is_not_late_alone(void)
{
    const struct dispatch_config config = admitting();
    struct dispatch *dispatch = case_create(&config, 1);
    CU_ASSERT_EQUAL(ask(dispatch, 0, 3 * CASE_MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

static void no_class_can_fill_all_of_the_queue(void)
{
    struct dispatch_config config = admitting();
    config.max_queued = 16; /* a fourth is set aside, half of it for each */
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_request request = case_request(0, CASE_NOW);
    for (request.slot = 0; request.slot < 14; request.slot++)
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_FULL);
    dispatch_destroy(dispatch);
}

static void a_class_tells_its_wait_and_whether_it_is_open(void)
{
    struct dispatch_config config = admitting();
    config.mode = DISPATCH_ALONE;
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_class_load load;
    dispatch_measure_class(dispatch, 0, CASE_NOW, &load);
    CU_ASSERT_EQUAL(load.admit, DISPATCH_OPEN);
    CU_ASSERT_EQUAL(load.predicted_wait_ns, 0);
    case_submit(dispatch, 0, CASE_NOW, CASE_NOW + 100 * CASE_MS);
    case_run(dispatch, CASE_NOW, 1);
    case_submit(dispatch, 1, CASE_NOW, CASE_NOW + 100 * CASE_MS);
    dispatch_measure_class(dispatch, 0, CASE_NOW, &load);
    CU_ASSERT_EQUAL(load.queued, 1);
    CU_ASSERT_EQUAL(load.queued_ns, 3 * CASE_MS);
    CU_ASSERT_TRUE(load.predicted_wait_ns > 0);
    const struct dispatch_class closed = {1, 1, UINT64_MAX};
    dispatch_set_class(dispatch, 0, &closed);
    dispatch_measure_class(dispatch, 0, CASE_NOW, &load);
    CU_ASSERT_EQUAL(load.admit, DISPATCH_CLOSED);
    CU_ASSERT_TRUE(load.retry_after_ns > 0);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"the first reason that holds is told", the_first_reason_that_holds_is_told},
    {"a class without weight, or that is not there, is refused",
     a_class_without_weight_or_that_is_not_there_is_refused},
    {"who would be late behind what waits is refused",
     who_would_be_late_behind_what_waits_is_refused},
    {"who would make others late is refused", who_would_make_others_late_is_refused},
    {"an idle server takes what is not late alone", an_idle_server_takes_what_is_not_late_alone},
    {"no class can fill all of the queue", no_class_can_fill_all_of_the_queue},
    {"a class tells its wait, and whether it is open",
     a_class_tells_its_wait_and_whether_it_is_open},
    {NULL, NULL},
};
