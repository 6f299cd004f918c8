/* Remembers failures; the rest is read from the models that are there and from the configuration.
 */
#include "scheduler/service/catalogue.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int catalogue_init(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){.entries = calloc(CATALOGUE_MAX, sizeof(*catalogue->entries))};
    return catalogue->entries ? 0 : -ENOMEM;
}

void catalogue_fini(struct catalogue *catalogue)
{
    if (!catalogue)
        return;
    free(catalogue->entries);
    *catalogue = (struct catalogue){0};
}

static struct catalogue_entry *find(const struct catalogue *catalogue, const char *name)
{
    for (uint32_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->entries[i].name, name) == 0)
            return &catalogue->entries[i];
    return NULL;
}

const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *name)
{
    return find(catalogue, name);
}

void catalogue_failed(struct catalogue *catalogue, const char *name, uint32_t version,
                      const char *reason)
{
    struct catalogue_entry *entry = find(catalogue, name);
    if (!entry && catalogue->count < CATALOGUE_MAX) {
        entry = &catalogue->entries[catalogue->count++];
        snprintf(entry->name, sizeof(entry->name), "%s", name);
    }
    if (!entry)
        return;
    entry->version = version;
    entry->has_failed = true;
    snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
}

void catalogue_forget(struct catalogue *catalogue, const char *name)
{
    struct catalogue_entry *entry = find(catalogue, name);
    if (entry)
        *entry = catalogue->entries[--catalogue->count];
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

uint32_t catalogue_rows(const struct service *service, struct api_message *rows, uint32_t room)
{
    const struct model_set *set = &service->models;
    const struct catalogue *catalogue = &service->catalogue;
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->limit && count < room; i++) {
        const struct model *model = &set->items[i];
        if (model->state == MODEL_EMPTY)
            continue;
        fill(&rows[count], count, model->name, model->version, state_of(model), "");
        count++;
    }
    for (uint32_t i = 0; i < catalogue->count && count < room; i++) {
        const struct catalogue_entry *entry = &catalogue->entries[i];
        fill(&rows[count], count, entry->name, entry->version, API_MODEL_UNAVAILABLE,
             entry->reason);
        count++;
    }
    for (uint32_t i = 0; i < service->config.model_count && count < room; i++) {
        const struct model_section *section = &service->config.models[i];
        if (is_there(set, section->name) || find(catalogue, section->name))
            continue;
        fill(&rows[count], count, section->name, (uint32_t)section->version, API_MODEL_UNAVAILABLE,
             "unloaded");
        count++;
    }
    return count;
}
