/* Requests that are asked about before their tensors come. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static struct dispatch *begin(void)
{
    struct dispatch_config config = case_config();
    config.has_admission = true;
    config.mode = DISPATCH_ALONE;
    config.max_delay_ns = 0;
    return case_create(&config, 1);
}

/* One worker, 3 ms each alone. */
static struct dispatch_request wanted(uint32_t slot, uint64_t budget_ns)
{
    struct dispatch_request request = case_request(slot, CASE_NOW);
    request.deadline_ns = CASE_NOW + budget_ns;
    return request;
}

static enum dispatch_verdict expect(struct dispatch *dispatch, uint32_t slot, uint64_t budget_ns)
{
    const struct dispatch_request request = wanted(slot, budget_ns);
    return dispatch_expect(dispatch, &request, CASE_NOW);
}

static enum dispatch_verdict submit(struct dispatch *dispatch, uint32_t slot, uint64_t budget_ns,
                                    uint64_t now_ns)
{
    struct dispatch_request request = wanted(slot, budget_ns);
    request.arrived_ns = now_ns;
    return dispatch_submit(dispatch, &request, now_ns);
}

static uint32_t waiting(struct dispatch *dispatch)
{
    struct dispatch_load load;
    dispatch_measure(dispatch, CASE_NOW, &load);
    return load.queued + load.running;
}

