/* Asks the dispatcher what each model takes now, and where its requests wait. */
#include "scheduler/service/load_models.h"
#include "scheduler/service/service.h"

#include <string.h>

#define BUSY_NS UINT64_C(1000000) /* between two snapshots of a model that has requests */
#define STILL_NS UINT64_C(100000000) /* of one that has none */
/* Times are more to compute than what waits, and change less. */
#define PREDICTED_NS UINT64_C(10000000)
#define NEWEST_WEIGHT (1.0 / 8) /* of one batch in the mean of their rows */
#define FORGOTTEN_NS UINT64_C(1000000000) /* a batch so long ago says nothing of the next */

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

void load_models_note_batch(struct load_models *models, uint32_t number, uint32_t rows,
                            uint64_t now_ns)
{
    struct load_models_item *item = &models->items[number];
    const bool is_fresh = item->ran_ns && now_ns - item->ran_ns < FORGOTTEN_NS;
    item->rows = is_fresh ? item->rows + NEWEST_WEIGHT * (rows - item->rows) : rows;
    item->ran_ns = now_ns;
}

/* Rows that run together now: one where nothing has run lately. */
static uint32_t present_rows(const struct load_models_item *item, uint32_t max_batch,
                             uint64_t now_ns)
{
    if (!item->ran_ns || now_ns - item->ran_ns >= FORGOTTEN_NS || item->rows < 1)
        return 1;
    const uint32_t rows = (uint32_t)(item->rows + 0.5);
    return rows < max_batch ? rows : max_batch;
}

/* A full batch has no place for one more: it takes its part of another full one. */
static uint64_t marginal_ns(const struct service *service, uint32_t number, uint32_t cut,
                            uint32_t rows, uint64_t remaining_ns)
{
    const struct model_table *table = &service->models.items[number].table;
    if (rows >= table->shared->max_batch)
        return remaining_ns / rows;
    const uint64_t more_ns =
        dispatch_predict_ns(service->dispatch, number, cut, table->cut_count - 1, rows + 1);
    return more_ns > remaining_ns ? more_ns - remaining_ns : 0;
}

static void predict(struct service *service, uint32_t number, uint64_t now_ns)
{
    struct load_models_item *item = &service->load_models.items[number];
    const struct model_table *table = &service->models.items[number].table;
    const uint32_t last = table->cut_count - 1;
    const uint32_t rows = present_rows(item, table->shared->max_batch, now_ns);
    for (uint32_t cut = 0; cut < last; cut++) {
        struct model_load_cut *of = &item->load.cuts[cut];
        of->remaining_ns = dispatch_predict_ns(service->dispatch, number, cut, last, rows);
        of->marginal_ns = marginal_ns(service, number, cut, rows, of->remaining_ns);
    }
    const uint64_t unloaded_ns = model_table_remaining_ns(table, 0, 0);
    item->load.slowdown_permille =
        unloaded_ns
            ? (uint64_t)((double)item->load.cuts[0].remaining_ns / (double)unloaded_ns * 1000)
            : 1000;
    item->predicted_ns = now_ns;
}

static void publish(struct service *service, uint32_t number, uint64_t now_ns)
{
    struct load_models_item *item = &service->load_models.items[number];
    const uint32_t cut_count = service->models.items[number].table.cut_count;
    uint32_t queued[MODEL_LOAD_MAX_CUTS];
    if (!item->predicted_ns || now_ns - item->predicted_ns >= PREDICTED_NS)
        predict(service, number, now_ns);
    dispatch_measure_cuts(service->dispatch, number, queued, cut_count);
    for (uint32_t cut = 0; cut < cut_count; cut++)
        item->load.cuts[cut].queued = queued[cut];
    item->load.generated_ns = now_ns;
    uint64_t words[LOAD_PAGE_MAX_WORDS];
    memcpy(words, &item->load, model_load_words(cut_count) * sizeof(words[0]));
    load_page_publish(&item->page, words);
}

void load_models_look(struct service *service, uint64_t now_ns)
{
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        struct load_models_item *item = &service->load_models.items[i];
        if (model->state != MODEL_SERVING)
            continue;
        if (item->since_ns != model->since_ns)
            make(item, model);
        const bool is_busy = model->open_count > 0 || item->ran_ns > item->published_ns;
        if (!item->has_page ||
            (item->published_ns && now_ns - item->published_ns < (is_busy ? BUSY_NS : STILL_NS)))
            continue;
        publish(service, i, now_ns);
        item->published_ns = now_ns;
    }
}

bool load_models_page(const struct service *service, uint32_t number, const struct region **page)
{
    const struct load_models_item *item = &service->load_models.items[number];
    *page = item->has_page ? &item->region : NULL;
    return item->since_ns == service->models.items[number].since_ns;
}
