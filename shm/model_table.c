/* Checks a model's table once, so that its readers need not. */
#include "shm/model_table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_BYTES (UINT64_C(1) << 30)

uint64_t model_table_bytes(uint32_t cut_count, uint32_t tensor_count, uint32_t size_count)
{
    const uint64_t bytes = sizeof(struct model_table_shared) +
                           (uint64_t)cut_count * sizeof(struct model_cut) +
                           (uint64_t)tensor_count * sizeof(struct model_tensor) +
                           (uint64_t)cut_count * size_count * sizeof(uint64_t);
    return size_count > MODEL_TABLE_MAX_SIZES || bytes > MAX_BYTES ? 0 : bytes;
}

uint32_t model_table_sizes(uint32_t max_batch, uint32_t size[MODEL_TABLE_MAX_SIZES])
{
    uint32_t count = 0;
    memset(size, 0, MODEL_TABLE_MAX_SIZES * sizeof(size[0]));
    for (uint32_t rows = 1; rows < max_batch && count + 1 < MODEL_TABLE_MAX_SIZES; rows *= 2)
        size[count++] = rows;
    size[count++] = max_batch;
    return count;
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

static bool are_sound_sizes(const struct model_table_shared *shared, uint32_t size_count)
{
    if (size_count == 0 || size_count > MODEL_TABLE_MAX_SIZES || shared->size[0] != 1 ||
        shared->size[size_count - 1] != shared->max_batch)
        return false;
    for (uint32_t s = 1; s < size_count; s++)
        if (shared->size[s] <= shared->size[s - 1])
            return false;
    return true;
}

/* From here to the next cut; UINT64_MAX: less than nothing. */
static uint64_t step_ns(const struct model_table *table, uint32_t index, uint32_t cut)
{
    const uint64_t here_ns = model_table_remaining_ns(table, index, cut);
    const uint64_t next_ns = model_table_remaining_ns(table, index, cut + 1);
    return here_ns < next_ns ? UINT64_MAX : here_ns - next_ns;
}

static bool are_sound_times(const struct model_table *table)
{
    for (uint32_t s = 0; s < table->size_count; s++) {
        if (model_table_remaining_ns(table, s, 0) > MODEL_TABLE_MAX_NS ||
            model_table_remaining_ns(table, s, table->cut_count - 1) != 0)
            return false;
        for (uint32_t k = 0; k + 1 < table->cut_count; k++)
            if (step_ns(table, s, k) == UINT64_MAX ||
                (s > 0 && step_ns(table, s, k) < step_ns(table, s - 1, k)))
                return false;
    }
    return true;
}

int model_table_attach(struct model_table *table, const struct region *region)
{
    const struct model_table_shared *shared = region_at(region, 0, sizeof(*shared));
    if (!shared)
        return -EBADMSG;
    struct model_table seen = {.shared = shared,
                               .cut_count = shared->cut_count,
                               .tensor_count = shared->tensor_count,
                               .size_count = shared->size_count};
    const uint64_t bytes = model_table_bytes(seen.cut_count, seen.tensor_count, seen.size_count);
    if (seen.cut_count < 2 || seen.cut_count > UINT16_MAX || bytes == 0 ||
        !region_at(region, 0, bytes) || !are_sound_sizes(shared, seen.size_count))
        return -EBADMSG;
    seen.cuts = (const void *)(shared + 1);
    seen.tensors = (const void *)(seen.cuts + seen.cut_count);
    seen.remaining_ns = (const void *)(seen.tensors + seen.tensor_count);
    for (uint32_t t = 0; t < seen.tensor_count; t++)
        if (!is_sound_tensor(&seen.tensors[t]))
            return -EBADMSG;
    for (uint32_t k = 0; k < seen.cut_count; k++)
        if (!is_sound_cut(&seen, &seen.cuts[k]))
            return -EBADMSG;
    if (!are_sound_times(&seen))
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
