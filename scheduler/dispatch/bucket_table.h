/* Buckets of requests that may run together, found by (model, from, to).
 *
 *   named    │ any number of requests that enter at from and leave at to
 *   single   │ one request alone: it has more rows than a batch, or is to run alone, or goes on
 *            │ where it was begun; nobody finds it by name
 *
 * There is room for one bucket per request and some more: an empty named bucket stays, as it knows
 * when somebody last came, until another needs its place; the longest empty goes first. */
#ifndef SCHEDULER_DISPATCH_BUCKET_TABLE_H
#define SCHEDULER_DISPATCH_BUCKET_TABLE_H

#include "scheduler/dispatch/order_heap.h"

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_NONE UINT32_MAX
#define BUCKET_NEVER UINT64_MAX

enum bucket_place {
    BUCKET_IDLE, /* empty */
    BUCKET_WAITS, /* for more requests, or for its time */
    BUCKET_READY, /* for any worker that has the model */
    BUCKET_PINNED, /* ready for one worker only */
};

struct bucket {
    uint16_t model, from, to;
    bool is_named, is_single;
    uint8_t place; /* enum bucket_place: the heap it is in */
    uint32_t most_rows; /* of one dispatch */
    uint32_t worker; /* PINNED */
    struct order_heap requests; /* the most urgent first */
    uint32_t oldest, newest; /* requests as they came */
    uint64_t rows; /* of all of them that are to be run */
    uint64_t alone_ns; /* sum of what each would take alone; as predicted when they came */
    uint64_t work_ns; /* what all take as they would be batched; likewise */
    /* Of named ones. */
    uint64_t last_came_ns; /* BUCKET_NEVER */
    uint64_t gap_ns; /* between arrivals, lately; BUCKET_NEVER until there were two */
    uint32_t next_of_hash;
    uint32_t idle_before, idle_after; /* list of the idle */
};

struct bucket_table {
    struct bucket *buckets; /* [count] */
    uint32_t *heads; /* [head_count], by hash */
    uint32_t count, head_count;
    uint32_t idle_first, idle_last; /* the first is reused first */
};

/* Room for bucket_count. 0 or -ENOMEM. */
int bucket_table_init(struct bucket_table *table, uint32_t bucket_count);
void bucket_table_fini(struct bucket_table *table); /* accepts NULL and a zeroed object */

/* Each takes an empty bucket out of the list of the idle, or finds one that is in use; one must be
 * idle. A new one is blank but for its name. */
uint32_t bucket_table_named(struct bucket_table *table, uint32_t model, uint32_t from, uint32_t to);
uint32_t bucket_table_single(struct bucket_table *table, uint32_t model, uint32_t from,
                             uint32_t to);
/* It is empty: back among the idle. */
void bucket_table_release(struct bucket_table *table, uint32_t bucket);
/* Forgets the model's names; all its buckets are idle. */
void bucket_table_forget_model(struct bucket_table *table, uint32_t model);

#endif
