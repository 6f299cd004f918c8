/* How long a model takes from each cut to its end, measured: what a dispatcher predicts with before
 * it has seen a request. */
#ifndef COMPUTE_WORKER_CUT_TIMES_H
#define COMPUTE_WORKER_CUT_TIMES_H

#include "compute/engine.h"
#include "shm/model_table.h"

struct cut_times {
    uint32_t cut_count, size_count;
    uint32_t size[MODEL_TABLE_MAX_SIZES]; /* rows: 1, 2, 4, ..., max_batch */
    uint64_t *remaining_ns; /* owned; [size_count][cut_count], 0 at the last cut */
};

/* Runs a packed model over numbers of its own: for each size once to warm up, then some times, of
 * which the median counts, layer by layer; for about half a second each, and three runs of what
 * takes longer, or two of what takes more than a second. What noise made impossible is mended: a
 * layer takes more rows no less time than fewer. A batch whose rows the model cannot tell apart at
 * both ends counts as its rows one by one. */
int cut_times_measure(struct cut_times *times, const struct engine_model *model, uint32_t max_batch,
                      engine_progress *progress, void *progress_arg, struct engine_error *error);
void cut_times_fini(struct cut_times *times); /* accepts NULL and zeroed */

#endif
