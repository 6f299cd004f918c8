/* The life of each model: packed, loaded, served, withdrawn, unloaded. Words to ingresses are in
 * model_tell.c, the way in from a configuration in model_add.c. */
#include "scheduler/service/model_set.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int model_set_init(struct model_set *set, struct service *service)
{
    *set = (struct model_set){.loading = MODEL_NONE};
    set->items = calloc(MESSAGE_MAX_MODELS, sizeof(*set->items));
    if (!set->items)
        return -ENOMEM;
    return loader_init(&set->loader, service);
}

static void empty(struct model_set *set, struct model *model)
{
    region_fini(&model->table_region);
    region_fini(&model->weights);
    *model = (struct model){0};
    set->used_count--;
    while (set->limit > 0 && set->items[set->limit - 1].state == MODEL_EMPTY)
        set->limit--;
}

void model_set_fini(struct model_set *set)
{
    if (!set || !set->items)
        return;
    loader_fini(&set->loader);
    for (uint32_t i = 0; i < set->limit; i++)
        if (set->items[i].state != MODEL_EMPTY)
            empty(set, &set->items[i]);
    free(set->items);
    *set = (struct model_set){.loading = MODEL_NONE};
}

bool model_set_is_wanted(const struct model_set *set, uint32_t number)
{
    const struct model *model = &set->items[number];
    return model->state == MODEL_LOADING || model->state == MODEL_SERVING ||
           (model->state == MODEL_WITHDRAWING && model->is_known);
}

const struct model_table *model_set_table(const struct model_set *set, uint32_t number)
{
    if (number >= MESSAGE_MAX_MODELS)
        return NULL;
    const struct model *model = &set->items[number];
    const bool is_served = model->state == MODEL_SERVING || model->state == MODEL_WITHDRAWING;
    return is_served && model->is_known ? &model->table : NULL;
}

void model_set_hold(struct model_set *set, uint32_t number)
{
    set->items[number].open_count++;
}

void model_set_release(struct model_set *set, uint32_t number)
{
    assert(set->items[number].open_count > 0);
    set->items[number].open_count--;
}

bool model_set_is_settled(const struct model_set *set)
{
    for (uint32_t i = 0; i < set->limit; i++) {
        const enum model_state state = set->items[i].state;
        if (state == MODEL_WAITING || state == MODEL_PACKING || state == MODEL_LOADING)
            return false;
    }
    return true;
}

uint32_t model_set_serving(const struct model_set *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->limit; i++)
        count += set->items[i].state == MODEL_SERVING;
    return count;
}

void model_set_remove(struct service *service, uint32_t number)
{
    struct model *model = &service->models.items[number];
    if (model->state == MODEL_EMPTY || model->state >= MODEL_WITHDRAWING)
        return;
    if (service->models.loading == number)
        child_kill(&service->models.loader.child);
    model->state = model->state == MODEL_WAITING ? MODEL_UNLOADING : MODEL_WITHDRAWING;
    service->look_ns = 0;
}

static bool is_leaving(const struct model *model)
{
    return model->state == MODEL_EMPTY || model->state >= MODEL_WITHDRAWING;
}

static bool is_older(const struct model *model, const struct model *than)
{
    return !is_leaving(model) && model->order < than->order && strcmp(model->name, than->name) == 0;
}

/* It will not serve: what it was to replace stays. */
static void fail(struct service *service, uint32_t number, const char *text)
{
    const struct model_set *set = &service->models;
    const struct model *model = &set->items[number];
    bool is_there_another = false;
    for (uint32_t i = 0; i < set->limit; i++)
        is_there_another |= set->items[i].state == MODEL_SERVING && is_older(&set->items[i], model);
    log_say(&service->log, "model %s (version %u): %s%s; `joint cuts %s` tries it alone",
            model->name, model->version, text,
            is_there_another ? "; the one before it serves on" : "", model->file.path);
    repository_failed(&service->repository, model->name, model->version, text);
    model_set_remove(service, number);
}

