/* A model as a worker holds it: weights that all share, two contexts, places between segments.
 *
 *   shared, read-only    packed weights (a sealed region)
 *   private              contexts: intermediate tensors of a segment, and of one inside of it
 *                        between: places, each of any one row's tensors at any cut; a row that goes
 *                        on from one segment to the next moves from place to place
 *
 * WORKER_MAX_RUNNING dispatches may be under way, each of whose max_batch rows may need a place to
 * be read from and one to be written to, as one may run inside of a segment of the other: so there
 * are four times max_batch, and none is ever missing. All memory is taken by worker_model_init; its
 * pages become present as they are used, or by worker_model_warm while there is nothing to do. */
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

#define WORKER_DEPTH 2u /* segments under way: one, and one in a pause of it */

enum { WORKER_STRETCHES = 2 + WORKER_DEPTH };

#define WORKER_MAX_PLACES (2u * WORKER_MAX_RUNNING * MESSAGE_MAX_ROWS)

/* Where a segment is computed. */
struct worker_bench {
    struct engine_context *context; /* owned, as is all below */
    void *memory;
    const void **inputs; /* of the segment: [tensor * rows + row] */
    void **outputs;
};

struct worker_model {
    bool is_loaded;
    struct engine_model *model; /* owned, as is all below */
    struct worker_bench bench[WORKER_DEPTH]; /* by how many segments are under way */
    struct region weights;
    struct worker_stretch cold[WORKER_STRETCHES];
    struct worker_cuts cuts;
    bool *cut_has_rows, *can_pause;
    uint32_t max_tensors; /* of a cut */
    unsigned char *between;
    uint64_t place_bytes;
    uint16_t free_place[WORKER_MAX_PLACES]; /* numbers from 1 on; the next one last */
    uint32_t free_count;
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

/* A part of a path. */
struct worker_part {
    uint32_t from;
    uint32_t to; /* ... where it has ended, after the run */
    struct worker_row *const *rows;
    uint32_t row_count;
    uint32_t depth; /* segments under way */
    bool (*wants_end)(void *arg, uint32_t cut); /* whether to end there, at cuts where it can */
    bool (*wants_pause)(void *arg); /* as of engine_run; NULL: nobody is asked */
    void (*pause)(void *arg);
    void *arg;
};

/* Runs [from, to) for these rows: from their messages in the request slab, or between, to those in
 * the response slab for rows that end at `to`, else between. What the engine cannot work on where
 * it lies goes through a private place. After it rows that go on have theirs, the others none; also
 * after an error, when none has. 0 or the engine's error. */
int worker_model_run(struct worker_model *model, struct worker_part *part,
                     struct engine_error *error);

#endif
