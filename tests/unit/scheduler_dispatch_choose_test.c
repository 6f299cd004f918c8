/* The decision: which bucket goes next, when and where. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

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

static void the_earliest_deadline_of_all_buckets_goes_first(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    for (uint32_t i = 0; i < 6; i++) {
        struct dispatch_request request = case_request(i, CASE_NOW);
        request.model = i % 2;
        request.from = (uint16_t)(i / 2);
        request.deadline_ns = CASE_NOW + (200 + (i * 5 + 2) % 6) * CASE_MS; /* 2 1 0 5 4 3 */
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    static const uint32_t expected[] = {2, 1, 0, 5, 4, 3};
    for (uint32_t i = 0; i < 6; i++) {
        const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
        CU_ASSERT_EQUAL(action.rows[0].slot, expected[i]);
        case_done(dispatch, &action, 0, CASE_NOW);
    }
    dispatch_destroy(dispatch);
}

static void the_worker_is_idle_then_done_first_then_of_the_fewest_models(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    dispatch_worker_has(dispatch, 2, 0);
    static const uint32_t expected[] = {2, 0, 1};
    for (uint32_t i = 0; i < 3; i++) {
        case_submit(dispatch, i, CASE_NOW + i * 100000, DISPATCH_NO_DEADLINE);
        dispatch_set_delay(dispatch, 0);
        CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW + i * 100000, 1).worker, expected[i]);
    }
    /* All end within commit_ahead_ns after this. */
    case_submit(dispatch, 3, CASE_NOW + 3 * CASE_MS, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW + 3 * CASE_MS, 1).worker, 2);
    dispatch_destroy(dispatch);
}

static void a_worker_runs_only_models_that_it_has(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 0);
    dispatch_worker_has(dispatch, 0, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, CASE_NOW);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), UINT64_MAX);
    dispatch_worker_has(dispatch, 1, 0);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).worker, 1);
    dispatch_destroy(dispatch);
}

static void what_can_not_be_in_time_any_more_is_dropped_when_that_is_so(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 0);
    case_submit(dispatch, 9, CASE_NOW, CASE_NOW + 5 * CASE_MS); /* takes 3 */
    const uint64_t late_ns = CASE_NOW + 2 * CASE_MS + 1;
    case_nothing(dispatch, late_ns - 1);
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), late_ns);
    struct dispatch_action action;
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, late_ns, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_DROP);
    CU_ASSERT_EQUAL(action.slot, 9);
    case_nothing(dispatch, late_ns);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 9), -ENOENT);
    dispatch_destroy(dispatch);
}

/* About twice of what the worker can do comes with 20 ms to live, for one second. */
static void what_has_no_deadline_does_not_starve_under_overload(void)
{
    struct dispatch_config config = case_config();
    config.patience_ns = 100 * CASE_MS;
    struct dispatch *dispatch = case_create(&config, 1);
    struct dispatch_request patient = case_request(0, CASE_NOW);
    patient.from = 1;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &patient, CASE_NOW), DISPATCH_QUEUED);
    uint64_t ran_ns = 0;
    struct dispatch_action action, running = {.row_count = 0};
    uint64_t ends_ns = UINT64_MAX;
    uint32_t slot = 0, lateness = 0;
    for (uint64_t now_ns = CASE_NOW; now_ns < CASE_NOW + 1000 * CASE_MS; now_ns += CASE_MS) {
        if (ends_ns <= now_ns) {
            case_done(dispatch, &running, 0, now_ns);
            ends_ns = UINT64_MAX;
        }
        slot = slot % (CASE_REQUESTS - 1) + 1;
        struct dispatch_request urgent = case_request(slot, now_ns);
        urgent.deadline_ns = now_ns + 20 * CASE_MS;
        if (dispatch_cancel(dispatch, slot) != -EBUSY)
            lateness += dispatch_submit(dispatch, &urgent, now_ns) == DISPATCH_LATE;
        while (dispatch_next(dispatch, now_ns, &action)) {
            if (action.kind != DISPATCH_RUN)
                continue;
            running = action;
            ends_ns = now_ns + dispatch_predict_ns(dispatch, 0, action.from, 3, action.row_count);
            if (action.from == 1 && !ran_ns)
                ran_ns = now_ns;
        }
    }
    CU_ASSERT_EQUAL(lateness, 0);
    CU_ASSERT(ran_ns > CASE_NOW + 50 * CASE_MS); /* the urgent went before it */
    CU_ASSERT(ran_ns < CASE_NOW + 110 * CASE_MS);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"a lone request on an idle server starts at once",
     a_lone_request_on_an_idle_server_starts_at_once},
    {"what came together runs together", what_came_together_runs_together},
    {"a busy worker is given the next shortly before its end",
     a_busy_worker_is_given_the_next_shortly_before_its_end},
    {"the earliest deadline of all buckets goes first",
     the_earliest_deadline_of_all_buckets_goes_first},
    {"the worker is idle, then done first, then of the fewest models",
     the_worker_is_idle_then_done_first_then_of_the_fewest_models},
    {"a worker runs only models that it has", a_worker_runs_only_models_that_it_has},
    {"what can not be in time any more is dropped when that is so",
     what_can_not_be_in_time_any_more_is_dropped_when_that_is_so},
    {"what has no deadline does not starve under overload",
     what_has_no_deadline_does_not_starve_under_overload},
    {NULL, NULL},
};
