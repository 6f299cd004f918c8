/* Writes what the models' tables say. */
#include "scheduler/api/model_json.h"

#include <inttypes.h>
#include <string.h>

/* The type's name where it is known: the table says of others only how large they are. */
static void add_tensor(struct page_text *text, const struct model_tensor *tensor, bool has_rows)
{
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, tensor->name);
    if (tensor->is_f32)
        page_text_add(text, ",\"datatype\":\"FP32\"");
    page_text_add(text, ",\"shape\":[");
    for (uint32_t i = 0; i < tensor->rank; i++) {
        const bool is_batch = i == 0 && has_rows && tensor->dims[0] == 1;
        page_text_add(text, "%s%" PRId64, i ? "," : "", is_batch ? INT64_C(-1) : tensor->dims[i]);
    }
    page_text_add(text, "],\"bytes\":%" PRIu64 "}", tensor->bytes);
}

static void add_tensors(struct page_text *text, const struct model_table *table,
                        const struct model_cut *cut)
{
    page_text_add(text, "[");
    for (uint32_t i = 0; i < cut->tensor_count; i++) {
        page_text_add(text, "%s", i ? "," : "");
        add_tensor(text, &table->tensors[cut->first_tensor + i], cut->has_rows);
    }
    page_text_add(text, "]");
}

static void add_cut(struct page_text *text, const struct model_table *table, uint32_t number)
{
    const struct model_cut *cut = &table->cuts[number];
    page_text_add(text, "{\"cut\":%u,\"name\":", number);
    page_text_add_json_string(text, cut->name);
    page_text_add(text, ",\"layers\":%u,\"bytes\":%" PRIu64 ",\"batches\":%s,\"remaining_ms\":",
                  cut->layer_count, cut->row_bytes, cut->has_rows ? "true" : "false");
    page_text_add_ms(text, model_table_remaining_ns(table, 0, number));
    page_text_add(text, ",\"batch_remaining_ms\":[");
    for (uint32_t s = 0; s < table->size_count; s++) {
        page_text_add(text, "%s", s ? "," : "");
        page_text_add_ms(text, model_table_remaining_ns(table, s, number));
    }
    page_text_add(text, "],\"tensors\":");
    add_tensors(text, table, cut);
    page_text_add(text, "}");
}

static void add_versions(struct page_text *text, const struct view *view, const char *name)
{
    const char *comma = "";
    page_text_add(text, ",\"versions\":[");
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *other = &view->models[i];
        if (!other->is_there || strcmp(other->name, name) != 0)
            continue;
        page_text_add(text, "%s\"%u\"", comma, other->version);
        comma = ",";
    }
    page_text_add(text, "]");
}

void model_json_add(struct page_text *text, const struct view *view, const struct view_model *model)
{
    const struct model_table *table = &model->table;
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, model->name);
    add_versions(text, view, model->name);
    page_text_add(text, ",\"platform\":\"onnx\",\"inputs\":");
    add_tensors(text, table, &table->cuts[0]);
    page_text_add(text, ",\"outputs\":");
    add_tensors(text, table, &table->cuts[table->cut_count - 1]);
    page_text_add(text, ",\"version\":\"%u\",\"layers\":%u,\"max_batch\":%u,\"fingerprint\":\"",
                  model->version, table->shared->layer_count, table->shared->max_batch);
    for (size_t i = 0; i < sizeof(table->shared->fingerprint); i++)
        page_text_add(text, "%02x", table->shared->fingerprint[i]);
    page_text_add(text, "\",\"batch_sizes\":[");
    for (uint32_t s = 0; s < table->size_count; s++)
        page_text_add(text, "%s%u", s ? "," : "", table->shared->size[s]);
    page_text_add(text, "],\"cuts\":[");
    for (uint32_t cut = 0; cut < table->cut_count; cut++) {
        page_text_add(text, "%s", cut ? "," : "");
        add_cut(text, table, cut);
    }
    page_text_add(text, "]}\n");
}

void model_json_add_list(struct page_text *text, const struct view *view)
{
    const char *comma = "";
    page_text_add(text, "{\"models\":[");
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (!model->is_there)
            continue;
        page_text_add(text, "%s{\"name\":", comma);
        comma = ",";
        page_text_add_json_string(text, model->name);
        page_text_add(text, ",\"version\":\"%u\",\"state\":\"READY\"}", model->version);
    }
    page_text_add(text, "]}\n");
}
