/* Offsets for buffers by their lives: the largest first, each at the lowest free spot. */
#include "compute/plan/arena.h"
#include "compute/plan/lives.h"

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

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int larger_first(const void *a, const void *b)
{
    const struct buffer *const *x = a, *const *y = b;
    if ((*x)->bytes != (*y)->bytes)
        return (*x)->bytes < (*y)->bytes ? 1 : -1;
    return *x < *y ? -1 : *x > *y;
}

static int by_offset(const void *a, const void *b)
{
    const struct buffer *const *x = a, *const *y = b;
    return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

/* What placing goes by; the lists have room for every buffer. */
struct placing {
    struct lives lives; /* of the buffers that are placed */
    struct buffer **order; /* those with a life, the largest first */
    uint32_t *alive;
    struct buffer **rivals;
};

/* The lowest offset at which the buffer overlaps none of those that live when it does. */
static int place_buffer(struct plan *plan, struct placing *placing, struct buffer *buffer)
{
    uint32_t count = lives_find(&placing->lives, buffer->first, buffer->last, placing->alive);
    for (uint32_t i = 0; i < count; i++)
        placing->rivals[i] = &plan->buffers[placing->alive[i]];
    qsort(placing->rivals, count, sizeof(struct buffer *), by_offset);
    size_t bytes = round_up(buffer->bytes), offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct buffer *rival = placing->rivals[i];
        if (rival->offset >= offset && rival->offset - offset >= bytes)
            break;
        size_t end = rival->offset + round_up(rival->bytes);
        if (end > offset)
            offset = end;
    }
    buffer->offset = offset;
    size_t end;
    if (__builtin_add_overflow(offset, bytes, &end) || end > PTRDIFF_MAX)
        return -EOVERFLOW;
    if (end > plan->arena_bytes)
        plan->arena_bytes = end;
    return lives_add(&placing->lives, (uint32_t)(buffer - plan->buffers), buffer->first,
                     buffer->last);
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
    struct placing placing = {.order = calloc(count, sizeof(struct buffer *)),
                              .alive = calloc(count, sizeof(uint32_t)),
                              .rivals = calloc(count, sizeof(struct buffer *))};
    rc = -ENOMEM;
    if (!placing.order || !placing.alive || !placing.rivals)
        goto done;
    rc = lives_init(&placing.lives, plan->step_count + 1); /* outputs live past the last step */
    if (rc)
        goto done;
    uint32_t live = 0;
    for (uint32_t b = 0; b < plan->buffer_count; b++)
        if (plan->buffers[b].first != UINT32_MAX)
            placing.order[live++] = &plan->buffers[b];
    qsort(placing.order, live, sizeof(struct buffer *), larger_first);
    for (uint32_t i = 0; i < live && rc == 0; i++)
        rc = place_buffer(plan, &placing, placing.order[i]);
done:
    lives_fini(&placing.lives);
    free(placing.order);
    free(placing.alive);
    free(placing.rivals);
    return rc;
}
