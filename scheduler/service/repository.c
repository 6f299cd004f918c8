/* Remembers failures; the rest is read from the models that are there and from the configuration.
 */
#include "scheduler/service/repository.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int repository_init(struct repository *repository)
{
    *repository =
        (struct repository){.entries = calloc(REPOSITORY_MAX, sizeof(*repository->entries))};
    return repository->entries ? 0 : -ENOMEM;
}

void repository_fini(struct repository *repository)
{
    if (!repository)
        return;
    free(repository->entries);
    *repository = (struct repository){0};
}

static struct repository_entry *find(const struct repository *repository, const char *name)
{
    for (uint32_t i = 0; i < repository->count; i++)
        if (strcmp(repository->entries[i].name, name) == 0)
            return &repository->entries[i];
    return NULL;
}

const struct repository_entry *repository_find(const struct repository *repository,
                                               const char *name)
{
    return find(repository, name);
}

void repository_failed(struct repository *repository, const char *name, uint32_t version,
                       const char *reason)
{
    struct repository_entry *entry = find(repository, name);
    if (!entry && repository->count < REPOSITORY_MAX) {
        entry = &repository->entries[repository->count++];
        snprintf(entry->name, sizeof(entry->name), "%s", name);
    }
    if (!entry)
        return;
    entry->version = version;
    entry->has_failed = true;
    snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
}

void repository_forget(struct repository *repository, const char *name)
{
    struct repository_entry *entry = find(repository, name);
    if (entry)
        *entry = repository->entries[--repository->count];
}

static void fill(struct api_message *row, uint32_t number, const char *name, uint32_t version,
                 enum api_model_state state, const char *text)
{
    *row = (struct api_message){
        .kind = API_ROW, .number = number, .version = version, .status = state};
    snprintf(row->name, sizeof(row->name), "%s", name);
    snprintf(row->text, sizeof(row->text), "%s", text);
}

static enum api_model_state state_of(const struct model *model)
{
    return model->state < MODEL_SERVING    ? API_MODEL_LOADING
           : model->state == MODEL_SERVING ? API_MODEL_READY
                                           : API_MODEL_UNLOADING;
}

static bool is_there(const struct model_set *set, const char *name)
{
    for (uint32_t i = 0; i < set->limit; i++)
        if (set->items[i].state != MODEL_EMPTY && strcmp(set->items[i].name, name) == 0)
            return true;
    return false;
}

uint32_t repository_rows(const struct service *service, struct api_message *rows, uint32_t room)
{
    const struct model_set *set = &service->models;
    const struct repository *repository = &service->repository;
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->limit && count < room; i++) {
        const struct model *model = &set->items[i];
        if (model->state == MODEL_EMPTY)
            continue;
        fill(&rows[count], count, model->name, model->version, state_of(model), "");
        count++;
    }
    for (uint32_t i = 0; i < repository->count && count < room; i++) {
        const struct repository_entry *entry = &repository->entries[i];
        fill(&rows[count], count, entry->name, entry->version, API_MODEL_UNAVAILABLE,
             entry->reason);
        count++;
    }
    for (uint32_t i = 0; i < service->config.model_count && count < room; i++) {
        const struct model_section *section = &service->config.models[i];
        if (is_there(set, section->name) || find(repository, section->name))
            continue;
        fill(&rows[count], count, section->name, (uint32_t)section->version, API_MODEL_UNAVAILABLE,
             "unloaded");
        count++;
    }
    return count;
}