/* What the worker has takes 3 ms, so of those due in 10 ms two more are in time. */
static void what_is_expected_leaves_no_room_for_others(void)
{
    struct dispatch *dispatch = begin();
    CU_ASSERT_EQUAL(submit(dispatch, 0, 10 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(expect(dispatch, 1, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(expect(dispatch, 2, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_NOT_EQUAL(expect(dispatch, 3, 10 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_NOT_EQUAL(submit(dispatch, 3, 10 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(waiting(dispatch), 1);
    CU_ASSERT_TRUE(dispatch_unexpect(dispatch, 2));
    CU_ASSERT_FALSE(dispatch_unexpect(dispatch, 2));
    CU_ASSERT_EQUAL(submit(dispatch, 3, 10 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

static void what_is_expected_is_given_to_no_worker_until_it_is_here(void)
{
    struct dispatch *dispatch = begin();
    struct dispatch_action action;
    CU_ASSERT_EQUAL(expect(dispatch, 0, 20 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_FALSE(dispatch_next(dispatch, CASE_NOW, &action));
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), -ENOENT);
    CU_ASSERT_EQUAL(submit(dispatch, 0, 20 * CASE_MS, CASE_NOW + CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_FALSE(dispatch_unexpect(dispatch, 0));
    case_run(dispatch, CASE_NOW + CASE_MS, 1);
    dispatch_destroy(dispatch);
}

/* In time 17 ms before its deadline and later is 2 ms before it, where it takes 3 alone. */
static void who_comes_too_late_is_refused_though_it_was_expected(void)
{
    struct dispatch *dispatch = begin();
    CU_ASSERT_EQUAL(expect(dispatch, 0, 20 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(submit(dispatch, 0, 20 * CASE_MS, CASE_NOW + 18 * CASE_MS), DISPATCH_LATE);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), 0);
    dispatch_destroy(dispatch);
}

/* It ends by itself, and is nobody's business any more. */
static void who_does_not_come_is_not_expected_for_ever(void)
{
    struct dispatch *dispatch = begin();
    struct dispatch_action action;
    CU_ASSERT_EQUAL(expect(dispatch, 0, 20 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), -EBUSY);
    CU_ASSERT_TRUE(dispatch_timeout_ns(dispatch) <= CASE_NOW + 18 * CASE_MS);
    CU_ASSERT_FALSE(dispatch_next(dispatch, CASE_NOW + 18 * CASE_MS, &action));
    CU_ASSERT_FALSE(dispatch_unexpect(dispatch, 0));
    CU_ASSERT_EQUAL(dispatch_timeout_ns(dispatch), UINT64_MAX);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), 0);
    dispatch_destroy(dispatch);
}

/* Where its way takes most of its time nobody knows what it will find: no room is kept. */
static void what_is_far_away_takes_nobodys_room(void)
{
    struct dispatch *dispatch = begin();
    CU_ASSERT_EQUAL(submit(dispatch, 0, 10 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    case_run(dispatch, CASE_NOW, 1);
    for (uint32_t slot = 1; slot < 4; slot++) {
        struct dispatch_request request = wanted(slot, 10 * CASE_MS);
        request.arrived_ns = slot < 3 ? CASE_NOW + 5 * CASE_MS : UINT64_MAX;
        request.client = slot;
        CU_ASSERT_EQUAL(dispatch_expect(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    CU_ASSERT_EQUAL(submit(dispatch, 4, 10 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

/* In a full batch of four a row takes 7.5 / 4 ms: 20 of them one worker's time, and a quarter, of
 * 30 ms. */
static void no_more_are_on_their_way_than_can_be_done_meanwhile(void)
{
    struct dispatch *dispatch = begin();
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < 30; slot++) {
        struct dispatch_request request = wanted(slot, 60 * CASE_MS);
        request.arrived_ns = CASE_NOW + 30 * CASE_MS;
        request.client = slot;
        const enum dispatch_verdict verdict = dispatch_expect(dispatch, &request, CASE_NOW);
        CU_ASSERT_EQUAL(verdict, slot < 20 ? DISPATCH_QUEUED : DISPATCH_FULL);
        count += verdict == DISPATCH_QUEUED;
    }
    CU_ASSERT_EQUAL(count, 20);
    CU_ASSERT_TRUE(dispatch_unexpect(dispatch, 3));
    struct dispatch_request request = wanted(40, 60 * CASE_MS);
    request.client = 40;
    request.arrived_ns = CASE_NOW + 30 * CASE_MS;
    CU_ASSERT_EQUAL(dispatch_expect(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

/* Of a class whose queue holds two: what is on its way has its place there. */
static void what_is_expected_has_its_place_in_the_queue(void)
{
    const struct dispatch_class two = {1, 2, UINT64_MAX};
    struct dispatch *dispatch = begin();
    CU_ASSERT_EQUAL(dispatch_set_class(dispatch, 0, &two), 0);
    CU_ASSERT_EQUAL(expect(dispatch, 0, 1000 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(expect(dispatch, 1, 1000 * CASE_MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(expect(dispatch, 2, 1000 * CASE_MS), DISPATCH_FULL);
    CU_ASSERT_EQUAL(submit(dispatch, 2, 1000 * CASE_MS, CASE_NOW), DISPATCH_FULL);
    CU_ASSERT_EQUAL(submit(dispatch, 0, 1000 * CASE_MS, CASE_NOW), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(expect(dispatch, 2, 1000 * CASE_MS), DISPATCH_FULL);
    CU_ASSERT_TRUE(dispatch_unexpect(dispatch, 1));
    CU_ASSERT_EQUAL(expect(dispatch, 2, 1000 * CASE_MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"what is expected leaves no room for others", what_is_expected_leaves_no_room_for_others},
    {"what is expected is given to no worker until it is here",
     what_is_expected_is_given_to_no_worker_until_it_is_here},
    {"who comes too late is refused, though it was expected",
     who_comes_too_late_is_refused_though_it_was_expected},
    {"who does not come is not expected for ever", who_does_not_come_is_not_expected_for_ever},
    {"what is far away takes nobody's room", what_is_far_away_takes_nobodys_room},
    {"no more are on their way than can be done meanwhile",
     no_more_are_on_their_way_than_can_be_done_meanwhile},
    {"what is expected has its place in the queue", what_is_expected_has_its_place_in_the_queue},
    {NULL, NULL},
};
