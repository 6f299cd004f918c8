/* Asks the dispatcher what each model takes now, and where its requests wait. */
#include "scheduler/service/load_models.h"
#include "scheduler/service/service.h"

#include <string.h>

/* Rarer than the load of the whole: it is more to compute, and changes less. */
#define CHANGED_NS UINT64_C(10000000)
#define STILL_NS UINT64_C(100000000)

static void clear(struct load_models_item *item)
{
    region_fini(&item->region);
    *item = (struct load_models_item){0};
}

void load_models_fini(struct load_models *models)
{
    for (uint32_t i = 0; models && i < MESSAGE_MAX_MODELS; i++)
        clear(&models->items[i]);
}

static void make(struct load_models_item *item, const struct model *model)
{
    clear(item);
    item->since_ns = model->since_ns;
    if (model->table.cut_count > MODEL_LOAD_MAX_CUTS)
        return;
    const struct region_config config = {.name = "joint-model-load",
                                         .kind = REGION_LOAD_PAGE,
                                         .payload_bytes = sizeof(struct load_page_shared),
                                         .pages = REGION_PAGES_SMALL};
    if (region_init(&item->region, &config)) {
        item->region = (struct region){0};
        return;
    }
    item->has_page =
        region_seal(&item->region, REGION_SEAL_SEALS) == 0 &&
        load_page_init(&item->page, region_at(&item->region, 0, 0), item->region.payload_bytes,
                       model_load_words(model->table.cut_count)) == 0;
}

/* One more row of a batch costs what the batch costs more than one row, for each of the others. */
static uint64_t marginal_ns(const struct dispatch *dispatch, uint32_t number,
                            const struct model_table *table, uint32_t cut, uint64_t alone_ns)
{
    const uint32_t last = table->cut_count - 1, batch = table->shared->max_batch;
    const uint64_t batch_ns = dispatch_predict_ns(dispatch, number, cut, last, batch);
    return batch > 1 && batch_ns > alone_ns ? (batch_ns - alone_ns) / (batch - 1) : alone_ns;
}

static void measure(const struct service *service, uint32_t number, struct model_load *load)
{
    const struct model_table *table = &service->models.items[number].table;
    const uint32_t last = table->cut_count - 1;
    uint32_t queued[MODEL_LOAD_MAX_CUTS];
    dispatch_measure_cuts(service->dispatch, number, queued, table->cut_count);
    for (uint32_t cut = 0; cut < table->cut_count; cut++) {
        const uint64_t alone_ns =
            cut < last ? dispatch_predict_ns(service->dispatch, number, cut, last, 1) : 0;
        load->cuts[cut] = (struct model_load_cut){
            .remaining_ns = alone_ns,
            .marginal_ns =
                cut < last ? marginal_ns(service->dispatch, number, table, cut, alone_ns) : 0,
            .queued = queued[cut]};
    }
    const uint64_t unloaded_ns = model_table_remaining_ns(table, 0, 0);
    load->slowdown_permille =
        unloaded_ns ? (uint64_t)((double)load->cuts[0].remaining_ns / (double)unloaded_ns * 1000)
                    : 1000;
}

static void publish(struct service *service, uint32_t number, uint64_t now_ns)
{
    struct load_models_item *item = &service->load_models.items[number];
    if (!item->has_page)
        return;
    struct model_load load = {.generated_ns = now_ns};
    measure(service, number, &load);
    uint64_t words[LOAD_PAGE_MAX_WORDS];
    memcpy(words, &load, sizeof(load));
    load_page_publish(&item->page, words);
}

void load_models_look(struct service *service, uint64_t now_ns)
{
    struct load_models *models = &service->load_models;
    const uint64_t age_ns = now_ns - models->published_ns;
    if (models->published_ns && age_ns < (service->load.has_changed ? CHANGED_NS : STILL_NS))
        return;
    models->published_ns = now_ns;
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        struct load_models_item *item = &models->items[i];
        if (model->state != MODEL_SERVING)
            continue;
        if (item->since_ns != model->since_ns)
            make(item, model);
        publish(service, i, now_ns);
    }
}

bool load_models_page(const struct service *service, uint32_t number, const struct region **page)
{
    const struct load_models_item *item = &service->load_models.items[number];
    *page = item->has_page ? &item->region : NULL;
    return item->since_ns == service->models.items[number].since_ns;
}
