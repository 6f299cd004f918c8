/* Feeds the rows of two cuts' arrays through the engine, in batches that it was opened for. */
#ifndef SCHEDULER_CLI_RUNNER_H
#define SCHEDULER_CLI_RUNNER_H

#include "scheduler/cli/cut_arrays.h"
#include "scheduler/cli/session.h"

struct runner {
    struct session *session; /* prepared */
    uint32_t from, to;
    uint32_t row_count;
    struct cut_arrays *inputs, *outputs; /* row_count rows each */
    const void **input_rows; /* for one batch */
    void **output_rows;
};

/* The batches that row_count rows are run in: as equal as they can be, none over limit. */
void runner_batches(uint32_t row_count, uint32_t limit, uint32_t *min_batch, uint32_t *max_batch);

/* 0 or -ENOMEM; a failed init leaves nothing to undo. The arrays stay the caller's. */
int runner_init(struct runner *runner, struct session *session, uint32_t from, uint32_t to,
                struct cut_arrays *inputs, struct cut_arrays *outputs);
void runner_fini(struct runner *runner); /* accepts NULL and a zeroed object */

/* Runs all rows once; adds to layer_ns unless NULL. The time in *time_ns. Errors as
 * engine_context_run. */
int runner_run(struct runner *runner, uint64_t *layer_ns, uint64_t *time_ns,
               struct engine_error *error);

#endif
