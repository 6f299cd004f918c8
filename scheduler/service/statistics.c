/* Makes the regions of statistics, and writes in them. */
#include "scheduler/service/statistics.h"
#include "scheduler/service/service.h"

#include <stdio.h>
#include <string.h>

#define MOST_NS UINT64_C(1000000000000000) /* no worker has computed so long */
/* Of shorter waits the ratio says how the clocks tick, not how good the prediction is. */
#define LEAST_WAIT_NS UINT64_C(1000000)

static_assert(MODEL_STATISTICS_MAX_ROWS == MESSAGE_MAX_ROWS, "batches");
static_assert(MODEL_STATISTICS_MAX_CLASSES >= CONFIG_MAX_CLASSES, "classes");
static_assert(MODEL_STATISTICS_NAME_BYTES >= CONFIG_NAME_BYTES, "names");

void statistics_fini(struct statistics *statistics)
{
    for (uint32_t i = 0; statistics && i < MESSAGE_MAX_MODELS; i++)
        region_fini(&statistics->items[i].region);
}

static struct model_statistics_shared *shared_of(const struct statistics_item *item)
{
    return item->region.base ? region_at(&item->region, 0, sizeof(struct model_statistics_shared))
                             : NULL;
}

/* Of the newest model of that name before it. */
static const struct statistics_item *find_older(const struct service *service, uint32_t number)
{
    const struct statistics_item *found = NULL;
    const struct model *models = service->models.items;
    for (uint32_t i = 0; i < MESSAGE_MAX_MODELS; i++) {
        const struct statistics_item *item = &service->statistics.items[i];
        const struct model_statistics_shared *shared = shared_of(item);
        if (i != number && shared && strcmp(shared->name, models[number].name) == 0 &&
            (!found || item->since_ns > found->since_ns))
            found = item;
    }
    return found;
}

static void name_all(struct model_statistics_shared *shared, const struct model *model,
                     const struct jointd_config *config)
{
    memcpy(shared->name, model->name, sizeof(shared->name));
    shared->version = model->version;
    shared->class_count = config->class_count;
    for (uint32_t i = 0; i < config->class_count; i++)
        snprintf(shared->classes[i].name, sizeof(shared->classes[i].name), "%s",
                 config->classes[i].name);
}

static void make(struct service *service, uint32_t number)
{
    struct statistics_item *item = &service->statistics.items[number];
    const struct model *model = &service->models.items[number];
    const struct region_config config = {.name = "joint-statistics",
                                         .kind = REGION_STATISTICS,
                                         .payload_bytes =
                                             model_statistics_bytes(service->config.class_count),
                                         .pages = REGION_PAGES_SMALL};
    struct region region;
    const int error = region_init(&region, &config);
    if (!error) {
        const struct statistics_item *older =
            strcmp(model->name, shared_of(item) ? shared_of(item)->name : "") == 0
                ? item
                : find_older(service, number);
        void *payload = region_at(&region, 0, region.payload_bytes);
        if (older)
            memcpy(payload, shared_of(older), region.payload_bytes);
        name_all(payload, model, &service->config);
        (void)region_seal(&region, REGION_SEAL_SEALS); /* what is handed out is read-only */
    }
    region_fini(&item->region);
    *item = (struct statistics_item){.since_ns = model->since_ns};
    if (!error)
        item->region = region;
}

void statistics_look(struct service *service)
{
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state == MODEL_SERVING &&
            service->statistics.items[i].since_ns != model->since_ns)
            make(service, i);
    }
}

bool statistics_region(const struct service *service, uint32_t number, const struct region **region)
{
    const struct statistics_item *item = &service->statistics.items[number];
    *region = item->region.base ? &item->region : NULL;
    return item->since_ns == service->models.items[number].since_ns;
}

static void add(_Atomic uint64_t *word, uint64_t more)
{
    /* Nothing is published with it, and nobody else writes it. */
    atomic_store_explicit(word, model_statistics_read(word) + more, memory_order_relaxed);
}

