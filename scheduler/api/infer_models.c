/* Checks what jointd says of models, as of everything. */
#include "scheduler/api/infer_models.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int infer_models_init(struct infer_models *models)
{
    *models = (struct infer_models){0};
    models->items = calloc(API_MAX_MODELS, sizeof(*models->items));
    return models->items ? 0 : -ENOMEM;
}

void infer_models_fini(struct infer_models *models)
{
    for (uint32_t i = 0; models->items && i < API_MAX_MODELS; i++)
        region_fini(&models->items[i].region);
    free(models->items);
    *models = (struct infer_models){0};
}

int infer_models_add(struct infer_models *models, const struct ingress_model *said, int fd)
{
    struct infer_model made = {.state = INFER_MODEL_OFFERED, .version = said->version};
    const int error = ingress_model_attach(said, fd, &made.region, &made.table);
    if (error)
        return error;
    if (models->items[said->model].state != INFER_MODEL_FREE) {
        region_fini(&made.region);
        return -EEXIST;
    }
    made.order = models->next_order++;
    memcpy(made.name, said->name, sizeof(made.name));
    models->items[said->model] = made;
    return 0;
}

bool infer_models_withdraw(struct infer_models *models, uint32_t number)
{
    if (number >= API_MAX_MODELS || models->items[number].state != INFER_MODEL_OFFERED)
        return false;
    models->items[number].state = INFER_MODEL_WITHDRAWN;
    models->withdrawn_count++;
    return true;
}

static void free_if_unused(struct infer_model *model)
{
    if (model->state != INFER_MODEL_SAID || model->open > 0)
        return;
    region_fini(&model->region);
    *model = (struct infer_model){0};
}

void infer_models_finish(struct infer_models *models, uint32_t number)
{
    assert(models->items[number].open > 0);
    models->items[number].open--;
    free_if_unused(&models->items[number]);
}

int infer_models_next_gone(struct infer_models *models)
{
    for (uint32_t i = 0; models->withdrawn_count > 0 && i < API_MAX_MODELS; i++) {
        struct infer_model *model = &models->items[i];
        if (model->state != INFER_MODEL_WITHDRAWN || model->arriving > 0)
            continue;
        model->state = INFER_MODEL_SAID;
        models->withdrawn_count--;
        free_if_unused(model);
        return (int)i;
    }
    return -1;
}

int infer_models_find(const struct infer_models *models, const char *name, uint32_t version)
{
    int found = -1;
    for (uint32_t i = 0; i < API_MAX_MODELS; i++) {
        const struct infer_model *model = &models->items[i];
        const struct infer_model *best = found < 0 ? NULL : &models->items[found];
        if (model->state != INFER_MODEL_OFFERED || strcmp(model->name, name) != 0 ||
            (version && model->version != version))
            continue;
        if (!best || model->version > best->version ||
            (model->version == best->version && model->order > best->order))
            found = (int)i;
    }
    return found;
}
