/* Runs any range of layers with made-up inputs, for its time alone. */
#ifndef SCHEDULER_PROFILE_RANGE_RUNNER_H
#define SCHEDULER_PROFILE_RANGE_RUNNER_H

#include "compute/engine.h"

struct range_runner {
    const struct engine_model *model; /* every boundary a cut: cut k lies after layer k */
    struct engine_context *context;
    uint32_t batch;
    char *floats; /* random numbers from [0, 1), for float tensors */
    char *zeros; /* for all others: an index, a length or a truth value of 0 is always valid */
    char *outputs;
    const void **input_rows;
    void **output_rows;
};

/* Takes memory for the largest cut. 0, -ENOMEM, -EINVAL (the model was opened with cuts left out);
 * a failed init leaves nothing to undo. Model and context stay the caller's. */
int range_runner_init(struct range_runner *runner, const struct engine_model *model,
                      struct engine_context *context, uint32_t batch);
void range_runner_fini(struct range_runner *runner); /* accepts NULL and a zeroed object */

/* Whether a batch of this size can enter and leave here. */
bool range_runner_can_cut(const struct engine_model *model, uint32_t boundary, uint32_t batch);

/* Runs layers from + 1 to `to`, counted from 1; its time in *time_ns, each layer's added to
 * layer_ns unless that is NULL. Errors as engine_context_run. */
int range_runner_run(struct range_runner *runner, uint32_t from, uint32_t to, uint64_t *layer_ns,
                     uint64_t *time_ns, struct engine_error *error);

/* The monotonic clock. */
uint64_t range_runner_now_ns(void);

#endif
