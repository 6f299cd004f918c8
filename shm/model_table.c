/* Checks a model's table once, so that its readers need not. */
#include "shm/model_table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_BYTES (UINT64_C(1) << 30)

uint64_t model_table_bytes(uint32_t cut_count, uint32_t tensor_count)
{
    const uint64_t bytes = sizeof(struct model_table_shared) +
                           (uint64_t)cut_count * sizeof(struct model_cut) +
                           (uint64_t)tensor_count * sizeof(struct model_tensor);
    return bytes > MAX_BYTES ? 0 : bytes;
}

static bool is_text(const char name[MODEL_TABLE_NAME_BYTES])
{
    return memchr(name, 0, MODEL_TABLE_NAME_BYTES) != NULL;
}

static bool is_sound_tensor(const struct model_tensor *tensor)
{
    if (!is_text(tensor->name) || tensor->rank > MODEL_TABLE_MAX_RANK || tensor->bytes == 0 ||
        tensor->bytes > UINT32_MAX || tensor->elements == 0 || tensor->elements > tensor->bytes)
        return false;
    return !tensor->is_f32 || tensor->bytes == 4 * tensor->elements;
}

/* Its sums are those of its tensors, which have been checked. */
static bool is_sound_cut(const struct model_table *table, const struct model_cut *cut)
{
    if (!is_text(cut->name) || cut->tensor_count == 0 || cut->first_tensor > table->tensor_count ||
        cut->tensor_count > table->tensor_count - cut->first_tensor)
        return false;
    uint64_t bytes = 0, elements = 0;
    bool is_f32 = true;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const struct model_tensor *tensor = &table->tensors[cut->first_tensor + t];
        bytes += tensor->bytes;
        elements += tensor->elements;
        is_f32 = is_f32 && tensor->is_f32;
    }
    return bytes == cut->row_bytes && bytes <= UINT32_MAX && elements == cut->row_elements &&
           is_f32 == (cut->is_f32 != 0);
}

int model_table_attach(struct model_table *table, const struct region *region)
{
    const struct model_table_shared *shared = region_at(region, 0, sizeof(*shared));
    if (!shared)
        return -EBADMSG;
    struct model_table seen = {
        .shared = shared, .cut_count = shared->cut_count, .tensor_count = shared->tensor_count};
    const uint64_t bytes = model_table_bytes(seen.cut_count, seen.tensor_count);
    if (seen.cut_count < 2 || seen.cut_count > UINT16_MAX || bytes == 0 ||
        !region_at(region, 0, bytes) || shared->max_batch == 0)
        return -EBADMSG;
    seen.cuts = (const void *)(shared + 1);
    seen.tensors = (const void *)(seen.cuts + seen.cut_count);
    for (uint32_t t = 0; t < seen.tensor_count; t++)
        if (!is_sound_tensor(&seen.tensors[t]))
            return -EBADMSG;
    for (uint32_t k = 0; k < seen.cut_count; k++)
        if (!is_sound_cut(&seen, &seen.cuts[k]))
            return -EBADMSG;
    *table = seen;
    return 0;
}

uint64_t model_table_message_bytes(const struct model_table *table, uint32_t cut, uint32_t rows,
                                   uint32_t encoding)
{
    if (cut >= table->cut_count || rows == 0 || rows > UINT16_MAX)
        return 0;
    const struct model_cut *at = &table->cuts[cut];
    uint64_t bytes;
    if (encoding == 0)
        bytes = rows * at->row_bytes;
    else if (encoding == 1 && at->is_f32)
        bytes = rows * at->row_elements * 2;
    else if (encoding == 2 && at->is_f32)
        bytes = rows * (at->row_elements + 8 * (uint64_t)at->tensor_count);
    else
        return 0;
    return bytes > UINT32_MAX ? 0 : bytes;
}