static struct model_statistics_shared *find(struct service *service, uint32_t model)
{
    return model < MESSAGE_MAX_MODELS ? shared_of(&service->statistics.items[model]) : NULL;
}

static enum model_outcome outcome_of(const struct request *request, enum ingress_reason reason,
                                     uint64_t now_ns)
{
    switch (reason) {
    case INGRESS_ANSWERED:
        return now_ns <= request->deadline_ns ? MODEL_ANSWERED : MODEL_LATE;
    case INGRESS_FAILED:
    case INGRESS_QUARANTINED:
        return MODEL_FAILED;
    case INGRESS_CANCELLED:
        return MODEL_CANCELLED;
    default:
        return MODEL_REJECTED;
    }
}

static void note_ratio(struct distribution *ratio, uint64_t actual_ns, uint64_t predicted_ns)
{
    distribution_note(ratio, &distribution_ratio, actual_ns * 1000 / predicted_ns);
}

static void note_answer(struct model_statistics_shared *shared,
                        struct model_statistics_class *class, const struct request *request,
                        uint64_t now_ns, uint64_t unix_ns)
{
    const uint64_t begun_ns = request->entered_ns ? request->entered_ns : now_ns;
    const uint64_t wait_ns = begun_ns - request->arrived_ns;
    distribution_note(&class->request, &distribution_time, now_ns - request->arrived_ns);
    distribution_note(&class->queue, &distribution_time, wait_ns);
    distribution_note(&class->execution, &distribution_time, request->compute_ns);
    if (request->predicted_wait_ns >= LEAST_WAIT_NS)
        note_ratio(&shared->wait_ratio, wait_ns, request->predicted_wait_ns);
    add(&shared->rows, request->rows);
    atomic_store_explicit(&shared->last_unix_ns, unix_ns, memory_order_relaxed);
}

void statistics_note_end(struct service *service, const struct request *request,
                         enum ingress_reason reason, uint64_t now_ns)
{
    struct model_statistics_shared *shared = find(service, request->model);
    if (!shared)
        return;
    struct model_statistics_class *class = &shared->classes[request->class_index];
    add(&class->outcome[outcome_of(request, reason, now_ns)], 1);
    if (reason == INGRESS_ANSWERED)
        note_answer(shared, class, request, now_ns, service_unix_ns(service, now_ns));
}

void statistics_note_refused(struct service *service, uint32_t model, uint32_t class_index)
{
    struct model_statistics_shared *shared = find(service, model);
    if (shared && class_index < service->config.class_count)
        add(&shared->classes[class_index].outcome[MODEL_REJECTED], 1);
}

void statistics_note_segment(struct service *service, uint32_t model, uint32_t rows, uint64_t ns)
{
    struct model_statistics_shared *shared = find(service, model);
    if (!shared || rows == 0 || rows > MODEL_STATISTICS_MAX_ROWS)
        return;
    add(&shared->batch[rows - 1].count, 1);
    add(&shared->batch[rows - 1].ns, ns);
}

void statistics_note_run(struct service *service, uint32_t model, uint64_t compute_ns,
                         uint64_t predicted_ns)
{
    struct model_statistics_shared *shared = find(service, model);
    if (shared && compute_ns > 0 && compute_ns < MOST_NS && predicted_ns > 0)
        note_ratio(&shared->execution_ratio, compute_ns, predicted_ns);
}

void statistics_note_given(struct service *service, const struct dispatch_action *action)
{
    struct model_statistics_shared *shared = find(service, action->model);
    uint32_t joined = action->kind == DISPATCH_JOIN ? action->row_count : 0;
    for (uint32_t i = 0; action->kind == DISPATCH_RUN && i < action->row_count; i++)
        joined += service->requests.items[action->rows[i].slot].from != action->from;
    if (shared && joined)
        add(&shared->joined_rows, joined);
}
