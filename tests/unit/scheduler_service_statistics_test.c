/* Tests of scheduler/service/statistics.c with a service that has nothing but models. */
#include "scheduler/service/service.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static struct service *make(void)
{
    static char names[2][8] = {"fast", "slow"};
    struct service *service = calloc(1, sizeof(*service));
    service->models.items = calloc(MESSAGE_MAX_MODELS, sizeof(*service->models.items));
    service->config.classes = calloc(2, sizeof(*service->config.classes));
    service->config.class_count = 2;
    for (int i = 0; i < 2; i++)
        service->config.classes[i].name = names[i];
    service->unix_offset_ns = 1000;
    return service;
}

static void serve(struct service *service, uint32_t number, const char *name, uint64_t since_ns)
{
    struct model *model = &service->models.items[number];
    *model = (struct model){.state = MODEL_SERVING, .version = 1, .since_ns = since_ns};
    memcpy(model->name, name, strlen(name) + 1);
    if (service->models.limit <= number)
        service->models.limit = number + 1;
    statistics_look(service);
}

static void destroy(struct service *service)
{
    statistics_fini(&service->statistics);
    free(service->models.items);
    free(service->config.classes);
    free(service);
}

static const struct model_statistics_shared *shared_of(struct service *service, uint32_t number)
{
    const struct region *region = NULL;
    struct model_statistics statistics;
    CU_ASSERT_TRUE_FATAL(statistics_region(service, number, &region));
    CU_ASSERT_EQUAL_FATAL(model_statistics_attach(&statistics, region), 0);
    return statistics.shared;
}

static struct request answered(uint32_t model, uint8_t class_index)
{
    return (struct request){.model = (uint16_t)model,
                            .class_index = class_index,
                            .rows = 3,
                            .arrived_ns = 100 * MS,
                            .entered_ns = 104 * MS,
                            .compute_ns = 5 * MS,
                            .deadline_ns = 150 * MS,
                            .predicted_wait_ns = 2 * MS};
}

static void an_answer_is_noted_where_its_times_belong(void)
{
    struct service *service = make();
    serve(service, 1, "net", 7);
    const struct request request = answered(1, 1);
    statistics_note_end(service, &request, INGRESS_ANSWERED, 110 * MS);
    const struct model_statistics_shared *shared = shared_of(service, 1);
    const struct model_statistics_class *class = &shared->classes[1];
    CU_ASSERT_STRING_EQUAL(shared->name, "net");
    CU_ASSERT_STRING_EQUAL(class->name, "slow");
    struct distribution_view view;
    distribution_read(&class->request, &view);
    CU_ASSERT(view.count == 1 && view.sum == 10 * MS);
    distribution_read(&class->queue, &view);
    CU_ASSERT(view.count == 1 && view.sum == 4 * MS);
    distribution_read(&class->execution, &view);
    CU_ASSERT(view.count == 1 && view.sum == 5 * MS);
    distribution_read(&shared->wait_ratio, &view);
    CU_ASSERT(view.count == 1 && view.sum == 2000); /* twice as long as was said */
    CU_ASSERT_EQUAL(model_statistics_read(&class->outcome[MODEL_ANSWERED]), 1);
    CU_ASSERT_EQUAL(model_statistics_read(&shared->rows), 3);
    CU_ASSERT_EQUAL(model_statistics_read(&shared->last_unix_ns), 110 * MS + 1000);
    destroy(service);
}

static void each_end_has_an_outcome_and_only_answers_have_times(void)
{
    static const struct {
        enum ingress_reason reason;
        uint64_t at_ns;
        enum model_outcome outcome;
    } cases[] = {{INGRESS_ANSWERED, 151 * MS, MODEL_LATE},
                 {INGRESS_DEADLINE, 151 * MS, MODEL_REJECTED},
                 {INGRESS_OVERLOADED, 101 * MS, MODEL_REJECTED},
                 {INGRESS_FAILED, 101 * MS, MODEL_FAILED},
                 {INGRESS_QUARANTINED, 101 * MS, MODEL_FAILED},
                 {INGRESS_CANCELLED, 101 * MS, MODEL_CANCELLED}};
    uint64_t expected[MODEL_OUTCOMES] = {0};
    struct service *service = make();
    serve(service, 0, "net", 7);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct request request = answered(0, 0);
        statistics_note_end(service, &request, cases[i].reason, cases[i].at_ns);
        expected[cases[i].outcome]++;
    }
    statistics_note_refused(service, 0, 0);
    expected[MODEL_REJECTED]++;
    statistics_note_refused(service, 0, 2); /* no such class, no such model: nothing */
    statistics_note_refused(service, 5, 0);
    statistics_note_refused(service, 70000, 0);
    const struct model_statistics_shared *shared = shared_of(service, 0);
    for (int i = 0; i < MODEL_OUTCOMES; i++)
        CU_ASSERT_EQUAL(model_statistics_read(&shared->classes[0].outcome[i]), expected[i]);
    struct distribution_view view;
    distribution_read(&shared->classes[0].request, &view);
    CU_ASSERT_EQUAL(view.count, 1);
    destroy(service);
}

static void batches_are_counted_by_their_rows(void)
{
    struct service *service = make();
    serve(service, 0, "net", 7);
    statistics_note_segment(service, 0, 8, 100);
    statistics_note_segment(service, 0, 8, 50);
    statistics_note_segment(service, 0, 1, 9);
    statistics_note_segment(service, 0, 0, 1); /* as a worker may say that has gone mad */
    statistics_note_segment(service, 0, 65, 1);
    const struct model_statistics_shared *shared = shared_of(service, 0);
    CU_ASSERT_EQUAL(model_statistics_read(&shared->batch[7].count), 2);
    CU_ASSERT_EQUAL(model_statistics_read(&shared->batch[7].ns), 150);
    CU_ASSERT_EQUAL(model_statistics_read(&shared->batch[0].count), 1);
    uint64_t all = 0;
    for (int i = 0; i < 64; i++)
        all += model_statistics_read(&shared->batch[i].count);
    CU_ASSERT_EQUAL(all, 3);
    destroy(service);
}

static void a_newer_version_goes_on_where_the_older_was(void)
{
    struct service *service = make();
    serve(service, 0, "net", 7);
    serve(service, 1, "other", 8);
    const struct request request = answered(0, 0);
    statistics_note_end(service, &request, INGRESS_ANSWERED, 110 * MS);
    serve(service, 2, "net", 9);
    CU_ASSERT_EQUAL(model_statistics_read(&shared_of(service, 2)->rows), 3);
    CU_ASSERT_EQUAL(model_statistics_read(&shared_of(service, 1)->rows), 0);
    serve(service, 0, "third", 10); /* its number is free again */
    CU_ASSERT_EQUAL(model_statistics_read(&shared_of(service, 0)->rows), 0);
    serve(service, 2, "net", 11);
    CU_ASSERT_EQUAL(model_statistics_read(&shared_of(service, 2)->rows), 3);
    destroy(service);
}

const struct cunit_test tests[] = {
    {"an answer is noted where its times belong", an_answer_is_noted_where_its_times_belong},
    {"each end has an outcome, and only answers have times",
     each_end_has_an_outcome_and_only_answers_have_times},
    {"batches are counted by their rows", batches_are_counted_by_their_rows},
    {"a newer version goes on where the older was", a_newer_version_goes_on_where_the_older_was},
    {NULL, NULL},
};
