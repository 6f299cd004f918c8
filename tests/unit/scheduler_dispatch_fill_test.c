/* A dispatch is put together: how many rows, of which requests. */
#include "tests/unit/dispatch_case.h"

static void the_most_urgent_go_first_and_no_more_than_the_batch_takes(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    for (uint32_t slot = 0; slot < 6; slot++)
        case_submit(dispatch, slot, CASE_NOW, CASE_NOW + (100 - slot) * CASE_MS);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 4);
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(action.rows[i].slot, 5 - i);
    case_nothing(dispatch, CASE_NOW);
    dispatch_destroy(dispatch);
}

/* Three rows take 6 ms and four 7.5. */
static void a_batch_grows_only_as_far_as_all_stay_in_time(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, CASE_NOW + 7 * CASE_MS);
    for (uint32_t slot = 1; slot < 4; slot++)
        case_submit(dispatch, slot, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    case_run(dispatch, CASE_NOW, 3);
    dispatch_destroy(dispatch);
}

static void a_request_of_several_rows_is_not_divided(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct dispatch_request request = case_request(slot, CASE_NOW);
        request.rows = 3;
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 3);
    for (uint16_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(action.rows[i].slot, 0);
        CU_ASSERT_EQUAL(action.rows[i].row, i);
    }
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 3).rows[0].slot, 1);
    dispatch_destroy(dispatch);
}

static void more_rows_than_a_batch_go_one_after_the_other_on_one_worker(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 3);
    struct dispatch_request request = case_request(5, CASE_NOW);
    request.rows = 10;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    uint16_t next = 0;
    for (uint32_t i = 0; i < 3; i++) {
        const struct dispatch_action action = case_run(dispatch, CASE_NOW, i < 2 ? 4 : 2);
        CU_ASSERT_EQUAL(action.worker, 0);
        case_nothing(dispatch, CASE_NOW);
        for (uint32_t k = 0; k < action.row_count; k++)
            CU_ASSERT_EQUAL(action.rows[k].row, next++);
        CU_ASSERT_EQUAL(case_done(dispatch, &action, 0, CASE_NOW), i == 2);
    }
    dispatch_destroy(dispatch);
}

/* Model 1 has no rows at cut 1. */
static void where_rows_can_not_be_told_apart_a_batch_is_one_row(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct dispatch_request request = case_request(slot, CASE_NOW);
        request.model = 1;
        request.from = 1;
        request.rows = (uint16_t)(slot + 1);
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    for (uint32_t i = 0; i < 3; i++) {
        const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
        CU_ASSERT_EQUAL(case_done(dispatch, &action, 0, CASE_NOW), i != 1);
    }
    case_nothing(dispatch, CASE_NOW);
    dispatch_destroy(dispatch);
}

static void expect_drop(struct dispatch *dispatch, uint64_t now_ns, uint32_t slot)
{
    struct dispatch_action action;
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, now_ns, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_DROP);
    CU_ASSERT_EQUAL(action.slot, slot);
}

/* The first alone takes 3 ms, after which the four others (7.5 ms) would be late by half of one. */
static void who_cuts_a_batch_short_to_the_harm_of_the_rest_is_given_up(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, CASE_NOW + 4 * CASE_MS);
    for (uint32_t slot = 1; slot < 5; slot++)
        case_submit(dispatch, slot, CASE_NOW, CASE_NOW + 10 * CASE_MS);
    expect_drop(dispatch, CASE_NOW, 0);
    case_run(dispatch, CASE_NOW, 4);
    dispatch_destroy(dispatch);
}

static void who_harms_nobody_is_not_given_up(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, CASE_NOW + 4 * CASE_MS);
    for (uint32_t slot = 1; slot < 5; slot++)
        case_submit(dispatch, slot, CASE_NOW, CASE_NOW + 11 * CASE_MS);
    case_run(dispatch, CASE_NOW, 1);
    case_run(dispatch, CASE_NOW + 3 * CASE_MS, 4);
    dispatch_destroy(dispatch);
}

static void another_worker_that_is_free_takes_the_rest(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    case_submit(dispatch, 0, CASE_NOW, CASE_NOW + 4 * CASE_MS);
    for (uint32_t slot = 1; slot < 5; slot++)
        case_submit(dispatch, slot, CASE_NOW, CASE_NOW + 10 * CASE_MS);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).worker, 0);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 4).worker, 1);
    dispatch_destroy(dispatch);
}

/* The worker is free in 0.2 ms; the request has 0.1 ms more than it takes. */
static void who_would_begin_too_late_is_not_begun(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 1);
    const uint64_t commit_ns = CASE_NOW + 3 * CASE_MS - config.commit_ahead_ns;
    case_submit(dispatch, 1, commit_ns, commit_ns + 3 * CASE_MS + 100000);
    expect_drop(dispatch, commit_ns, 1);
    case_nothing(dispatch, commit_ns);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"the most urgent go first, and no more than the batch takes",
     the_most_urgent_go_first_and_no_more_than_the_batch_takes},
    {"a batch grows only as far as all stay in time",
     a_batch_grows_only_as_far_as_all_stay_in_time},
    {"a request of several rows is not divided", a_request_of_several_rows_is_not_divided},
    {"more rows than a batch go one after the other, on one worker",
     more_rows_than_a_batch_go_one_after_the_other_on_one_worker},
    {"where rows can not be told apart a batch is one row",
     where_rows_can_not_be_told_apart_a_batch_is_one_row},
    {"who cuts a batch short to the harm of the rest is given up",
     who_cuts_a_batch_short_to_the_harm_of_the_rest_is_given_up},
    {"who harms nobody is not given up", who_harms_nobody_is_not_given_up},
    {"another worker that is free takes the rest", another_worker_that_is_free_takes_the_rest},
    {"who would begin too late is not begun", who_would_begin_too_late_is_not_begun},
    {NULL, NULL},
};
