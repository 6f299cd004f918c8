/* What a model's batches cost, as it was measured when the model was loaded: layers [from, to) for
 * some rows together. Between the sizes that were measured it is interpolated. */
#ifndef SCHEDULER_DISPATCH_BATCH_COST_H
#define SCHEDULER_DISPATCH_BATCH_COST_H

#include "scheduler/dispatch/dispatch.h"

#define BATCH_COST_MAX_SIZES DISPATCH_MAX_BATCH

struct batch_cost {
    uint32_t cut_count, max_batch, size_count;
    uint8_t sizes[BATCH_COST_MAX_SIZES];
    uint8_t size_below[DISPATCH_MAX_BATCH + 1]; /* index of the largest size that is no larger */
    uint64_t *remaining_ns; /* [size_count][cut_count] */
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
uint64_t batch_cost_ns(const struct batch_cost *cost, uint32_t from, uint32_t to, uint64_t rows);
/* What a row costs less in a full batch than alone. */
uint64_t batch_cost_saving_ns(const struct batch_cost *cost, uint32_t from, uint32_t to);

#endif
