/* A model's way in: from a section of the configuration to what its loader and workers are told. */
#include "scheduler/service/model_set.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static int fill_mark(struct model_mark *mark, const char *path)
{
    struct stat status;
    if (stat(path, &status))
        return -errno;
    *mark = (struct model_mark){.device = status.st_dev,
                                .inode = status.st_ino,
                                .bytes = (uint64_t)status.st_size,
                                .changed_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000u +
                                              (uint64_t)status.st_mtim.tv_nsec};
    return 0;
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
    const int missing = fill_path(&model->file, section->path);
    return missing ? missing : fill_mark(&model->mark, model->file.path);
}

/* All that decides what it computes; number and weights are told apart later. */
static bool is_same(const struct model *a, const struct model *b)
{
    struct message_model_file file = b->file;
    file.model = a->file.model;
    file.weights_bytes = a->file.weights_bytes;
    return a->version == b->version && memcmp(&a->mark, &b->mark, sizeof(a->mark)) == 0 &&
           memcmp(&a->file, &file, sizeof(file)) == 0;
}

/* The newest of its name that is not on its way out, or NULL. */
static const struct model *find_newest(const struct model_set *set, const char *name)
{
    const struct model *newest = NULL;
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state != MODEL_EMPTY && model->state < MODEL_WITHDRAWING &&
            strcmp(model->name, name) == 0 && (!newest || model->order > newest->order))
            newest = model;
    }
    return newest;
}

static int place(struct service *service, struct model *model)
{
    struct model_set *set = &service->models;
    uint32_t number = 0;
    while (number < MESSAGE_MAX_MODELS && set->items[number].state != MODEL_EMPTY)
        number++;
    if (number == MESSAGE_MAX_MODELS) {
        log_say(&service->log, "model %s: %u are loaded already; take one out of the configuration",
                model->name, MESSAGE_MAX_MODELS);
        return -ENOSPC;
    }
    model->file.model = number;
    model->order = ++set->next_order;
    set->items[number] = *model;
    set->used_count++;
    if (number >= set->limit)
        set->limit = number + 1;
    service->look_ns = 0;
    return 0;
}

int model_set_want(struct service *service, const struct model_section *section)
{
    struct model model = {.state = MODEL_WAITING};
    const char *what;
    const int error = fill(&model, &service->config, section, &what);
    if (error) {
        log_say(&service->log, "model %s: %s: %s; correct [model %s] and send SIGHUP",
                section->name, what, strerror(-error), section->name);
        char reason[API_TEXT_BYTES];
        snprintf(reason, sizeof(reason), "%.180s: %s", what, strerror(-error));
        repository_failed(&service->repository, section->name, (uint32_t)section->version, reason);
        return error;
    }
    const struct model *newest = find_newest(&service->models, section->name);
    return newest && is_same(newest, &model) ? 0 : place(service, &model);
}
