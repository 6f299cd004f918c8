/* A model's way in: from a section of the configuration to what its loader and workers are told. */
#include "scheduler/service/model_set.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t model_set_find(const struct model_set *set, const char *name)
{
    /* The newest of that name: one that is still on its way comes before the one it replaces. */
    uint32_t found = MODEL_NONE;
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state == MODEL_EMPTY || model->state >= MODEL_WITHDRAWING ||
            strcmp(model->name, name) != 0)
            continue;
        if (found == MODEL_NONE || model->state < set->items[found].state)
            found = i;
    }
    return found;
}

static int fill_dimensions(struct message_model_file *file, const struct config_dimensions *from)
{
    if (from->count > MESSAGE_MAX_DIMENSIONS)
        return -E2BIG;
    for (uint32_t i = 0; i < from->count; i++) {
        struct message_dimension *to = &file->dimension[i];
        if (strlen(from->items[i].symbol) >= sizeof(to->symbol) || from->items[i].size > INT64_MAX)
            return -E2BIG;
        snprintf(to->symbol, sizeof(to->symbol), "%s", from->items[i].symbol);
        to->value = (int64_t)from->items[i].size;
    }
    file->dimension_count = from->count;
    return 0;
}

static uint32_t batch_of(const struct jointd_config *config, const struct model_section *section)
{
    uint64_t batch = section->max_batch ? section->max_batch : config->dispatch.max_batch;
    if (config->dispatch.mode == CONFIG_MODE_NONE)
        batch = 1;
    return batch < MESSAGE_MAX_ROWS ? (uint32_t)batch : MESSAGE_MAX_ROWS;
}

/* Whoever opens the file stands in another folder than jointd, one day. */
static int fill_path(struct message_model_file *file, const char *path)
{
    char *whole = realpath(path, NULL);
    if (!whole)
        return -errno;
    const bool has_room = strlen(whole) < sizeof(file->path);
    if (has_room)
        snprintf(file->path, sizeof(file->path), "%s", whole);
    free(whole);
    return has_room ? 0 : -ENAMETOOLONG;
}

static int fill(struct model *model, const struct jointd_config *config,
                const struct model_section *section, const char **what)
{
    *what = "its name is too long";
    if (strlen(section->name) >= sizeof(model->name))
        return -ENAMETOOLONG;
    snprintf(model->name, sizeof(model->name), "%s", section->name);
    model->version = (uint32_t)section->version;
    model->file.threads = (uint32_t)config->workers.threads;
    model->file.max_batch = batch_of(config, section);
    model->file.max_cut_tensors = (uint32_t)section->max_cut_tensors;
    model->file.is_tuned = 1;
    *what = "too many dimensions, or too long ones";
    const int error = fill_dimensions(&model->file, &section->dimensions);
    if (error)
        return error;
    *what = section->path;
    return fill_path(&model->file, section->path);
}

int model_set_add(struct service *service, const struct model_section *section, uint32_t replaces)
{
    struct model_set *set = &service->models;
    uint32_t number = 0;
    while (number < MESSAGE_MAX_MODELS && set->items[number].state != MODEL_EMPTY)
        number++;
    if (number == MESSAGE_MAX_MODELS) {
        log_say(&service->log, "model %s: %u are loaded already; take one out of the configuration",
                section->name, MESSAGE_MAX_MODELS);
        return -ENOSPC;
    }
    struct model model = {.state = MODEL_WAITING, .replaces = replaces};
    model.file.model = number;
    const char *what;
    const int error = fill(&model, &service->config, section, &what);
    if (error) {
        log_say(&service->log, "model %s: %s: %s; correct [model %s] and send SIGHUP",
                section->name, what, strerror(-error), section->name);
        return error;
    }
    set->items[number] = model;
    set->used_count++;
    if (number >= set->limit)
        set->limit = number + 1;
    service->look_ns = 0;
    return 0;
}
