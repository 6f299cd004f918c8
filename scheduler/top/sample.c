/* Reads the load page and the counters that a jointd hands out. */
#include "scheduler/top/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

int sample_take(struct sample *sample, const struct control_watch *watch, uint64_t now_ns)
{
    sample->at_ns = now_ns;
    sample->has_load = false;
    sample->count = 0;
    int error = 0;
    for (uint32_t i = 0; i < watch->now.count && !error; i++) {
        const struct control_watched *watched = &watch->now.items[i];
        if (watched->kind == CONTROL_LOAD)
            take_load(sample, &watched->region);
        else if (watched->kind == CONTROL_COUNTERS)
            error = take_counters(sample, watched->name, &watched->region);
    }
    return error;
}

void sample_fini(struct sample *sample)
{
    if (!sample)
        return;
    free(sample->counters);
    *sample = (struct sample){0};
}
