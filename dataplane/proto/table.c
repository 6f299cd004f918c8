/* Chained buckets, at least as many as entries. */
#include "dataplane/proto/table.h"

#include <assert.h>

static uint32_t bucket_count(uint32_t entries)
{
    uint32_t count = 1;
    while (count < entries)
        count *= 2;
    return count;
}

size_t jtp_table_words(uint32_t entries)
{
    return (size_t)bucket_count(entries) + entries;
}

void jtp_table_init(struct jtp_table *table, uint32_t *memory, uint32_t entries)
{
    uint32_t count = bucket_count(entries);
    *table = (struct jtp_table){memory, memory + count, count - 1};
    for (uint32_t i = 0; i < count; i++)
        table->buckets[i] = JTP_TABLE_END;
}

void jtp_table_add(struct jtp_table *table, uint64_t hash, uint32_t index)
{
    uint32_t *bucket = &table->buckets[hash & table->mask];
    table->following[index] = *bucket;
    *bucket = index;
}

void jtp_table_remove(struct jtp_table *table, uint64_t hash, uint32_t index)
{
    uint32_t *at = &table->buckets[hash & table->mask];
    while (*at != index) {
        assert(*at != JTP_TABLE_END);
        at = &table->following[*at];
    }
    *at = table->following[index];
}
