/* A dispatcher's life, and its models. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static void impossible_configurations_are_refused(void)
{
    struct dispatch *dispatch;
    struct dispatch_config config = dispatch_config_default();
    CU_ASSERT_EQUAL(dispatch_create(&config, &dispatch), -EINVAL);
    CU_ASSERT_PTR_NULL(dispatch);
    config = case_config();
    config.max_workers = 0;
    CU_ASSERT_EQUAL(dispatch_create(&config, &dispatch), -EINVAL);
    config = case_config();
    config.classes = NULL;
    CU_ASSERT_EQUAL(dispatch_create(&config, &dispatch), -EINVAL);
    config = case_config();
    config.max_requests = UINT32_MAX;
    CU_ASSERT_EQUAL(dispatch_create(&config, &dispatch), -EINVAL);
    dispatch_destroy(NULL);
}

static void a_model_goes_when_nothing_of_it_is_queued_or_runs(void)
{
    static const uint64_t ns[] = {5, 0};
    static const bool has_rows[] = {true, true};
    const uint32_t one = 1;
    const struct dispatch_model facts = {2, 1, 1, &one, ns, has_rows};
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    CU_ASSERT_EQUAL(dispatch_add_model(dispatch, 0, &facts), -EEXIST);
    CU_ASSERT_EQUAL(dispatch_add_model(dispatch, CASE_MODELS, &facts), -EINVAL);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), -EBUSY);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), -EBUSY);
    dispatch_row_done(dispatch, 0, action.number, 0, 0, true, CASE_NOW);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), -EBUSY);
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, action.number, 0, CASE_NOW), 0);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), 0);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 0, 0, 1, 1), 0);
    CU_ASSERT_EQUAL(dispatch_add_model(dispatch, 0, &facts), 0);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 0, 0, 1, 1), 5);
    /* No worker has the new one. */
    struct dispatch_request request = case_request(0, CASE_NOW);
    request.to = 1;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    case_nothing(dispatch, CASE_NOW);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"impossible configurations are refused", impossible_configurations_are_refused},
    {"a model goes when nothing of it is queued or runs",
     a_model_goes_when_nothing_of_it_is_queued_or_runs},
    {NULL, NULL},
};
