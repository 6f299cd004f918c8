/* Buckets of requests that may run together: a pool, a hash by name, a list of the idle. */
#include "scheduler/dispatch/bucket_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define NONE BUCKET_NONE

static uint32_t hash_of(const struct bucket_table *table, uint32_t model, uint32_t from,
                        uint32_t to)
{
    const uint64_t name = (uint64_t)model << 32 | (uint64_t)from << 16 | to;
    return (uint32_t)(name * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (table->head_count - 1);
}

/* To the end of the list, or to its beginning: what is worth nothing is reused first. */
static void make_idle(struct bucket_table *table, uint32_t at, bool is_worth_keeping)
{
    struct bucket *bucket = &table->buckets[at];
    bucket->place = BUCKET_IDLE;
    bucket->idle_before = is_worth_keeping ? table->idle_last : NONE;
    bucket->idle_after = is_worth_keeping ? NONE : table->idle_first;
    if (bucket->idle_before != NONE)
        table->buckets[bucket->idle_before].idle_after = at;
    else
        table->idle_first = at;
    if (bucket->idle_after != NONE)
        table->buckets[bucket->idle_after].idle_before = at;
    else
        table->idle_last = at;
}

static void end_idle(struct bucket_table *table, uint32_t at)
{
    const struct bucket *bucket = &table->buckets[at];
    if (bucket->idle_before != NONE)
        table->buckets[bucket->idle_before].idle_after = bucket->idle_after;
    else
        table->idle_first = bucket->idle_after;
    if (bucket->idle_after != NONE)
        table->buckets[bucket->idle_after].idle_before = bucket->idle_before;
    else
        table->idle_last = bucket->idle_before;
}

int bucket_table_init(struct bucket_table *table, uint32_t bucket_count)
{
    *table = (struct bucket_table){
        .count = bucket_count, .head_count = 1, .idle_first = NONE, .idle_last = NONE};
    while (table->head_count < bucket_count)
        table->head_count *= 2;
    table->buckets = calloc(bucket_count, sizeof(*table->buckets));
    table->heads = calloc(table->head_count, sizeof(*table->heads));
    if (!table->buckets || !table->heads) {
        bucket_table_fini(table);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < table->head_count; i++)
        table->heads[i] = NONE;
    for (uint32_t i = bucket_count; i-- > 0;)
        make_idle(table, i, false);
    return 0;
}

void bucket_table_fini(struct bucket_table *table)
{
    if (!table)
        return;
    free(table->buckets);
    free(table->heads);
    *table = (struct bucket_table){0};
}

static void forget_name(struct bucket_table *table, uint32_t at)
{
    struct bucket *bucket = &table->buckets[at];
    uint32_t *link = &table->heads[hash_of(table, bucket->model, bucket->from, bucket->to)];
    while (*link != at)
        link = &table->buckets[*link].next_of_hash;
    *link = bucket->next_of_hash;
    bucket->is_named = false;
}

static uint32_t take(struct bucket_table *table, uint32_t model, uint32_t from, uint32_t to)
{
    const uint32_t at = table->idle_first;
    assert(at != NONE);
    end_idle(table, at);
    if (table->buckets[at].is_named)
        forget_name(table, at);
    table->buckets[at] = (struct bucket){.model = (uint16_t)model,
                                         .from = (uint16_t)from,
                                         .to = (uint16_t)to,
                                         .requests = order_heap_empty(),
                                         .oldest = NONE,
                                         .newest = NONE,
                                         .last_came_ns = BUCKET_NEVER,
                                         .gap_ns = BUCKET_NEVER};
    return at;
}

uint32_t bucket_table_named(struct bucket_table *table, uint32_t model, uint32_t from, uint32_t to)
{
    const uint32_t hash = hash_of(table, model, from, to);
    for (uint32_t at = table->heads[hash]; at != NONE; at = table->buckets[at].next_of_hash) {
        const struct bucket *bucket = &table->buckets[at];
        if (bucket->model != model || bucket->from != from || bucket->to != to)
            continue;
        if (bucket->oldest == NONE)
            end_idle(table, at);
        return at;
    }
    const uint32_t at = take(table, model, from, to);
    table->buckets[at].is_named = true;
    table->buckets[at].next_of_hash = table->heads[hash];
    table->heads[hash] = at;
    return at;
}

uint32_t bucket_table_single(struct bucket_table *table, uint32_t model, uint32_t from, uint32_t to)
{
    const uint32_t at = take(table, model, from, to);
    table->buckets[at].is_single = true;
    return at;
}

void bucket_table_release(struct bucket_table *table, uint32_t bucket)
{
    assert(table->buckets[bucket].oldest == NONE);
    make_idle(table, bucket, table->buckets[bucket].is_named);
}

void bucket_table_forget_model(struct bucket_table *table, uint32_t model)
{
    for (uint32_t at = 0; at < table->count; at++) {
        const struct bucket *bucket = &table->buckets[at];
        if (!bucket->is_named || bucket->model != model)
            continue;
        assert(bucket->place == BUCKET_IDLE);
        forget_name(table, at);
        end_idle(table, at);
        make_idle(table, at, false);
    }
}
