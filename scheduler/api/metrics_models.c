/* Family by family, the newest model of each name, class by class. What has not happened yet has
 * no histogram: a name that was never used costs nothing. */
#include "scheduler/api/metrics_models.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct models {
    uint32_t count;
    const struct view_model *items[API_MAX_MODELS];
};

static void find_models(struct models *models, const struct view *view)
{
    models->count = 0;
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (model->is_there && view_find(view, model->name, 0) == model)
            models->items[models->count++] = model;
    }
}

static void add_versions(struct metric_text *out, const struct models *models)
{
    static const struct metric_family family = {"joint_model_version", NULL,
                                                "Newest version of a model that takes requests.",
                                                METRIC_GAUGE};
    metric_begin(out, &family);
    for (uint32_t i = 0; i < models->count; i++) {
        const struct metric_label label = {"model", models->items[i]->name};
        metric_count(out, &label, 1, models->items[i]->version);
    }
}

static void add_outcomes(struct metric_text *out, const struct models *models)
{
    static const struct metric_family family = {"joint_requests", NULL,
                                                "Requests, by how they ended.", METRIC_COUNTER};
    metric_begin(out, &family);
    for (uint32_t i = 0; i < models->count; i++) {
        const struct view_model *model = models->items[i];
        for (uint32_t c = 0; model->has_statistics && c < model->statistics.class_count; c++)
            for (uint32_t o = 0; o < MODEL_OUTCOMES; o++) {
                const struct model_statistics_class *class = &model->statistics.shared->classes[c];
                const struct metric_label labels[] = {
                    {"model", model->name},
                    {"class", class->name},
                    {"outcome", model_outcome_name((enum model_outcome)o)}};
                metric_count(out, labels, 3, model_statistics_read(&class->outcome[o]));
            }
    }
}

static void add_times_of_model(struct metric_text *out, const struct view_model *model, size_t at)
{
    for (uint32_t c = 0; c < model->statistics.class_count; c++) {
        const struct model_statistics_class *class = &model->statistics.shared->classes[c];
        const struct metric_label labels[] = {{"model", model->name}, {"class", class->name}};
        struct distribution_view view;
        distribution_read((const struct distribution *)((const char *)class + at), &view);
        if (view.count)
            metric_times(out, labels, 2, &view);
    }
}

static void add_times(struct metric_text *out, const struct models *models)
{
    static const struct {
        struct metric_family family;
        size_t at; /* of a distribution in model_statistics_class */
    } all[] = {
        {{"joint_request_duration_seconds", "seconds",
          "Of answered requests: from when they had come whole until the answer was there.",
          METRIC_HISTOGRAM},
         offsetof(struct model_statistics_class, request)},
        {{"joint_queue_duration_seconds", "seconds", "Of answered requests: until they were begun.",
          METRIC_HISTOGRAM},
         offsetof(struct model_statistics_class, queue)},
        {{"joint_execution_duration_seconds", "seconds", "Of answered requests: computing.",
          METRIC_HISTOGRAM},
         offsetof(struct model_statistics_class, execution)},
    };
    for (size_t f = 0; f < COUNT_OF(all); f++) {
        metric_begin(out, &all[f].family);
        for (uint32_t i = 0; i < models->count; i++)
            if (models->items[i]->has_statistics)
                add_times_of_model(out, models->items[i], all[f].at);
    }
}

static void add_batches(struct metric_text *out, const struct models *models)
{
    static const struct metric_family family = {"joint_batch_rows", NULL,
                                                "Rows that ran together from one cut to another.",
                                                METRIC_HISTOGRAM};
    metric_begin(out, &family);
    for (uint32_t i = 0; i < models->count; i++) {
        const struct view_model *model = models->items[i];
        const struct metric_label label = {"model", model->name};
        uint64_t counts[MODEL_STATISTICS_MAX_ROWS], all = 0;
        for (uint32_t n = 0; model->has_statistics && n < MODEL_STATISTICS_MAX_ROWS; n++)
            all += counts[n] = model_statistics_read(&model->statistics.shared->batch[n].count);
        if (all)
            metric_sizes(out, &label, 1, counts, MODEL_STATISTICS_MAX_ROWS);
    }
}

static void add_joined(struct metric_text *out, const struct models *models)
{
    static const struct metric_family family = {
        "joint_joined_rows", NULL, "Rows that entered a batch at another cut than it had begun at.",
        METRIC_COUNTER};
    metric_begin(out, &family);
    for (uint32_t i = 0; i < models->count; i++) {
        const struct view_model *model = models->items[i];
        const struct metric_label label = {"model", model->name};
        if (model->has_statistics)
            metric_count(out, &label, 1,
                         model_statistics_read(&model->statistics.shared->joined_rows));
    }
}

static void add_ratios(struct metric_text *out, const struct models *models)
{
    static const struct metric_family family = {
        "joint_prediction_ratio", "ratio",
        "Actual over predicted: waits of which 1 ms or more was predicted, and computing.",
        METRIC_HISTOGRAM};
    metric_begin(out, &family);
    for (uint32_t i = 0; i < models->count; i++) {
        const struct view_model *model = models->items[i];
        for (int is_wait = 1; model->has_statistics && is_wait >= 0; is_wait--) {
            const struct model_statistics_shared *shared = model->statistics.shared;
            const struct metric_label labels[] = {{"model", model->name},
                                                  {"of", is_wait ? "wait" : "execution"}};
            struct distribution_view view;
            distribution_read(is_wait ? &shared->wait_ratio : &shared->execution_ratio, &view);
            if (view.count)
                metric_ratios(out, labels, 2, &view);
        }
    }
}

void metrics_models_add(struct metric_text *out, const struct view *view)
{
    struct models models;
    find_models(&models, view);
    add_versions(out, &models);
    add_outcomes(out, &models);
    add_times(out, &models);
    add_batches(out, &models);
    add_joined(out, &models);
    add_ratios(out, &models);
}
