/* Workers that come, go, and hold requests. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static void what_a_dead_worker_ran_is_forgotten_and_can_come_again(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    struct dispatch_request large = case_request(0, CASE_NOW);
    large.rows = 6;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &large, CASE_NOW), DISPATCH_QUEUED);
    const struct dispatch_action first = case_run(dispatch, CASE_NOW, 4);
    CU_ASSERT_EQUAL(case_done(dispatch, &first, 0, CASE_NOW), 0); /* its other rows wait there */
    dispatch_worker_gone(dispatch, first.worker);
    case_nothing(dispatch, CASE_NOW);
    struct dispatch_load load;
    dispatch_measure(dispatch, CASE_NOW, &load);
    CU_ASSERT_EQUAL(load.queued, 0);
    CU_ASSERT_EQUAL(load.running, 0);
    CU_ASSERT_EQUAL(load.workers, 1);
    dispatch_requeue(dispatch, &large, true, CASE_NOW);
    const struct dispatch_action second = case_run(dispatch, CASE_NOW, 4);
    CU_ASSERT_EQUAL(second.worker, 1);
    CU_ASSERT_EQUAL(second.rows[0].row, 0);
    dispatch_worker_gone(dispatch, 1);
    CU_ASSERT_FALSE(dispatch_row_done(dispatch, 1, second.number, 0, 0, true, CASE_NOW));
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 1, second.number, 0, CASE_NOW), -ENOENT);
    dispatch_worker_gone(dispatch, UINT32_MAX);
    CU_ASSERT_EQUAL(dispatch_remove_model(dispatch, 0), 0);
    dispatch_destroy(dispatch);
}

static void what_a_worker_without_the_model_began_goes_on_elsewhere(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    struct dispatch_request large = case_request(0, CASE_NOW);
    large.rows = 6;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &large, CASE_NOW), DISPATCH_QUEUED);
    const struct dispatch_action first = case_run(dispatch, CASE_NOW, 4);
    CU_ASSERT_EQUAL(first.worker, 0);
    CU_ASSERT_EQUAL(case_done(dispatch, &first, 0, CASE_NOW), 0);
    dispatch_worker_lost_model(dispatch, 0, 0);
    const struct dispatch_action second = case_run(dispatch, CASE_NOW, 2);
    CU_ASSERT_EQUAL(second.worker, 1);
    CU_ASSERT_EQUAL(second.rows[0].row, 4);
    CU_ASSERT_EQUAL(case_done(dispatch, &second, 0, CASE_NOW), 1);
    dispatch_destroy(dispatch);
}

static void nobody_is_given_work_who_takes_none(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 0);
    dispatch_worker_has(dispatch, CASE_WORKERS, 0);
    dispatch_worker_has(dispatch, 0, CASE_MODELS);
    dispatch_worker_lost_model(dispatch, 0, 0);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, CASE_NOW);
    dispatch_worker_has(dispatch, 0, 0);
    dispatch_worker_has(dispatch, 0, 0);
    dispatch_worker_lost_model(dispatch, 0, 0);
    case_nothing(dispatch, CASE_NOW);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"what a dead worker ran is forgotten, and can come again",
     what_a_dead_worker_ran_is_forgotten_and_can_come_again},
    {"what a worker without the model began goes on elsewhere",
     what_a_worker_without_the_model_began_goes_on_elsewhere},
    {"nobody is given work who takes none", nobody_is_given_work_who_takes_none},
    {NULL, NULL},
};