static int attach(struct model *model, int fds[MESSAGE_PACKED_DESCRIPTORS])
{
    const struct region_expect weights = {
        .kind = REGION_WEIGHTS, .is_content_sealed = true, .is_lazy = true};
    const struct region_expect table = {.kind = REGION_MODEL, .is_content_sealed = true};
    int error = region_attach(&model->weights, fds[0], &weights);
    if (!error) {
        fds[0] = -1;
        error = region_attach(&model->table_region, fds[1], &table);
    }
    if (!error) {
        fds[1] = -1;
        error = model_table_attach(&model->table, &model->table_region);
    }
    for (uint32_t i = 0; i < MESSAGE_PACKED_DESCRIPTORS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return error;
}

static void take_packed(struct service *service, uint32_t number)
{
    struct model_set *set = &service->models;
    struct model *model = &set->items[number];
    set->loading = MODEL_NONE;
    if (model->state != MODEL_PACKING) /* removed meanwhile */
        return;
    if (set->loader.packed.status != 0) {
        fail(service, number, set->loader.packed.text);
        return;
    }
    int fds[MESSAGE_PACKED_DESCRIPTORS];
    loader_take(&set->loader, fds);
    const int error = attach(model, fds);
    if (error) {
        fail(service, number, "what the loader made is not to be used");
        return;
    }
    model->file.weights_bytes = set->loader.packed.weights_bytes;
    model->state = MODEL_LOADING;
}

static int load_next(struct service *service, uint64_t now_ns)
{
    struct model_set *set = &service->models;
    if (!loader_is_free(&set->loader))
        return 0;
    for (uint32_t i = 0; i < set->limit; i++) {
        struct model *model = &set->items[i];
        if (model->state != MODEL_WAITING)
            continue;
        model->since_ns = now_ns;
        model->state = MODEL_PACKING;
        const int error = loader_start(&set->loader, service, &model->file, now_ns);
        if (error)
            fail(service, i, "the loader cannot be started");
        else
            set->loading = i;
        return 1;
    }
    return 0;
}

/* What the dispatcher plans with. */
static int tell_dispatch(struct service *service, uint32_t number)
{
    const struct model_table *table = &service->models.items[number].table;
    if (table->shared->max_batch > DISPATCH_MAX_BATCH)
        return -EBADMSG;
    bool *has_rows = calloc(table->cut_count, sizeof(*has_rows));
    if (!has_rows)
        return -ENOMEM;
    for (uint32_t k = 0; k < table->cut_count; k++)
        has_rows[k] = table->cuts[k].has_rows != 0;
    const struct dispatch_model facts = {.cut_count = table->cut_count,
                                         .max_batch = table->shared->max_batch,
                                         .size_count = table->size_count,
                                         .sizes = table->shared->size,
                                         .remaining_ns = table->remaining_ns,
                                         .has_rows = has_rows};
    const int error = dispatch_add_model(service->dispatch, number, &facts);
    free(has_rows);
    return error;
}

void model_set_ready(struct service *service, uint32_t number)
{
    struct model *model = &service->models.items[number];
    if (model->state != MODEL_LOADING)
        return;
    const int error = tell_dispatch(service, number);
    if (error) {
        fail(service, number, strerror(-error));
        return;
    }
    model->is_known = true;
    model->state = MODEL_SERVING;
    repository_forget(&service->repository, model->name);
    log_say(&service->log,
            "model %s (version %u): %u cuts, batches of %u, %.1f MB of weights; "
            "ready after %.1f s",
            model->name, model->version, model->table.cut_count, model->table.shared->max_batch,
            (double)model->file.weights_bytes / 1e6,
            (double)(service->now_ns - model->since_ns) / 1e9);
    for (uint32_t i = 0; i < service->models.limit; i++)
        if (is_older(&service->models.items[i], model))
            model_set_remove(service, i);
    service->look_ns = 0;
}

void model_set_failed(struct service *service, uint32_t number, const char *worker, int error)
{
    struct model *model = &service->models.items[number];
    log_say(&service->log, "model %s (version %u): %s cannot load it: %s", model->name,
            model->version, worker, strerror(error < 0 && error > -4096 ? -error : EIO));
    if (model->state == MODEL_LOADING)
        fail(service, number, "workers cannot load it");
}

/* On its way out: one step further if it can be taken. */
static int look_at_leaving(struct service *service, uint32_t number)
{
    struct model_set *set = &service->models;
    struct model *model = &set->items[number];
    if (model->state == MODEL_WITHDRAWING) {
        const bool is_settled = set->loading != number && (model->told & ~model->withdrawn) == 0;
        if (!is_settled || model->open_count > 0)
            return 0;
        if (model->is_known && dispatch_remove_model(service->dispatch, number))
            return 0;
        model->is_known = false;
        model->state = MODEL_UNLOADING;
        return 1;
    }
    if (workers_have_model(&service->workers, number))
        return 0;
    if (model->version)
        log_say(&service->log, "model %s (version %u): gone", model->name, model->version);
    empty(set, model);
    return 1;
}

int model_set_look(struct service *service, uint64_t now_ns)
{
    struct model_set *set = &service->models;
    int work = 0;
    if (set->loading != MODEL_NONE) {
        const uint32_t number = set->loading;
        if (loader_poll(&set->loader, service, set->items[number].name, now_ns)) {
            take_packed(service, number);
            work++;
        }
    }
    work += load_next(service, now_ns);
    for (uint32_t i = 0; i < set->limit; i++)
        if (set->items[i].state >= MODEL_WITHDRAWING)
            work += look_at_leaving(service, i);
    return work;
}
