/* The rows of a batch inside one array: where each of them starts, along whatever axis they lie. */
#ifndef SCHEDULER_CLI_ROWS_H
#define SCHEDULER_CLI_ROWS_H

#include "compute/engine.h"

struct rows {
    uint8_t *array; /* borrowed: the whole tensor, in C order */
    uint8_t *packed; /* one row after the other; the array itself where rows lie like that */
    uint32_t count;
    size_t row_bytes; /* 0: one row, shared by the whole batch */
    size_t outer; /* pieces that a row consists of */
};

/* array holds count rows of tensor. 0 or -ENOMEM. */
int rows_init(struct rows *rows, const struct engine_tensor *tensor, uint32_t count, void *array);
void rows_fini(struct rows *rows); /* accepts NULL and a zeroed object */

/* Where a row is handed to the engine. */
void *rows_at(const struct rows *rows, uint32_t row);

/* Array to rows, before a run; rows to array, after it. */
void rows_gather(struct rows *rows);
void rows_scatter(struct rows *rows);

/* The shape of an array that holds count rows of tensor. */
struct shape rows_shape(const struct engine_tensor *tensor, uint32_t count);

/* How many rows of tensor an array of this shape holds; 0 where it does not fit. */
uint32_t rows_count(const struct engine_tensor *tensor, const struct shape *shape);

#endif
