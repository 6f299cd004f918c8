/* Tests of scheduler/service/load_models.c over a dispatcher whose times are known: of
 * dispatch_case, one row takes 1 ms a layer and each further one of a batch half of that. */
#include "scheduler/service/service.h"
#include "tests/unit/dispatch_case.h"

#include <stdlib.h>
#include <string.h>

static struct service *make(void)
{
    static const struct model_table_shared shared = {.max_batch = 4, .size_count = 1, .size = {1}};
    static const uint64_t unloaded_ns[CASE_CUTS] = {3 * CASE_MS, 2 * CASE_MS, CASE_MS, 0};
    const struct dispatch_config config = case_config();
    struct service *service = calloc(1, sizeof(*service));
    service->models.items = calloc(MESSAGE_MAX_MODELS, sizeof(*service->models.items));
    service->models.limit = 1;
    service->models.items[0] = (struct model){.state = MODEL_SERVING,
                                              .since_ns = 1,
                                              .table = {.shared = &shared,
                                                        .remaining_ns = unloaded_ns,
                                                        .cut_count = CASE_CUTS,
                                                        .size_count = 1}};
    service->dispatch = case_create(&config, 1);
    return service;
}

static void destroy(struct service *service)
{
    dispatch_destroy(service->dispatch);
    load_models_fini(&service->load_models);
    free(service->models.items);
    free(service);
}

static struct model_load look(struct service *service, uint64_t now_ns)
{
    struct model_load load = {0};
    uint64_t words[LOAD_PAGE_MAX_WORDS], number;
    struct load_page_reader reader;
    const struct region *page = NULL;
    load_models_look(service, now_ns);
    CU_ASSERT_TRUE_FATAL(load_models_page(service, 0, &page));
    CU_ASSERT_EQUAL_FATAL(load_page_attach(&reader, region_at(page, 0, 0), page->payload_bytes,
                                           model_load_words(CASE_CUTS)),
                          0);
    CU_ASSERT_EQUAL_FATAL(load_page_read(&reader, words, &number), 0);
    memcpy(&load, words, 8 * model_load_words(CASE_CUTS));
    return load;
}

static void note(struct service *service, uint32_t rows, uint64_t now_ns)
{
    for (int i = 0; i < 100; i++)
        load_models_note_batch(&service->load_models, 0, rows, now_ns);
}

static void unloaded_it_is_what_one_row_takes(void)
{
    struct service *service = make();
    const struct model_load load = look(service, CASE_NOW);
    CU_ASSERT_EQUAL(load.slowdown_permille, 1000);
    CU_ASSERT_EQUAL(load.cuts[0].remaining_ns, 3 * CASE_MS);
    CU_ASSERT_EQUAL(load.cuts[2].remaining_ns, CASE_MS);
    CU_ASSERT_EQUAL(load.cuts[3].remaining_ns, 0);
    CU_ASSERT_EQUAL(load.cuts[0].marginal_ns, 3 * CASE_MS / 2);
    CU_ASSERT_EQUAL(load.cuts[3].marginal_ns, 0);
    destroy(service);
}

static void it_is_of_batches_as_they_are(void)
{
    struct service *service = make();
    look(service, CASE_NOW);
    note(service, 3, CASE_NOW + 11 * CASE_MS);
    struct model_load load = look(service, CASE_NOW + 11 * CASE_MS);
    CU_ASSERT_EQUAL(load.cuts[0].remaining_ns, 6 * CASE_MS); /* 3 + 2 * 1.5 */
    CU_ASSERT_EQUAL(load.cuts[0].marginal_ns, 3 * CASE_MS / 2);
    CU_ASSERT_EQUAL(load.slowdown_permille, 2000);
    note(service, 4, CASE_NOW + 22 * CASE_MS);
    load = look(service, CASE_NOW + 22 * CASE_MS);
    CU_ASSERT_EQUAL(load.cuts[0].remaining_ns, 7500000);
    CU_ASSERT_EQUAL(load.cuts[0].marginal_ns, 7500000 / 4); /* none is added to a full one */
    load = look(service, CASE_NOW + 2000 * CASE_MS); /* nothing ran for long */
    CU_ASSERT_EQUAL(load.cuts[0].remaining_ns, 3 * CASE_MS);
    destroy(service);
}

static void what_waits_is_seen_within_a_millisecond(void)
{
    struct service *service = make();
    CU_ASSERT_EQUAL(look(service, CASE_NOW).cuts[1].queued, 0);
    const struct dispatch_request request = {.slot = 1,
                                             .from = 1,
                                             .to = 3,
                                             .rows = 1,
                                             .arrived_ns = CASE_NOW,
                                             .deadline_ns = DISPATCH_NO_DEADLINE};
    CU_ASSERT_EQUAL(dispatch_submit(service->dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    service->models.items[0].open_count = 1;
    CU_ASSERT_EQUAL(look(service, CASE_NOW + CASE_MS / 2).cuts[1].queued, 0);
    CU_ASSERT_EQUAL(look(service, CASE_NOW + CASE_MS).cuts[1].queued, 1);
    destroy(service);
}

const struct cunit_test tests[] = {
    {"unloaded it is what one row takes", unloaded_it_is_what_one_row_takes},
    {"it is of batches as they are", it_is_of_batches_as_they_are},
    {"what waits is seen within a millisecond", what_waits_is_seen_within_a_millisecond},
    {NULL, NULL},
};
