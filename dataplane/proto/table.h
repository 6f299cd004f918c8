/* A hash table from keys to the indices of an array that its owner keeps: sized once, no pointers.
 */
#ifndef DATAPLANE_PROTO_TABLE_H
#define DATAPLANE_PROTO_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define JTP_TABLE_END UINT32_MAX

/* The owner keeps keys; two indices in one bucket are told apart by comparing what they stand for:
 * for (i = jtp_table_first(t, hash); i != JTP_TABLE_END; i = jtp_table_next(t, i)) ... */
struct jtp_table {
    uint32_t *buckets; /* the first index of each */
    uint32_t *following; /* by index */
    uint32_t mask;
};

/* The number of uint32_t that a table of so many entries takes. */
size_t jtp_table_words(uint32_t entries);
void jtp_table_init(struct jtp_table *table, uint32_t *memory, uint32_t entries);

void jtp_table_add(struct jtp_table *table, uint64_t hash, uint32_t index);
void jtp_table_remove(struct jtp_table *table, uint64_t hash, uint32_t index);

static inline uint32_t jtp_table_first(const struct jtp_table *table, uint64_t hash)
{
    return table->buckets[hash & table->mask];
}

static inline uint32_t jtp_table_next(const struct jtp_table *table, uint32_t index)
{
    return table->following[index];
}

#endif
