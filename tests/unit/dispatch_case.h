/* A small dispatcher for tests: two models of four cuts, whose every row computes 1 ms for each
 * layer alone and half of that for each further row of a batch of four. */
#ifndef TESTS_UNIT_DISPATCH_CASE_H
#define TESTS_UNIT_DISPATCH_CASE_H

#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/cunit_main.h"

enum {
    CASE_CLASSES = 2,
    CASE_CUTS = 4,
    CASE_MODELS = 2,
    CASE_REQUESTS = 64,
    CASE_WORKERS = 3,
};

#define CASE_MS UINT64_C(1000000)
#define CASE_NOW (1000 * CASE_MS)

static inline struct dispatch_config case_config(void)
{
    static const struct dispatch_class classes[CASE_CLASSES] = {{1, CASE_REQUESTS, UINT64_MAX},
                                                                {1, CASE_REQUESTS, UINT64_MAX}};
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = config.max_queued = CASE_REQUESTS;
    config.max_workers = CASE_WORKERS;
    config.max_models = CASE_MODELS;
    config.class_count = CASE_CLASSES;
    config.classes = classes;
    config.has_admission = false;
    config.mode = DISPATCH_PER_CUT;
    return config;
}

/* Cut 1 of model 1 has no rows. */
static inline void case_add_models(struct dispatch *dispatch)
{
    static const uint32_t sizes[] = {1, 4};
    static const uint64_t ns[] = {3 * CASE_MS, 2 * CASE_MS, CASE_MS, 0, /* one */
                                  7500000,     5000000,     2500000, 0};
    static const bool has_rows[CASE_MODELS][CASE_CUTS] = {{true, true, true, true},
                                                          {true, false, true, true}};
    for (uint32_t i = 0; i < CASE_MODELS; i++) {
        const struct dispatch_model facts = {.cut_count = CASE_CUTS,
                                             .max_batch = 4,
                                             .size_count = 2,
                                             .sizes = sizes,
                                             .remaining_ns = ns,
                                             .has_rows = has_rows[i]};
        CU_ASSERT_EQUAL_FATAL(dispatch_add_model(dispatch, i, &facts), 0);
    }
}

/* With both models, and so many workers that have both. */
static inline struct dispatch *case_create(const struct dispatch_config *config, uint32_t workers)
{
    struct dispatch *dispatch;
    CU_ASSERT_EQUAL_FATAL(dispatch_create(config, &dispatch), 0);
    case_add_models(dispatch);
    for (uint32_t i = 0; i < workers; i++)
        for (uint32_t model = 0; model < CASE_MODELS; model++)
            dispatch_worker_has(dispatch, i, model);
    return dispatch;
}

/* One row of model 0 over all layers, without a deadline, arriving now. */
static inline struct dispatch_request case_request(uint32_t slot, uint64_t now_ns)
{
    return (struct dispatch_request){.slot = slot,
                                     .to = CASE_CUTS - 1,
                                     .rows = 1,
                                     .arrived_ns = now_ns,
                                     .deadline_ns = DISPATCH_NO_DEADLINE};
}

/* One that is due at a time. */
static inline void case_submit(struct dispatch *dispatch, uint32_t slot, uint64_t now_ns,
                               uint64_t deadline_ns)
{
    struct dispatch_request request = case_request(slot, now_ns);
    request.deadline_ns = deadline_ns;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, now_ns), DISPATCH_QUEUED);
}

/* The next action, which is to be a dispatch of so many rows. */
static inline struct dispatch_action case_run(struct dispatch *dispatch, uint64_t now_ns,
                                              uint32_t row_count)
{
    struct dispatch_action action = {.row_count = 0};
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, now_ns, &action));
    CU_ASSERT_EQUAL_FATAL(action.kind, DISPATCH_RUN);
    CU_ASSERT_EQUAL(action.row_count, row_count);
    return action;
}

/* Nothing is to be done now. */
static inline void case_nothing(struct dispatch *dispatch, uint64_t now_ns)
{
    struct dispatch_action action;
    CU_ASSERT_FALSE(dispatch_next(dispatch, now_ns, &action));
}

/* All rows of a dispatch were run, in so long. Requests that are over with that. */
static inline uint32_t case_done(struct dispatch *dispatch, const struct dispatch_action *action,
                                 uint64_t compute_ns, uint64_t now_ns)
{
    uint32_t over = 0;
    if (compute_ns)
        CU_ASSERT_EQUAL(dispatch_segment(dispatch, action->worker, action->number, action->from,
                                         action->to, action->row_count, now_ns - compute_ns, now_ns,
                                         now_ns),
                        0);
    for (uint32_t i = 0; i < action->row_count; i++)
        over += dispatch_row_done(dispatch, action->worker, action->number, action->rows[i].slot,
                                  action->rows[i].row, true, now_ns);
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, action->worker, action->number, compute_ns, now_ns),
                    0);
    return over;
}

#endif
