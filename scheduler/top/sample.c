/* Reads the load page and the counters that a jointd hands out. */
#include "scheduler/top/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sample_add(struct sample *sample, const char *source, const struct counter_view *view)
{
    if (sample->count == sample->capacity) {
        const uint32_t capacity = sample->capacity ? 2 * sample->capacity : 128;
        struct sample_counter *counters =
            realloc(sample->counters, capacity * sizeof(*sample->counters));
        if (!counters)
            return -ENOMEM;
        sample->counters = counters;
        sample->capacity = capacity;
    }
    struct sample_counter *counter = &sample->counters[sample->count++];
    counter->view = *view;
    snprintf(counter->source, sizeof(counter->source), "%s", source);
    return 0;
}

static void take_load(struct sample *sample, const struct region *region)
{
    struct load_page_reader reader;
    uint64_t number;
    if (load_page_attach(&reader, region_at(region, 0, region->payload_bytes),
                         region->payload_bytes, LOAD_REPORT_WORDS) == 0)
        sample->has_load = load_page_read(&reader, (uint64_t *)&sample->load, &number) == 0;
    if (sample->load.class_count > LOAD_REPORT_MAX_CLASSES)
        sample->load.class_count = LOAD_REPORT_MAX_CLASSES;
}

static int take_counters(struct sample *sample, const char *source, const struct region *region)
{
    struct counters_reader reader;
    struct counter_view view;
    if (counters_attach(&reader, region_at(region, 0, region->payload_bytes),
                        region->payload_bytes))
        return 0;
    for (uint32_t i = 0; i < reader.capacity; i++) {
        const int error = counters_read(&reader, i, &view);
        if (error == -ENOENT)
            return 0;
        if (!error && sample_add(sample, source, &view))
            return -ENOMEM;
    }
    return 0;
}

static void read_class(struct sample_class *to, const struct model_statistics_class *from)
{
    memcpy(to->name, from->name, sizeof(to->name));
    for (int i = 0; i < MODEL_OUTCOMES; i++)
        to->outcome[i] = model_statistics_read(&from->outcome[i]);
    distribution_read(&from->request, &to->request);
    distribution_read(&from->queue, &to->queue);
    distribution_read(&from->execution, &to->execution);
}

static void read_model(struct sample_model *to, const struct model_statistics_shared *from)
{
    memcpy(to->name, from->name, sizeof(to->name));
    to->version = from->version;
    to->rows = model_statistics_read(&from->rows);
    to->joined_rows = model_statistics_read(&from->joined_rows);
    for (uint32_t i = 0; i < MODEL_STATISTICS_MAX_ROWS; i++)
        to->batch[i] = model_statistics_read(&from->batch[i].count);
}

/* Of two versions under one name the newer goes on counting where the older was. */
static struct sample_model *place_of(struct sample *sample,
                                     const struct model_statistics_shared *shared)
{
    for (uint32_t i = 0; i < sample->model_count; i++)
        if (strncmp(sample->models[i].name, shared->name, sizeof(shared->name)) == 0)
            return sample->models[i].version <= shared->version ? &sample->models[i] : NULL;
    struct sample_model *models =
        realloc(sample->models, (sample->model_count + 1) * sizeof(*sample->models));
    if (!models)
        return NULL;
    sample->models = models;
    return &models[sample->model_count++];
}

static void take_statistics(struct sample *sample, const struct region *region)
{
    struct model_statistics statistics;
    if (model_statistics_attach(&statistics, region))
        return;
    struct sample_class *classes =
        realloc(sample->classes, (sample->class_count + statistics.class_count) * sizeof(*classes));
    if (!classes)
        return;
    sample->classes = classes;
    struct sample_model *model = place_of(sample, statistics.shared);
    if (!model)
        return;
    *model = (struct sample_model){.first_class = sample->class_count,
                                   .class_count = statistics.class_count};
    read_model(model, statistics.shared);
    for (uint32_t i = 0; i < statistics.class_count; i++)
        read_class(&classes[sample->class_count++], &statistics.shared->classes[i]);
}

int sample_take(struct sample *sample, const struct control_watch *watch, uint64_t now_ns)
{
    sample->at_ns = now_ns;
    sample->has_load = false;
    sample->count = sample->model_count = sample->class_count = 0;
    int error = 0;
    for (uint32_t i = 0; i < watch->now.count && !error; i++) {
        const struct control_watched *watched = &watch->now.items[i];
        if (watched->kind == CONTROL_LOAD)
            take_load(sample, &watched->region);
        else if (watched->kind == CONTROL_COUNTERS)
            error = take_counters(sample, watched->name, &watched->region);
        else
            take_statistics(sample, &watched->region);
    }
    return error;
}

void sample_fini(struct sample *sample)
{
    if (!sample)
        return;
    free(sample->counters);
    free(sample->models);
    free(sample->classes);
    *sample = (struct sample){0};
}
