/* From the engine's views of cuts and tensors to a sealed table. */
#include "compute/worker/table.h"
#include "compute/worker/row_place.h"
#include "shm/model_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static_assert(MODEL_TABLE_MAX_RANK >= TENSOR_MAX_RANK, "a table holds each shape");

static int fail(struct engine_error *error, int code, const char *what)
{
    snprintf(error->text, sizeof(error->text), "%s", what);
    return code;
}

/* Cut off at its room, and not inside of a character of UTF-8. */
static void write_name(char to[MODEL_TABLE_NAME_BYTES], const char *name)
{
    size_t length = strnlen(name, MODEL_TABLE_NAME_BYTES - 1);
    while (length > 0 && name[length] != '\0' && ((unsigned char)name[length] & 0xc0) == 0x80)
        length--;
    memcpy(to, name, length);
    memset(to + length, 0, MODEL_TABLE_NAME_BYTES - length);
}

static void write_tensor(struct model_tensor *to, const struct engine_tensor *from)
{
    *to = (struct model_tensor){.bytes = from->bytes,
                                .elements = from->bytes / tensor_type_bytes(from->type),
                                .rank = from->shape.rank,
                                .is_f32 = from->type == TENSOR_F32};
    write_name(to->name, from->name);
    memcpy(to->dims, from->shape.dims, from->shape.rank * sizeof(to->dims[0]));
}

/* Its tensors come from `first` on. */
static void write_cut(struct model_cut *to, const struct engine_cut *from, uint32_t first,
                      struct model_tensor *tensors)
{
    *to = (struct model_cut){.first_tensor = first,
                             .tensor_count = from->tensor_count,
                             .layer_count = from->layer_count,
                             .has_rows = row_place_has_rows(from),
                             .is_f32 = 1};
    write_name(to->name, from->name);
    for (uint32_t t = 0; t < from->tensor_count; t++) {
        write_tensor(&tensors[first + t], &from->tensors[t]);
        to->row_bytes += tensors[first + t].bytes;
        to->row_elements += tensors[first + t].elements;
        to->is_f32 = to->is_f32 && tensors[first + t].is_f32;
    }
}

static void write_table(const struct engine_model *model, uint32_t max_batch,
                        const struct cut_times *times, uint32_t tensor_count,
                        struct model_table_shared *shared)
{
    const uint32_t cut_count = engine_model_cut_count(model);
    struct model_cut *cuts = (struct model_cut *)(shared + 1);
    struct model_tensor *tensors = (struct model_tensor *)(cuts + cut_count);
    *shared = (struct model_table_shared){.numbering_version = ENGINE_NUMBERING_VERSION,
                                          .cut_count = cut_count,
                                          .tensor_count = tensor_count,
                                          .max_batch = max_batch,
                                          .layer_count = engine_model_layer_count(model),
                                          .size_count = times->size_count};
    memcpy(shared->size, times->size, sizeof(shared->size));
    engine_model_fingerprint(model, shared->fingerprint);
    uint32_t first = 0;
    for (uint32_t k = 0; k < cut_count; k++) {
        write_cut(&cuts[k], engine_model_cut(model, k), first, tensors);
        first += cuts[k].tensor_count;
    }
    memcpy(tensors + tensor_count, times->remaining_ns,
           (size_t)times->size_count * cut_count * sizeof(times->remaining_ns[0]));
}

int table_publish(const struct engine_model *model, uint32_t max_batch,
                  const struct cut_times *times, struct region *region, struct engine_error *error)
{
    const uint32_t cut_count = engine_model_cut_count(model);
    uint64_t tensor_count = 0;
    for (uint32_t k = 0; k < cut_count; k++)
        tensor_count += engine_model_cut(model, k)->tensor_count;
    const uint64_t bytes =
        tensor_count > UINT32_MAX
            ? 0
            : model_table_bytes(cut_count, (uint32_t)tensor_count, times->size_count);
    if (bytes == 0 || cut_count > UINT16_MAX)
        return fail(error, -ENOTSUP, "a network of more cuts than can be named");
    const struct region_config config = {
        .name = "joint-model", .kind = REGION_MODEL, .payload_bytes = bytes};
    int rc = region_init(region, &config);
    if (rc)
        return fail(error, rc, "no memory for the model's table");
    write_table(model, max_batch, times, (uint32_t)tensor_count, region_at(region, 0, bytes));
    struct model_table table;
    if ((rc = model_table_attach(&table, region)) != 0)
        fail(error, rc = -ENOTSUP, "a cut with tensors that are empty or have over 4 GiB a row");
    else if ((rc = region_seal(region, REGION_SEAL_CONTENT)) != 0)
        fail(error, rc, "the model's table cannot be sealed");
    if (rc)
        region_fini(region);
    return rc;
}
