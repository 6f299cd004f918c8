/* Measures what each layer and each block of layers takes on this machine.
 *
 * Layers are timed inside whole runs, blocks as runs of their own: what enters and leaves is copied
 * and brought into its layout, and its memory is not in the cache, so blocks do not add up. All are
 * run in turn, round after round in a shuffled order, so that a machine that grows slower or faster
 * meanwhile does so for all alike. A time is settled when the interval of its median (median.h) is
 * within a share of it, or so narrow that no plan can notice: a thousandth of the whole run. */
#ifndef SCHEDULER_PROFILE_MEASURE_H
#define SCHEDULER_PROFILE_MEASURE_H

#include "compute/engine.h"
#include "scheduler/profile/block_choice.h"
#include "scheduler/profile/energy.h"
#include "scheduler/profile/median.h"

struct measure_config {
    uint32_t batch; /* default 1 */
    uint32_t max_cut_tensors; /* a boundary that more tensors cross is not legal; default 1 */
    double seconds; /* to measure for; each chosen block is run once at least; default 30 */
    double share; /* of the median; default 0.05 */
    double level; /* of the interval; default 0.95 */
    enum block_mode mode; /* default BLOCKS_FITTING */
    uint32_t block_length; /* BLOCKS_UP_TO */
    struct energy_meter *meter; /* read meanwhile; default NULL */
    engine_progress *progress; /* default NULL */
    void *progress_arg;
};

void measure_config_default(struct measure_config *config);

struct measured_block {
    uint32_t first, last; /* layers, counted from 1 */
    struct median time;
};

struct measurement {
    uint32_t layer_count;
    struct median *layers; /* [layer_count] */
    struct median whole; /* runs of the whole network, without clocks between layers */
    bool *is_legal; /* [layer_count + 1]: boundaries at which a request may cut */
    uint32_t block_count;
    struct measured_block *blocks; /* by first, then by last */
    uint64_t possible_block_count;
    double possible_ms; /* for one run of each possible block, about */
    bool has_ends; /* blocks were left out: all at the ends and those of block_length are here */
    uint32_t block_length;
    uint32_t timed_count, settled_count; /* layers, blocks and the whole */
    double seconds; /* spent */
    double watts; /* mean power meanwhile by the meter; 0: none, or its counters stood still */
};

/* The model is packed and was opened with every boundary a cut (max_cut_tensors UINT32_MAX). 0 or a
 * negative errno, with the reason in error; a failed run leaves nothing to undo. */
int measure(struct measurement *measurement, const struct engine_model *model,
            struct engine_context *context, const struct measure_config *config,
            struct engine_error *error);
void measurement_fini(struct measurement *measurement); /* accepts NULL and a zeroed object */

#endif
