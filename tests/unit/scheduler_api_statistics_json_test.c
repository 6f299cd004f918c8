/* Tests of scheduler/api/statistics_json.c over statistics of the test's own. */
#include "scheduler/api/statistics_json.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

static void each_sum_is_where_triton_has_it(void)
{
    struct view *view = calloc(1, sizeof(*view));
    struct model_statistics_shared *shared = calloc(1, model_statistics_bytes(2));
    struct view_model *model = &view->models[3];
    view->model_limit = 4;
    *model =
        (struct view_model){.is_there = true, .version = 2, .name = "m", .has_statistics = true};
    model->statistics = (struct model_statistics){.shared = shared, .class_count = 2};
    shared->class_count = 2;
    shared->last_unix_ns = UINT64_C(1234567890123456789);
    shared->rows = 11;
    shared->joined_rows = 5;
    shared->batch[0].count = 4;
    shared->batch[0].ns = 400;
    shared->batch[7].count = 3;
    shared->batch[7].ns = 900;
    for (uint32_t i = 0; i < 2; i++) {
        struct model_statistics_class *class = &shared->classes[i];
        distribution_note(&class->request, &distribution_time, 1000 + i);
        distribution_note(&class->queue, &distribution_time, 100 + i);
        distribution_note(&class->execution, &distribution_time, 10 + i);
        for (uint32_t outcome = 0; outcome < MODEL_OUTCOMES; outcome++)
            class->outcome[outcome] = 1u << outcome;
    }
    struct page_text text = {0};
    statistics_json_add(&text, view, model);
    CU_ASSERT_STRING_EQUAL(
        text.bytes,
        "{\"model_stats\":[{\"name\":\"m\",\"version\":\"2\",\"last_inference\":1234567890123,"
        "\"inference_count\":11,\"execution_count\":7,\"joined_count\":5,\"inference_stats\":{"
        "\"success\":{\"count\":2,\"ns\":2001},\"fail\":{\"count\":56,\"ns\":0},"
        "\"queue\":{\"count\":2,\"ns\":201},\"compute_input\":{\"count\":0,\"ns\":0},"
        "\"compute_infer\":{\"count\":2,\"ns\":21},\"compute_output\":{\"count\":0,\"ns\":0}},"
        "\"batch_stats\":[{\"batch_size\":1,\"compute_input\":{\"count\":0,\"ns\":0},"
        "\"compute_infer\":{\"count\":4,\"ns\":400},\"compute_output\":{\"count\":0,\"ns\":0}},"
        "{\"batch_size\":8,\"compute_input\":{\"count\":0,\"ns\":0},"
        "\"compute_infer\":{\"count\":3,\"ns\":900},\"compute_output\":{\"count\":0,\"ns\":0}}]}]}"
        "\n");
    page_text_fini(&text);
    free(shared);
    free(view);
}

static void of_all_models_the_newest_version_is_there(void)
{
    struct view *view = calloc(1, sizeof(*view));
    view->model_limit = 3;
    view->models[0] = (struct view_model){.is_there = true, .version = 1, .name = "m"};
    view->models[1] = (struct view_model){.is_there = true, .version = 2, .name = "m"};
    view->models[2] = (struct view_model){.is_there = true, .version = 1, .name = "n"};
    struct page_text text = {0};
    statistics_json_add(&text, view, NULL);
    CU_ASSERT_STRING_EQUAL(text.bytes, "{\"model_stats\":[{\"name\":\"m\",\"version\":\"2\"},"
                                       "{\"name\":\"n\",\"version\":\"1\"}]}\n");
    view->model_limit = 0;
    page_text_clear(&text);
    statistics_json_add(&text, view, NULL);
    CU_ASSERT_STRING_EQUAL(text.bytes, "{\"model_stats\":[]}\n");
    page_text_fini(&text);
    free(view);
}

const struct cunit_test tests[] = {
    {"each sum is where Triton has it", each_sum_is_where_triton_has_it},
    {"of all models the newest version is there", of_all_models_the_newest_version_is_there},
    {NULL, NULL},
};
