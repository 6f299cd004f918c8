/* A model as a worker holds it: weights that all share, one context, places between segments.
 *
 *   shared, read-only    packed weights (a sealed region)
 *   private              context: intermediate tensors of one segment
 *                        between: places, each of any one row's tensors at any cut; a row that goes
 *                        on from one segment to the next moves from place to place
 *
 * Of WORKER_MAX_RUNNING dispatches one runs, whose max_batch rows may each need a place to be read
 * from and one to be written to, and the other waits with a place for each row: so there are three
 * times max_batch, and none is ever missing. All memory is taken by worker_model_init; its pages
 * become present as they are used, or by worker_model_warm while there is nothing to do. */
#ifndef COMPUTE_WORKER_WORKER_MODEL_H
#define COMPUTE_WORKER_WORKER_MODEL_H

#include "compute/engine.h"
#include "compute/worker/row_place.h"
#include "compute/worker/worker_path.h"
#include "shm/region.h"

/* A stretch of memory whose pages are being made present. */
struct worker_stretch {
    unsigned char *base;
    uint64_t bytes, done;
    bool is_written; /* else only read */
};

enum { WORKER_STRETCHES = 3 };

#define WORKER_MAX_PLACES ((WORKER_MAX_RUNNING + 1u) * MESSAGE_MAX_ROWS)
static_assert(WORKER_MAX_PLACES <= UINT8_MAX, "a place is named in a byte");

struct worker_model {
    bool is_loaded;
    struct engine_model *model; /* owned, as is all below */
    struct engine_context *context;
    void *context_memory;
    struct region weights;
    struct worker_stretch cold[WORKER_STRETCHES];
    struct worker_cuts cuts;
    bool *cut_has_rows, *can_pause;
    uint32_t max_tensors; /* of a cut */
    unsigned char *between;
    uint64_t place_bytes;
    uint8_t free_place[WORKER_MAX_PLACES]; /* numbers from 1 on; the next one last */
    uint32_t free_count;
    const void **inputs; /* of the segment that runs: [tensor * rows + row] */
    void **outputs;
};

/* Takes weights_fd if it succeeds. */
int worker_model_init(struct worker_model *model, const struct message_model_file *file,
                      int weights_fd, engine_progress *progress, void *progress_arg,
                      struct engine_error *error);
void worker_model_fini(struct worker_model *model); /* accepts NULL and zeroed */

/* Makes some of its pages present, for about a millisecond; not during a run. False once all are.
 */
bool worker_model_warm(struct worker_model *model);

/* Private memory of it, shared memory left out. */
uint64_t worker_model_private_bytes(const struct worker_model *model);

/* A row's private place is free; 0: it had none. */
void worker_model_give_place(struct worker_model *model, uint32_t place);

/* Where a row's tensors lie in its request's message, and in its answer's. */
struct row_place worker_model_in_place(const struct message_row *said);
struct row_place worker_model_out_place(const struct message_row *said);

/* Runs [from, to) for these rows: from their messages in the request slab, or between, to those in
 * the response slab for rows that end at `to`, else between. What the engine cannot work on where
 * it lies goes through a private place. After it rows that go on have theirs, the others none; also
 * after an error, when none has. At cuts where it can pause `wants_end` is asked whether it should
 * end there: *to then says so. 0 or the engine's error. */
int worker_model_run(struct worker_model *model, uint32_t from, uint32_t *to,
                     struct worker_row *const *rows, uint32_t row_count,
                     bool (*wants_end)(void *arg, uint32_t cut), void *arg,
                     struct engine_error *error);

#endif
