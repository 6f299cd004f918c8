/* Offsets for buffers by their lives: the largest first, each at the lowest free spot. */
#include "compute/plan/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

/* The phase that a step belongs to; phase_count for the step after the last. */
static uint32_t phase_of(const struct plan *plan, uint32_t step)
{
    uint32_t p = 0;
    while (p < plan->phase_count && plan->phases[p].end <= step)
        p++;
    return p;
}

static void find_lives(struct plan *plan)
{
    for (uint32_t b = 0; b < plan->buffer_count; b++) {
        plan->buffers[b].first = UINT32_MAX;
        plan->buffers[b].last = 0;
    }
    for (uint32_t p = 0; p < plan->place_count; p++) {
        const struct place *place = &plan->places[p];
        if (place->buffer == PLAN_NONE)
            continue;
        struct buffer *buffer = &plan->buffers[place->buffer];
        uint32_t first = place->is_input ? 0 : place->written;
        uint32_t last = place->last_use;
        if (first == UINT32_MAX) /* never written: nobody reads it either */
            continue;
        if (last < first)
            last = first;
        if (first < buffer->first)
            buffer->first = first;
        if (last > buffer->last)
            buffer->last = last;
    }
}

/* A buffer that crosses a phase's border holds every row, and is alive through all rounds of each
 * phase that it touches. */
static void settle_rows(struct plan *plan)
{
    for (uint32_t b = 0; b < plan->buffer_count; b++) {
        struct buffer *buffer = &plan->buffers[b];
        if (buffer->first == UINT32_MAX)
            continue;
        uint32_t from = phase_of(plan, buffer->first), to = phase_of(plan, buffer->last);
        buffer->is_micro = from == to && from < plan->phase_count;
        if (buffer->is_micro)
            continue;
        if (from < plan->phase_count)
            buffer->first = plan->phases[from].first;
        if (to < plan->phase_count)
            buffer->last = plan->phases[to].end - 1;
    }
}

static int size_buffers(struct plan *plan, const struct cuts *cuts)
{
    for (uint32_t p = 0; p < plan->place_count; p++) {
        const struct place *place = &plan->places[p];
        if (place->buffer == PLAN_NONE)
            continue;
        struct buffer *buffer = &plan->buffers[place->buffer];
        if (buffer->first == UINT32_MAX)
            continue;
        size_t rows = 1;
        if (cuts->rows[place->value].kind == ROWS_LEADING)
            rows =
                buffer->is_micro ? plan->phases[phase_of(plan, buffer->first)].rows : plan->batch;
        if (__builtin_mul_overflow(buffer->row_bytes, rows, &buffer->bytes) ||
            buffer->bytes > PTRDIFF_MAX - ALIGNMENT)
            return -EOVERFLOW;
    }
    return 0;
}

struct order {
    uint32_t buffer;
    size_t bytes;
};

static int larger_first(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->buffer < y->buffer ? -1 : x->buffer > y->buffer;
}

static int by_offset(const void *a, const void *b)
{
    const struct buffer *const *x = a, *const *y = b;
    return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

/* The lowest offset at which the buffer overlaps none of those that live when it does. rivals has
 * room for them all. */
static int place_buffer(struct plan *plan, const struct order *placed, uint32_t placed_count,
                        struct buffer *buffer, struct buffer **rivals)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < placed_count; i++) {
        struct buffer *other = &plan->buffers[placed[i].buffer];
        if (other->first <= buffer->last && buffer->first <= other->last)
            rivals[count++] = other;
    }
    qsort(rivals, count, sizeof(struct buffer *), by_offset);
    size_t bytes = (buffer->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rivals[i]->offset >= offset && rivals[i]->offset - offset >= bytes)
            break;
        size_t end = rivals[i]->offset + (rivals[i]->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (end > offset)
            offset = end;
    }
    buffer->offset = offset;
    size_t end;
    if (__builtin_add_overflow(offset, bytes, &end) || end > PTRDIFF_MAX)
        return -EOVERFLOW;
    if (end > plan->arena_bytes)
        plan->arena_bytes = end;
    return 0;
}

int arena_lay_out(struct plan *plan, const struct cuts *cuts)
{
    plan->arena_bytes = 0;
    find_lives(plan);
    settle_rows(plan);
    int rc = size_buffers(plan, cuts);
    if (rc)
        return rc;
    size_t count = (size_t)plan->buffer_count + 1;
    struct order *order = calloc(count, sizeof(*order));
    struct buffer **rivals = calloc(count, sizeof(struct buffer *));
    rc = -ENOMEM;
    if (!order || !rivals)
        goto done;
    uint32_t live = 0;
    for (uint32_t b = 0; b < plan->buffer_count; b++)
        if (plan->buffers[b].first != UINT32_MAX)
            order[live++] = (struct order){.buffer = b, .bytes = plan->buffers[b].bytes};
    qsort(order, live, sizeof(*order), larger_first);
    rc = 0;
    for (uint32_t i = 0; i < live && rc == 0; i++)
        rc = place_buffer(plan, order, i, &plan->buffers[order[i].buffer], rivals);
done:
    free(order);
    free(rivals);
    return rc;
}
