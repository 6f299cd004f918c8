/* Inside of the engine: one run's memory. Private to compute/engine. */
#ifndef COMPUTE_ENGINE_CONTEXT_H
#define COMPUTE_ENGINE_CONTEXT_H

#include "compute/engine/model.h"

/*  memory:  struct engine_context | tensors | tensor pointers | row pointers | scratch | arena  */
struct engine_context {
    const struct engine_model *model;
    struct thread_pool *pool;
    bool is_beside; /* the pool is another's */
    void *own_memory; /* to be freed; NULL where the caller gave it */
    struct tensor *tensors; /* of one generic step */
    const struct tensor **operands; /* inputs, then outputs, of one generic step */
    const void **rows; /* row or image pointers of one step: inputs, then outputs */
    char *scratch;
    char *arena;
};

/* Where a place's elements are for the round that starts with this row. */
void *context_place(const struct engine_context *context, const struct plan *plan, uint32_t place,
                    uint32_t first_row);

/* Runs one step over rows [first_row, first_row + rows) of its batch. */
void step_run(struct engine_context *context, const struct plan *plan, const struct step *step,
              uint32_t first_row, uint32_t rows);

/* Copies rows [first_row, first_row + rows) of a value between the caller's pointers (one per row
 * of the whole batch, plain layout) and its place. */
void rows_load(struct engine_context *context, const struct plan *plan, uint32_t place,
               uint32_t first_row, uint32_t rows, const void *const *pointers);
void rows_store(struct engine_context *context, const struct plan *plan, uint32_t place,
                uint32_t first_row, uint32_t rows, void *const *pointers);

#endif
