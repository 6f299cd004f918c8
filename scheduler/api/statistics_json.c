/* Writes the statistics in Triton's words. What has no counterpart here is 0: tensors are not
 * gathered before, nor spread after, but as part of computing. */
#include "scheduler/api/statistics_json.h"

#define ULL(value) ((unsigned long long)(value))

struct sum {
    uint64_t count, ns;
};

static void add_sum(struct page_text *text, const char *name, struct sum sum)
{
    page_text_add(text, "\"%s\":{\"count\":%llu,\"ns\":%llu}", name, ULL(sum.count), ULL(sum.ns));
}

static void add_sums(struct page_text *text, struct sum infer)
{
    add_sum(text, "compute_input", (struct sum){0});
    page_text_add(text, ",");
    add_sum(text, "compute_infer", infer);
    page_text_add(text, ",");
    add_sum(text, "compute_output", (struct sum){0});
}

static void take(struct sum *sum, const struct distribution *distribution)
{
    struct distribution_view view;
    distribution_read(distribution, &view);
    sum->count += view.count;
    sum->ns += view.sum;
}

static void add_outcomes(struct page_text *text, const struct model_statistics *statistics)
{
    struct sum success = {0}, fail = {0}, queue = {0}, infer = {0};
    for (uint32_t i = 0; i < statistics->class_count; i++) {
        const struct model_statistics_class *class = &statistics->shared->classes[i];
        take(&success, &class->request);
        take(&queue, &class->queue);
        take(&infer, &class->execution);
        for (uint32_t outcome = MODEL_REJECTED; outcome < MODEL_OUTCOMES; outcome++)
            fail.count += model_statistics_read(&class->outcome[outcome]);
    }
    page_text_add(text, "\"inference_stats\":{");
    add_sum(text, "success", success);
    page_text_add(text, ",");
    add_sum(text, "fail", fail);
    page_text_add(text, ",");
    add_sum(text, "queue", queue);
    page_text_add(text, ",");
    add_sums(text, infer);
    page_text_add(text, "}");
}

static void add_batches(struct page_text *text, const struct model_statistics *statistics)
{
    const char *comma = "";
    page_text_add(text, ",\"batch_stats\":[");
    for (uint32_t i = 0; i < MODEL_STATISTICS_MAX_ROWS; i++) {
        const struct model_statistics_batch *batch = &statistics->shared->batch[i];
        const struct sum infer = {.count = model_statistics_read(&batch->count),
                                  .ns = model_statistics_read(&batch->ns)};
        if (infer.count == 0)
            continue;
        page_text_add(text, "%s{\"batch_size\":%u,", comma, i + 1);
        comma = ",";
        add_sums(text, infer);
        page_text_add(text, "}");
    }
    page_text_add(text, "]");
}

static uint64_t executions(const struct model_statistics *statistics)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < MODEL_STATISTICS_MAX_ROWS; i++)
        count += model_statistics_read(&statistics->shared->batch[i].count);
    return count;
}

static void add_model(struct page_text *text, const struct view_model *model)
{
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, model->name);
    page_text_add(text, ",\"version\":\"%u\"", model->version);
    if (model->has_statistics) {
        const struct model_statistics *statistics = &model->statistics;
        const struct model_statistics_shared *shared = statistics->shared;
        page_text_add(text,
                      ",\"last_inference\":%llu,\"inference_count\":%llu,\"execution_count\":%llu,"
                      "\"joined_count\":%llu,",
                      ULL(model_statistics_read(&shared->last_unix_ns) / 1000000u),
                      ULL(model_statistics_read(&shared->rows)), ULL(executions(statistics)),
                      ULL(model_statistics_read(&shared->joined_rows)));
        add_outcomes(text, statistics);
        add_batches(text, statistics);
    }
    page_text_add(text, "}");
}

void statistics_json_add(struct page_text *text, const struct view *view,
                         const struct view_model *only)
{
    const char *comma = "";
    page_text_add(text, "{\"model_stats\":[");
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (only ? model != only : !model->is_there || view_find(view, model->name, 0) != model)
            continue;
        page_text_add(text, "%s", comma);
        comma = ",";
        add_model(text, model);
    }
    page_text_add(text, "]}\n");
}
