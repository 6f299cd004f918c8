/* Subtracts what was counted before from what is counted now. */
#include "scheduler/top/traffic.h"

#include <string.h>

static double seconds(const struct sample *before, const struct sample *now)
{
    return now->at_ns > before->at_ns ? (double)(now->at_ns - before->at_ns) / 1e9 : 1;
}

/* What was not there before, or is less than it was, has counted from 0. */
static uint64_t growth(uint64_t was, uint64_t is)
{
    return is >= was ? is - was : is;
}

static const struct sample_model *find_model(const struct sample *sample, const char *name)
{
    for (uint32_t i = 0; i < sample->model_count; i++)
        if (strcmp(sample->models[i].name, name) == 0)
            return &sample->models[i];
    return NULL;
}

static const struct sample_class *find_class(const struct sample *sample,
                                             const struct sample_model *model, uint32_t index)
{
    return model && index < model->class_count ? &sample->classes[model->first_class + index]
                                               : NULL;
}

static void add_times(struct distribution_view *sum, const struct distribution_view *before,
                      struct distribution_view now)
{
    if (before)
        distribution_since(&now, before);
    distribution_add(sum, &now);
}

static void add(struct traffic_class *sum, const struct sample_class *was,
                const struct sample_class *is, double seconds)
{
    double per_s[MODEL_OUTCOMES];
    for (int i = 0; i < MODEL_OUTCOMES; i++)
        per_s[i] = (double)growth(was ? was->outcome[i] : 0, is->outcome[i]) / seconds;
    sum->answers_per_s += per_s[MODEL_ANSWERED] + per_s[MODEL_LATE];
    sum->late_per_s += per_s[MODEL_LATE];
    sum->rejects_per_s += per_s[MODEL_REJECTED];
    add_times(&sum->request, was ? &was->request : NULL, is->request);
    add_times(&sum->queue, was ? &was->queue : NULL, is->queue);
    add_times(&sum->execution, was ? &was->execution : NULL, is->execution);
}

bool traffic_class(const struct sample *before, const struct sample *now, uint32_t class_index,
                   struct traffic_class *traffic)
{
    *traffic = (struct traffic_class){0};
    for (uint32_t i = 0; i < now->model_count; i++) {
        const struct sample_model *model = &now->models[i];
        const struct sample_class *is = find_class(now, model, class_index);
        if (!is)
            continue;
        traffic->name = is->name;
        add(traffic, find_class(before, find_model(before, model->name), class_index), is,
            seconds(before, now));
    }
    return traffic->name != NULL;
}

void traffic_model(const struct sample *before, const struct sample *now, uint32_t index,
                   struct traffic_model *traffic)
{
    static const struct sample_model nothing;
    const struct sample_model *is = &now->models[index];
    const struct sample_model *found = find_model(before, is->name);
    const struct sample_model *was = found ? found : &nothing;
    const double elapsed_s = seconds(before, now);
    uint64_t count = 0, rows = 0;
    *traffic = (struct traffic_model){
        .name = is->name,
        .version = is->version,
        .rows_per_s = (double)growth(was->rows, is->rows) / elapsed_s,
        .joined_per_s = (double)growth(was->joined_rows, is->joined_rows) / elapsed_s};
    for (uint32_t n = 0; n < MODEL_STATISTICS_MAX_ROWS; n++) {
        const uint64_t more = growth(was->batch[n], is->batch[n]);
        traffic->share[n] = (double)more;
        count += more;
        rows += more * (n + 1);
    }
    traffic->batches_per_s = (double)count / elapsed_s;
    traffic->mean_rows = count ? (double)rows / (double)count : 0;
    for (uint32_t n = 0; n < MODEL_STATISTICS_MAX_ROWS && count; n++)
        traffic->share[n] /= (double)count;
}
