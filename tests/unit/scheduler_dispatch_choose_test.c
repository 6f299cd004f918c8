/* The decision: which bucket goes next, when, where, and with how many rows. */
#include "tests/unit/dispatch_case.h"

static void a_lone_request_on_an_idle_server_starts_at_once(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 7, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(action.worker, 0);
    CU_ASSERT_EQUAL(action.model, 0);
    CU_ASSERT_EQUAL(action.from, 0);
    CU_ASSERT_EQUAL(action.to, 3);
    CU_ASSERT_EQUAL(action.rows[0].slot, 7);
    CU_ASSERT_EQUAL(action.rows[0].row, 0);
    case_nothing(dispatch, CASE_NOW);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), UINT64_MAX);
    CU_ASSERT_EQUAL(case_done(dispatch, &action, 3 * CASE_MS, CASE_NOW + 3 * CASE_MS), 1);
    dispatch_destroy(dispatch);
}

static void what_came_together_runs_together(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    for (uint32_t slot = 0; slot < 3; slot++)
        case_submit(dispatch, slot, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 3);
    CU_ASSERT_EQUAL(case_done(dispatch, &action, 6 * CASE_MS, CASE_NOW + 6 * CASE_MS), 3);
    dispatch_destroy(dispatch);
}

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

static void a_busy_worker_is_given_the_next_shortly_before_its_end(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action first = case_run(dispatch, CASE_NOW, 1);
    case_submit(dispatch, 1, CASE_NOW + 2 * CASE_MS, DISPATCH_NO_DEADLINE);
    const uint64_t commit_ns = CASE_NOW + 3 * CASE_MS - config.commit_ahead_ns;
    case_nothing(dispatch, CASE_NOW + 2 * CASE_MS);
    case_nothing(dispatch, commit_ns - 1);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), commit_ns);
    const struct dispatch_action second = case_run(dispatch, commit_ns, 1);
    CU_ASSERT_NOT_EQUAL(second.number, first.number);
    case_submit(dispatch, 2, commit_ns, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, CASE_NOW + 100 * CASE_MS); /* two are enough */
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), UINT64_MAX);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"a lone request on an idle server starts at once",
     a_lone_request_on_an_idle_server_starts_at_once},
    {"what came together runs together", what_came_together_runs_together},
    {"the most urgent go first, and no more than the batch takes",
     the_most_urgent_go_first_and_no_more_than_the_batch_takes},
    {"a busy worker is given the next shortly before its end",
     a_busy_worker_is_given_the_next_shortly_before_its_end},
    {NULL, NULL},
};
