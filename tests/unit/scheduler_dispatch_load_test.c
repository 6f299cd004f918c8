/* How loaded a dispatcher is, by hand. */
#include "tests/unit/dispatch_case.h"

static struct dispatch_load measure(const struct dispatch *dispatch, uint64_t now_ns)
{
    struct dispatch_load load;
    dispatch_measure(dispatch, now_ns, &load);
    return load;
}

static void without_work_there_is_no_wait(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    const struct dispatch_load load = measure(dispatch, CASE_NOW);
    CU_ASSERT_EQUAL(load.predicted_wait_ns, 0);
    CU_ASSERT_EQUAL(load.oldest_arrived_ns, UINT64_MAX);
    CU_ASSERT_EQUAL(load.queued, 0);
    CU_ASSERT_EQUAL(load.running, 0);
    CU_ASSERT_EQUAL(load.busy_ns, 0);
    CU_ASSERT_EQUAL(load.workers, 2);
    dispatch_destroy(dispatch);
}

/* 3 ms on the first, 4.5 on the second: the next could begin after 3, a millisecond later after 2.
 */
static void the_wait_is_that_for_the_first_worker_to_be_done(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 2);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).predicted_wait_ns, 0);
    case_submit(dispatch, 1, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_submit(dispatch, 2, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 2);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).predicted_wait_ns, 3 * CASE_MS);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW + CASE_MS).predicted_wait_ns, 2 * CASE_MS);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW + 9 * CASE_MS).predicted_wait_ns, 0);
    dispatch_destroy(dispatch);
}

/* Five rows queue behind 3 ms on one worker: a batch of four takes 7.5 ms, one row 3. */
static void what_is_queued_counts_as_it_would_be_batched(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 1);
    for (uint32_t slot = 1; slot < 6; slot++)
        case_submit(dispatch, slot, CASE_NOW + 1, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).predicted_wait_ns, 13500000);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).queued, 5);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).running, 1);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).oldest_arrived_ns, CASE_NOW + 1);
    for (uint32_t slot = 1; slot < 6; slot++)
        CU_ASSERT_EQUAL(dispatch_cancel(dispatch, slot), 0);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).predicted_wait_ns, 3 * CASE_MS);
    dispatch_destroy(dispatch);
}

/* One is busy for 7.5 ms, two for 3: 4.5 ms of queued work is done by these two, at 5.25 ms. */
static void queued_work_goes_to_those_that_are_done_first(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 3);
    for (uint32_t slot = 0; slot < 4; slot++)
        case_submit(dispatch, slot, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 4);
    for (uint32_t slot = 4; slot < 6; slot++) {
        case_submit(dispatch, slot, CASE_NOW, DISPATCH_NO_DEADLINE);
        case_run(dispatch, CASE_NOW, 1);
    }
    for (uint32_t slot = 6; slot < 8; slot++)
        case_submit(dispatch, slot, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW).predicted_wait_ns, 5250000);
    dispatch_destroy(dispatch);
}

static void busy_time_goes_on_while_a_worker_runs(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW + CASE_MS).busy_ns, CASE_MS);
    case_done(dispatch, &action, 2 * CASE_MS, CASE_NOW + 2 * CASE_MS);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW + 5 * CASE_MS).busy_ns, 2 * CASE_MS);
    case_submit(dispatch, 0, CASE_NOW + 5 * CASE_MS, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW + 5 * CASE_MS, 1);
    case_nothing(dispatch, CASE_NOW + 6 * CASE_MS);
    dispatch_worker_gone(dispatch, 0);
    CU_ASSERT_EQUAL(measure(dispatch, CASE_NOW + 9 * CASE_MS).busy_ns, 3 * CASE_MS);
    dispatch_destroy(dispatch);
}

/* After one measurement of twice as long. */
static void predictions_follow_what_is_measured(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 0, 1, 3, 3), 2 * CASE_MS + 2 * CASE_MS);
    case_submit(dispatch, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 1);
    case_done(dispatch, &action, 6 * CASE_MS, CASE_NOW + 6 * CASE_MS);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 0, 1, 3, 3), 8 * CASE_MS);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 1, 1, 3, 3), 3 * 2 * CASE_MS); /* no rows at 1 */
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 0, 3, 3, 1), 0);
    CU_ASSERT_EQUAL(dispatch_predict_ns(dispatch, 2, 0, 3, 1), 0);
    dispatch_destroy(dispatch);
}

