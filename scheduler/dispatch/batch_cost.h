/* What a model's batches cost: layers [from, to) for some rows together, as it was measured when
 * the model was loaded, and as it is measured since. Between the sizes that were measured it is
 * interpolated.
 *
 * Tables hold the time from each cut to the end, for each size; a range is the difference of two,
 * so each question costs the same, however many layers it is about. Each measurement changes what
 * is expected of the layers it was about, and writes the tables anew. */
#ifndef SCHEDULER_DISPATCH_BATCH_COST_H
#define SCHEDULER_DISPATCH_BATCH_COST_H

#include "scheduler/dispatch/correction.h"
#include "scheduler/dispatch/dispatch.h"

#include <stddef.h>

#define BATCH_COST_MAX_SIZES DISPATCH_MAX_BATCH

enum batch_cost_kind {
    COST_LOADED, /* as it was when the model was loaded */
    COST_TYPICAL, /* as it is lately */
    COST_SAFE, /* what it seldom exceeds: for promises */
    COST_KINDS,
};

struct batch_cost {
    uint32_t cut_count, max_batch, size_count;
    uint8_t sizes[BATCH_COST_MAX_SIZES];
    uint8_t size_below[DISPATCH_MAX_BATCH + 1]; /* index of the largest size that is no larger */
    uint64_t *remaining_ns[COST_KINDS]; /* [size_count][cut_count] */
    struct correction
        *cells; /* [size_count][cut_count]: the layers after the cut, up to the next */
    struct correction any; /* of all layers and sizes, for cells without a measurement */
    uint32_t doubts; /* refusals since corrections were last moved */
    bool *has_rows; /* [cut_count] */
};

/* Copies. 0; -EINVAL: fewer than two cuts, no batch or too large a one, sizes that do not ascend
 * from 1 to max_batch, absurd times; -ENOMEM. */
int batch_cost_init(struct batch_cost *cost, const struct dispatch_model *facts);
void batch_cost_fini(struct batch_cost *cost); /* accepts NULL and a zeroed object */

bool batch_cost_has_cuts(const struct batch_cost *cost, uint32_t from, uint32_t to);

/* The cuts exist, in all below. Rows that may run together: 1 where they cannot be told apart. */
uint32_t batch_cost_most_rows(const struct batch_cost *cost, uint32_t from, uint32_t to);
/* Any number of rows, in as many full batches as there are and a rest. 0 for none, else over 0. */
uint64_t batch_cost_ns(const struct batch_cost *cost, enum batch_cost_kind kind, uint32_t from,
                       uint32_t to, uint64_t rows);
/* Rows that are known to run together: up to max_batch. Needs no has_rows at the two cuts. A
 * correction may make a batch faster than a smaller one; that is how it was measured. Inline, as
 * nothing is asked so often in a decision. */
static inline uint64_t batch_cost_part_ns(const struct batch_cost *cost, enum batch_cost_kind kind,
                                          uint32_t from, uint32_t to, uint32_t rows)
{
    if (!rows)
        return 0;
    const uint32_t below = cost->size_below[rows];
    const uint64_t *remaining_ns = cost->remaining_ns[kind] + (size_t)below * cost->cut_count;
    const uint64_t ns = remaining_ns[from] - remaining_ns[to];
    const uint32_t over = rows - cost->sizes[below];
    if (!over)
        return ns ? ns : 1;
    remaining_ns += cost->cut_count;
    const uint64_t next_ns = remaining_ns[from] - remaining_ns[to];
    const uint32_t step = (uint32_t)cost->sizes[below + 1] - cost->sizes[below];
    return next_ns > ns ? ns + (next_ns - ns) * over / step : next_ns ? next_ns : 1;
}

/* What a row costs less in a full batch than alone. */
uint64_t batch_cost_saving_ns(const struct batch_cost *cost, uint32_t from, uint32_t to);

/* So many rows together, up to max_batch, took so long over these layers. */
void batch_cost_measure(struct batch_cost *cost, uint32_t from, uint32_t to, uint32_t rows,
                        uint64_t took_ns);
/* A request was refused that the times as loaded would have let in. A correction that refuses
 * everything would never be measured again, so each such refusal takes a little of it back, until
 * one is let in and the truth is seen. */
void batch_cost_doubt(struct batch_cost *cost);

#endif
