/* How long a model takes from each cut to its end, measured: what a dispatcher predicts with before
 * it has seen a request. */
#ifndef COMPUTE_WORKER_CUT_TIMES_H
#define COMPUTE_WORKER_CUT_TIMES_H

#include "compute/engine.h"

struct cut_times {
    uint32_t cut_count;
    uint64_t *remaining_ns; /* owned; by cut, 0 at the last: one row */
    uint64_t *batch_remaining_ns; /* a batch of max_batch rows together */
};

/* Runs a packed model over numbers of its own: for each of one row and max_batch rows once to warm
 * up, then some times, of which the median counts, layer by layer. A batch whose rows the model
 * cannot tell apart at both ends counts as its rows one by one. */
int cut_times_measure(struct cut_times *times, const struct engine_model *model, uint32_t max_batch,
                      engine_progress *progress, void *progress_arg, struct engine_error *error);
void cut_times_fini(struct cut_times *times); /* accepts NULL and zeroed */

#endif
