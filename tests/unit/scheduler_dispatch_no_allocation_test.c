/* A dispatcher that runs allocates nothing: counts calls into the C library's allocator. */
#include "tests/unit/counted_allocator.h"
#include "tests/unit/dispatch_case.h"
#include "tests/unit/shm_random.h"

#include <errno.h>

/* Requests of all kinds in all slots; what they become does not matter here. */
static void submit_some(struct dispatch *dispatch, struct shm_random *random, uint64_t now_ns)
{
    for (uint32_t slot = 0; slot < CASE_REQUESTS; slot++) {
        if (shm_random_below(random, 4) || dispatch_cancel(dispatch, slot) == -EBUSY)
            continue;
        struct dispatch_request request = case_request(slot, now_ns);
        request.model = (uint16_t)shm_random_below(random, CASE_MODELS);
        request.from = (uint16_t)shm_random_below(random, CASE_CUTS - 1);
        request.rows = (uint16_t)(1 + shm_random_below(random, 9));
        if (shm_random_below(random, 2))
            request.deadline_ns = now_ns + shm_random_below(random, 200) * CASE_MS;
        if (shm_random_below(random, 8))
            dispatch_submit(dispatch, &request, now_ns);
        else
            dispatch_requeue(dispatch, &request, true, now_ns);
    }
}

static void a_dispatcher_that_runs_allocates_nothing(void)
{
    struct shm_random random = shm_random_start();
    const struct dispatch_config config = case_config();
    unsigned long before = counted_allocator_calls();
    struct dispatch *dispatch = case_create(&config, CASE_WORKERS);
    CU_ASSERT(counted_allocator_calls() > before); /* the counter counts */
    before = counted_allocator_calls();
    uint32_t runs = 0;
    struct dispatch_action action;
    for (uint64_t now_ns = CASE_NOW; now_ns < CASE_NOW + 5000 * CASE_MS; now_ns += 5 * CASE_MS) {
        submit_some(dispatch, &random, now_ns);
        while (dispatch_next(dispatch, now_ns, &action)) {
            if (action.kind != DISPATCH_RUN)
                continue;
            runs++;
            for (uint32_t i = 0; i < action.row_count; i++)
                dispatch_row_done(dispatch, action.worker, action.number, action.rows[i].slot,
                                  action.rows[i].row, shm_random_below(&random, 10), now_ns);
            dispatch_run_done(dispatch, action.worker, action.number, CASE_MS, now_ns);
        }
        dispatch_timeout_ns(dispatch);
        struct dispatch_load load;
        dispatch_measure(dispatch, now_ns, &load);
        if (shm_random_below(&random, 100) == 0)
            dispatch_worker_gone(dispatch, 1);
        for (uint32_t model = 0; model < CASE_MODELS; model++)
            dispatch_worker_has(dispatch, 1, model);
    }
    CU_ASSERT_EQUAL(counted_allocator_calls(), before);
    CU_ASSERT(runs > 1000);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"a dispatcher that runs allocates nothing", a_dispatcher_that_runs_allocates_nothing},
    {NULL, NULL},
};
