/* Defines counters for the writer, and copies them out for a reader that trusts nothing. */
#include "shm/counters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_CAPACITY 65536u

uint64_t counters_bytes(uint32_t capacity)
{
    if (capacity == 0 || capacity > MAX_CAPACITY)
        return 0;
    return sizeof(struct counters_shared) +
           capacity * (uint64_t)(sizeof(struct counter_meta) + sizeof(struct counter_value));
}

int counters_init(struct counters *counters, void *payload, uint64_t payload_bytes,
                  uint32_t capacity)
{
    const uint64_t bytes = counters_bytes(capacity);
    if (bytes == 0 || bytes > payload_bytes)
        return -EINVAL;
    struct counters_shared *shared = payload;
    shared->capacity = capacity;
    *counters = (struct counters){.shared = shared,
                                  .values = (struct counter_value *)&shared->meta[capacity],
                                  .capacity = capacity};
    return 0;
}

struct counter_value *counters_define(struct counters *counters, const char *label,
                                      enum counter_kind kind, uint32_t writer)
{
    if (counters->count == counters->capacity)
        return NULL;
    struct counter_meta *meta = &counters->shared->meta[counters->count];
    meta->kind = kind;
    meta->writer = writer;
    snprintf(meta->label, sizeof(meta->label), "%s", label);
    /* pairs with counters_read */
    atomic_store_explicit(&meta->is_defined, 1, memory_order_release);
    return &counters->values[counters->count++];
}

int counters_attach(struct counters_reader *reader, const void *payload, uint64_t payload_bytes)
{
    if (payload_bytes < sizeof(struct counters_shared))
        return -EBADMSG;
    const struct counters_shared *shared = payload;
    uint32_t capacity;
    memcpy(&capacity, &shared->capacity, sizeof(capacity));
    const uint64_t bytes = counters_bytes(capacity);
    if (bytes == 0 || bytes > payload_bytes)
        return -EBADMSG;
    *reader =
        (struct counters_reader){.shared = shared,
                                 .values = (const struct counter_value *)&shared->meta[capacity],
                                 .capacity = capacity};
    return 0;
}

int counters_read(const struct counters_reader *reader, uint32_t index, struct counter_view *view)
{
    if (index >= reader->capacity)
        return -ENOENT;
    const struct counter_meta *shared = &reader->shared->meta[index];
    /* pairs with counters_define */
    if (!atomic_load_explicit((_Atomic uint32_t *)&shared->is_defined, memory_order_acquire))
        return -ENOENT;
    struct counter_meta meta;
    memcpy(&meta, shared, sizeof(meta));
    if (meta.kind < COUNTER_SUM || meta.kind > COUNTER_MAX)
        return -EBADMSG;
    meta.label[COUNTER_LABEL_BYTES - 1] = 0;
    for (char *c = meta.label; *c; c++)
        if (*c < ' ' || *c > '~') /* a terminal would obey it */
            *c = '?';
    memcpy(view->label, meta.label, sizeof(view->label));
    view->kind = (enum counter_kind)meta.kind;
    view->writer = meta.writer;
    view->value = atomic_load_explicit((_Atomic uint64_t *)&reader->values[index].value,
                                       memory_order_relaxed);
    return 0;
}