static void what_waits_is_counted_at_each_cut(void)
{
    const struct dispatch_config config = case_config();
    struct dispatch *dispatch = case_create(&config, 1);
    static const uint16_t from[] = {0, 0, 2, 1, 2, 2};
    static const uint16_t to[] = {3, 2, 3, 3, 3, 3};
    uint32_t queued[CASE_CUTS];
    dispatch_measure_cuts(dispatch, 0, queued, CASE_CUTS);
    for (uint32_t cut = 0; cut < CASE_CUTS; cut++)
        CU_ASSERT_EQUAL(queued[cut], 0);
    case_submit(dispatch, 10, CASE_NOW, DISPATCH_NO_DEADLINE);
    case_run(dispatch, CASE_NOW, 1); /* runs, and does not wait */
    for (uint32_t i = 0; i < 6; i++) {
        const struct dispatch_request request = {.slot = i,
                                                 .model = i == 5 ? 1 : 0,
                                                 .from = from[i],
                                                 .to = to[i],
                                                 .rows = 1,
                                                 .arrived_ns = CASE_NOW,
                                                 .deadline_ns = DISPATCH_NO_DEADLINE};
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    static const uint32_t expected[2][CASE_CUTS] = {{2, 1, 2, 0}, {0, 0, 1, 0}};
    for (uint32_t model = 0; model < 2; model++) {
        dispatch_measure_cuts(dispatch, model, queued, CASE_CUTS);
        for (uint32_t cut = 0; cut < CASE_CUTS; cut++)
            CU_ASSERT_EQUAL(queued[cut], expected[model][cut]);
    }
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 0), 0);
    dispatch_measure_cuts(dispatch, 0, queued, CASE_CUTS);
    CU_ASSERT_EQUAL(queued[0], 1);
    dispatch_measure_cuts(dispatch, 7, queued, CASE_CUTS);
    CU_ASSERT_EQUAL(queued[0], 0);
    dispatch_destroy(dispatch);
}

static void submit_from(struct dispatch *dispatch, uint32_t slot, uint16_t from, uint64_t now_ns)
{
    struct dispatch_request request = case_request(slot, now_ns);
    request.from = from;
    request.deadline_ns = CASE_NOW + 100 * CASE_MS;
    CU_ASSERT_EQUAL_FATAL(dispatch_submit(dispatch, &request, now_ns), DISPATCH_QUEUED);
}

/* A row is half through its first layer of three, of 1 ms each: it comes to cut 2 in 1.5 ms. Its
 * last one takes 1.5 ms for two rows, so the next path begins in 3. */
static void a_wait_ends_when_the_path_comes_to_the_cut(void)
{
    struct dispatch_config config = case_config();
    config.mode = DISPATCH_ACROSS;
    config.has_admission = true;
    struct dispatch *dispatch = case_create(&config, 1);
    submit_from(dispatch, 0, 0, CASE_NOW);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    CU_ASSERT_EQUAL(dispatch_predicted_wait_ns(dispatch, 0), 0);
    CU_ASSERT_EQUAL(
        dispatch_segment(dispatch, run.worker, run.number, 0, 1, 1, CASE_NOW, 0, CASE_NOW), 0);
    const uint64_t now_ns = CASE_NOW + CASE_MS / 2;
    submit_from(dispatch, 1, 2, now_ns);
    CU_ASSERT_EQUAL(dispatch_predicted_wait_ns(dispatch, 1), 1500000);
    struct dispatch_action join;
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, now_ns, &join));
    CU_ASSERT_EQUAL(join.kind, DISPATCH_JOIN);
    submit_from(dispatch, 2, 0, now_ns);
    CU_ASSERT_EQUAL(dispatch_predicted_wait_ns(dispatch, 2), 3 * CASE_MS);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"without work there is no wait", without_work_there_is_no_wait},
    {"the wait is that for the first worker to be done",
     the_wait_is_that_for_the_first_worker_to_be_done},
    {"what is queued counts as it would be batched", what_is_queued_counts_as_it_would_be_batched},
    {"queued work goes to those that are done first",
     queued_work_goes_to_those_that_are_done_first},
    {"busy time goes on while a worker runs", busy_time_goes_on_while_a_worker_runs},
    {"what waits is counted at each cut", what_waits_is_counted_at_each_cut},
    {"predictions follow what is measured", predictions_follow_what_is_measured},
    {"a wait ends when the path comes to the cut", a_wait_ends_when_the_path_comes_to_the_cut},
    {NULL, NULL},
};
