/* Tests of scheduler/dispatch/trial.c: what a request may cost, with and without overload. */
#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/cunit_main.h"

#define MS UINT64_C(1000000)
#define NOW (1000 * MS)

enum { REQUESTS = 256, CUTS = 3 };

/* The whole takes a hundred times as long as the end, and rows together as long as one by one. */
static struct dispatch *make(void)
{
    static const struct dispatch_class class = {1, REQUESTS, UINT64_MAX};
    static const uint32_t sizes[] = {1, 2};
    static const uint64_t ns[] = {100 * MS, MS, 0, 200 * MS, 2 * MS, 0};
    static const bool has_rows[CUTS] = {true, true, true};
    const struct dispatch_model facts = {.cut_count = CUTS,
                                         .max_batch = 2,
                                         .size_count = 2,
                                         .sizes = sizes,
                                         .remaining_ns = ns,
                                         .has_rows = has_rows};
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = config.max_queued = REQUESTS;
    config.max_workers = config.max_models = config.class_count = 1;
    config.classes = &class;
    struct dispatch *dispatch;
    CU_ASSERT_EQUAL_FATAL(dispatch_create(&config, &dispatch), 0);
    CU_ASSERT_EQUAL_FATAL(dispatch_add_model(dispatch, 0, &facts), 0);
    dispatch_worker_has(dispatch, 0, 0);
    return dispatch;
}

static enum dispatch_verdict submit_at(struct dispatch *dispatch, uint32_t slot, uint16_t from,
                                       uint64_t now_ns, uint64_t budget_ns)
{
    const struct dispatch_request request = {.slot = slot,
                                             .from = from,
                                             .to = CUTS - 1,
                                             .rows = 1,
                                             .client = slot,
                                             .arrived_ns = now_ns,
                                             .deadline_ns = now_ns + budget_ns};
    return dispatch_submit(dispatch, &request, now_ns);
}

static enum dispatch_verdict submit(struct dispatch *dispatch, uint32_t slot, uint16_t from,
                                    uint64_t budget_ns)
{
    return submit_at(dispatch, slot, from, NOW, budget_ns);
}

/* What is cheap comes often, so the mean is low; yet there is time for all. */
static void without_overload_nothing_is_too_dear(void)
{
    struct dispatch *dispatch = make();
    for (uint32_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(submit(dispatch, i, 1, 8000 * MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(submit(dispatch, 20, 0, 8000 * MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

static void under_overload_who_costs_much_more_is_refused(void)
{
    struct dispatch *dispatch = make();
    uint32_t slot = 0, refused = 0;
    for (; slot < 200 && refused < 30; slot++)
        refused += submit(dispatch, slot, 1, 6 * MS) == DISPATCH_LATE;
    CU_ASSERT_EQUAL(refused, 30);
    CU_ASSERT_EQUAL(submit(dispatch, slot, 0, 800 * MS), DISPATCH_LATE);
    CU_ASSERT_EQUAL(submit(dispatch, slot, 0, 8000 * MS), DISPATCH_QUEUED); /* it can wait */
    dispatch_destroy(dispatch);
}

/* The worker runs on for longer than was predicted, so that who waits for it will be late. */
static void nobody_is_refused_for_one_that_is_late_already(void)
{
    struct dispatch *dispatch = make();
    struct dispatch_action action;
    CU_ASSERT_EQUAL(submit(dispatch, 0, 0, 900 * MS), DISPATCH_QUEUED);
    CU_ASSERT_TRUE(dispatch_next(dispatch, NOW, &action));
    CU_ASSERT_EQUAL(submit(dispatch, 1, 0, 250 * MS), DISPATCH_QUEUED);
    CU_ASSERT_EQUAL(submit_at(dispatch, 2, 1, NOW + 200 * MS, 900 * MS), DISPATCH_QUEUED);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"without overload nothing is too dear", without_overload_nothing_is_too_dear},
    {"under overload, who costs much more is refused",
     under_overload_who_costs_much_more_is_refused},
    {"nobody is refused for one that is late already",
     nobody_is_refused_for_one_that_is_late_already},
    {NULL, NULL},
};
