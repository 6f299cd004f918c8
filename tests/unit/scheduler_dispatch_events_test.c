/* What happens to requests: verdicts, cancelling, rows that are done or missed, requeueing. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static enum dispatch_verdict submit(struct dispatch *dispatch, struct dispatch_request request)
{
    return dispatch_submit(dispatch, &request, request.arrived_ns);
}

static void what_names_no_model_or_cuts_or_rows_is_refused(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.model = CASE_MODELS;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_NO_MODEL);
    request = case_request(0, CASE_NOW);
    request.to = CASE_CUTS;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_NO_MODEL);
    request = case_request(0, CASE_NOW);
    request.from = request.to;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_NO_MODEL);
    request = case_request(0, CASE_NOW);
    request.rows = 0;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_NO_MODEL);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), 0);
    CU_ASSERT_EQUAL(submit(dispatch, case_request(0, CASE_NOW)), DISPATCH_NO_MODEL);
    dispatch_destroy(dispatch);
}

/* Alone it takes 3 ms. */
static void what_would_be_late_even_alone_is_refused_at_once(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.deadline_ns = CASE_NOW + 3 * CASE_MS - 1;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_LATE);
    request.deadline_ns = CASE_NOW - 1;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_LATE);
    request.deadline_ns = CASE_NOW + 3 * CASE_MS;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

/* It takes ten times as long as was said: first that is learned, then what is refused for it is
 * tried again now and then. */
static void a_correction_refuses_but_not_for_ever(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    for (uint32_t i = 0; i < 100; i++) {
        case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
        const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
        case_done(dispatch, &action, 30 * CASE_MS, CASE_NOW);
    }
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.deadline_ns = CASE_NOW + 15 * CASE_MS;
    uint32_t refused = 0;
    while (refused < 1000 && submit(dispatch, request) == DISPATCH_LATE)
        refused++;
    CU_ASSERT(refused > 10 && refused < 200);
    dispatch_destroy(dispatch);
}

static void a_class_and_all_together_queue_only_so_many(void)
{
    struct dispatch_config config = case_config();
    config.max_queued = 3;
    struct dispatch *dispatch = case_create(&config, 0);
    CU_ASSERT_EQUAL(dispatch_set_class_limit(dispatch, 1, 1), 0);
    CU_ASSERT_EQUAL(dispatch_set_class_limit(dispatch, CASE_CLASSES, 1), -EINVAL);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.class_index = 1;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_QUEUED);
    request.slot = 1;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_FULL);
    case_submit(dispatch, 1, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_submit(dispatch, 2, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(submit(dispatch, case_request(3, CASE_NOW)), DISPATCH_FULL);
    CU_ASSERT_EQUAL(dispatch_class_queued(dispatch, 0), 2);
    CU_ASSERT_EQUAL(dispatch_class_queued(dispatch, 1), 1);
    /* Who was in already comes in again. */
    request.slot = 3;
    dispatch_requeue(dispatch, &request, true, CASE_NOW);
    CU_ASSERT_EQUAL(dispatch_class_queued(dispatch, 1), 2);
    dispatch_destroy(dispatch);
}

static void a_cancelled_request_goes_at_once_or_with_the_rows_that_run(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.rows = 6; /* two dispatches */
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_QUEUED);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 4);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), -EBUSY);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), -EBUSY);
    CU_ASSERT_EQUAL(case_done(dispatch, &action, 0, CASE_NOW), 1);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), -ENOENT);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, UINT32_MAX), -ENOENT);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), 0);
    case_nothing(dispatch, CASE_NOW);
    dispatch_destroy(dispatch);
}

static void a_row_that_missed_waits_again(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.rows = 3;
    CU_ASSERT_EQUAL(submit(dispatch, request), DISPATCH_QUEUED);
    const struct dispatch_action first = case_run(dispatch, CASE_NOW, 3);
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, first.number, 0, 0, true, CASE_NOW));
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, first.number, 0, 1, false, CASE_NOW));
    case_nothing(dispatch, CASE_NOW);
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, first.number, 0, 2, true, CASE_NOW));
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, first.number, 0, CASE_NOW), 0);
    const struct dispatch_action second = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(second.worker, 0);
    CU_ASSERT_EQUAL(second.rows[0].row, 1);
    CU_ASSERT_EQUAL(case_done(dispatch, &second, 0, CASE_NOW), 1);
    dispatch_destroy(dispatch);
}

static void words_about_rows_that_do_not_run_say_nothing(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    const uint32_t number = action.number;
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 1, number, 0, 0, true, CASE_NOW));
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, number + 1, 0, 0, true, CASE_NOW));
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, number, 1, 0, true, CASE_NOW));
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, number, 0, 1, true, CASE_NOW));
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, UINT32_MAX, number, 0, 0, true, CASE_NOW));
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 1, number, 1, CASE_NOW), -ENOENT);
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, UINT32_MAX, number, 1, CASE_NOW), -ENOENT);
    CU_ASSERT_EQUAL(case_done(dispatch, &action, 1, CASE_NOW), 1);
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 0, number, 0, 0, true, CASE_NOW));
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, number, 1, CASE_NOW), -ENOENT);
    dispatch_destroy(dispatch);
}

static void rows_may_be_answered_after_their_dispatch_was_closed(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, action.number, 1, CASE_NOW), 0);
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, action.number, 1, CASE_NOW), -ENOENT);
    CU_ASSERT_TRUE(dispatch_row_done(dispatch, 0, action.number, 0, 0, true, CASE_NOW));
    dispatch_destroy(dispatch);
}

static void what_was_requeued_alone_runs_alone(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 3);
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.rows = 2;
    dispatch_requeue(dispatch, &request, true, CASE_NOW);
    case_submit(dispatch, 1, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_submit(dispatch, 2, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 2).rows[1].slot, 0);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 2).rows[1].slot, 2);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"what names no model, cuts or rows is refused",
     what_names_no_model_or_cuts_or_rows_is_refused},
    {"what would be late even alone is refused at once",
     what_would_be_late_even_alone_is_refused_at_once},
    {"a correction refuses, but not for ever", a_correction_refuses_but_not_for_ever},
    {"a class and all together queue only so many", a_class_and_all_together_queue_only_so_many},
    {"a cancelled request goes at once, or with the rows that run",
     a_cancelled_request_goes_at_once_or_with_the_rows_that_run},
    {"a row that missed waits again", a_row_that_missed_waits_again},
    {"words about rows that do not run say nothing", words_about_rows_that_do_not_run_say_nothing},
    {"rows may be answered after their dispatch was closed",
     rows_may_be_answered_after_their_dispatch_was_closed},
    {"what was requeued alone runs alone", what_was_requeued_alone_runs_alone},
    {NULL, NULL},
};
