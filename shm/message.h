/* What jointd and a worker say to each other: one 64-byte descriptor each, in the rings of their
 * channel, and larger messages over the socket when a model is packed or loaded.
 *
 *   jointd -> worker                          worker -> jointd
 *   LOAD    a model came over the socket      READY / FAILED
 *   RUN     opens a dispatch: a path of cuts  RUN_DONE     exactly one for each RUN
 *   ROW     one row of a dispatch             ROW_DONE     exactly one for each ROW
 *   CANCEL  a row, or a whole dispatch        (each row it ends: ROW_DONE, CANCELLED)
 *   UNLOAD  gives a model's memory back       UNLOADED / FAILED
 *   DRAIN   end what was begun, then exit     DRAINED
 *                                             SEGMENT_STARTED, SEGMENT_DONE for each part of a path
 *                                             REFUSED      a descriptor of no known kind
 *
 * A dispatch runs the cuts [from, to) of one model for a set of rows that changes on the way: each
 * row enters at its own `from` and leaves at its own `to`. RUN says how many rows follow; the path
 * starts when these are there. Further rows may be said while it runs: one whose `from` is still
 * ahead joins there, any other is answered MISSED and nothing was done with it. The worker looks at
 * its ring between segments. A segment ends at the next cut where a row leaves, where a waiting row
 * enters, or that is named in `stops`: so jointd decides how long a run goes on before somebody who
 * has not come yet can join. Rows of a batch stand in the order in which they were said.
 * Between segments the worker turns to whichever of its dispatches has the greatest urgency; a more
 * urgent one that comes while a segment runs goes on inside of it, as its own segments, and the
 * segment stands still meanwhile. `to` of SEGMENT_STARTED is the first cut where somebody can still
 * enter; where nobody does, the next segment begins there at once.
 *
 *   cut      0        2          5            9
 *            │ rows a b│ rows a b c│ rows a c   │       b leaves at 5, c joins at 2
 *            └ segment └ segment   └ segment    └ RUN_DONE
 *
 * A row is one of the `rows` rows of a request. The request's tensors at `from` lie together in one
 * place, its answer's at `to` in another, each as a message of dataplane/PROTOCOL.md: with the
 * scales first where the encoding has them, then tensor by tensor in the engine's order, each of
 * them all rows of it one after the other, in ONNX layout, without gaps. The rows of a request are
 * said one by one, in one dispatch or several, and each touches only its own part of the two
 * places. The place is the same for all: the worker finds the row in it.
 *
 *   place:  │ scales (u8) │ tensor 0: row 0 │ row 1 │ ... │ tensor 1: row 0 │ row 1 │ ... │
 *             8 * tensors * rows             ^ bytes of one row, in the encoding
 *
 * Encoding 0 is the tensors' own type: read and written where they lie (where a tensor before puts
 * one off its type's alignment, it is copied). The others are for tensors of f32 alone, and
 * converted when the row enters and leaves. Places start at multiples of MESSAGE_TENSOR_ALIGN; they
 * are offsets into the payload of a granted region, named by its number in the channel's grants.
 *
 * The worker checks every field of a descriptor that it popped (a private copy) against what it
 * knows: the model, its cuts and their bytes, the regions. jointd checks every answer against
 * its slot table by (slot, generation) and its own record of dispatches. Whoever is named after a
 * field sets it. Reserved bytes are zero and are not looked at. A change here raises
 * SHM_MESSAGE_VERSION, which is part of the layout hash, so builds that differ do not meet. */
#ifndef SHM_MESSAGE_H
#define SHM_MESSAGE_H

#include "shm/layout.h"

#define MESSAGE_TENSOR_ALIGN 64u /* of a place; tensors in it follow without gaps */
#define MESSAGE_MAX_ROWS 64u /* alive in one dispatch, and the largest batch */
#define MESSAGE_MAX_MODELS 256u /* models are numbered below */
#define MESSAGE_MAX_DISPATCHES 8u /* open at once: said, and not answered by RUN_DONE */
#define MESSAGE_STOP_WORDS 6u
#define MESSAGE_MAX_STOP (64u * MESSAGE_STOP_WORDS) /* cuts from here on cannot be stops */
#define MESSAGE_WHOLE_DISPATCH UINT32_MAX /* as the slot of a CANCEL */

/* Of the ring worker -> jointd: a worker refuses a smaller one. */
#define MESSAGE_MIN_ANSWERS 128u

enum message_kind {
    MESSAGE_NONE, /* zeroed memory says nothing */
    MESSAGE_LOAD,
    MESSAGE_UNLOAD,
    MESSAGE_RUN,
    MESSAGE_ROW,
    MESSAGE_CANCEL,
    MESSAGE_DRAIN,
    MESSAGE_READY = 64,
    MESSAGE_FAILED,
    MESSAGE_UNLOADED,
    MESSAGE_SEGMENT_STARTED,
    MESSAGE_SEGMENT_DONE,
    MESSAGE_ROW_DONE,
    MESSAGE_RUN_DONE,
    MESSAGE_DRAINED,
    MESSAGE_REFUSED,
};

enum message_status {
    MESSAGE_OK,
    MESSAGE_MISSED, /* no such dispatch, it is over, or it has passed the row's `from` */
    MESSAGE_FULL, /* the batch, or the list of dispatches, has no room */
    MESSAGE_LATE, /* the deadline had passed when the row was to enter */
    MESSAGE_CANCELLED,
    MESSAGE_NO_MODEL, /* not loaded here */
    MESSAGE_BAD_CUT, /* from < to, inside the dispatch and the model, does not hold; or rows of a
                      * batch cannot be told apart at one of the two */
    MESSAGE_BAD_PLACE, /* size, region, bounds or alignment of a place; or no such row, or an
                        * encoding that is none for these tensors */
    MESSAGE_BAD_RUN, /* number in use, no rows or too many, impossible range */
    MESSAGE_DRAINING, /* no new dispatches */
    MESSAGE_BROKEN, /* the engine failed: see error */
};

/* RUN. jointd: sets all, worker: checks all. */
struct message_run {
    uint8_t kind;
    uint8_t urgency; /* of the dispatches that could go on, the one with most of it does */
    uint8_t reserved[2];
    uint32_t dispatch; /* jointd's number for it; not in use by an open dispatch */
    uint16_t model;
    uint16_t from, to; /* cuts, from < to */
    uint16_t row_count; /* ROWs that the start waits for, 1..MESSAGE_MAX_ROWS */
    uint64_t stops[MESSAGE_STOP_WORDS]; /* bit k: a segment ends at cut k; out of range: no matter.
                                         * One where somebody has come costs a copy of that cut's
                                         * tensors, any other nothing, as a rule */
};

/* How the elements of a message are written; the numbers are PROTOCOL.md's. */
enum message_encoding {
    MESSAGE_OWN_TYPE, /* f32, or whatever the tensor is of */
    MESSAGE_F16,
    MESSAGE_U8, /* with a scale and a zero point for each row of each tensor */
    MESSAGE_ENCODINGS,
};

/* ROW. jointd: sets all, worker: checks all but slot and generation, which it only repeats. */
struct message_row {
    uint8_t kind;
    uint8_t in_region; /* number of the grant: a slab */
    uint8_t out_region; /* a slab that the worker may write */
    uint8_t reserved;
    uint32_t dispatch;
    uint32_t slot, generation; /* of the request, in jointd's table */
    uint16_t model; /* the dispatch's */
    uint16_t from, to; /* inside the dispatch's */
    uint16_t row; /* which of the request's, below rows */
    uint64_t in_offset; /* the request's message, with its tensors at `from` */
    uint64_t out_offset; /* place for the answer's, with those at `to`; apart from the other */
    uint32_t in_bytes, out_bytes; /* of the whole messages; exactly those of `rows` rows */
    uint16_t rows; /* of the request, 1 and up */
    uint8_t in_encoding, out_encoding; /* enum message_encoding */
    uint32_t reserved2;
    uint64_t deadline_ns; /* monotonic: not worth starting after it; 0: none */
};

/* LOAD, UNLOAD (model), CANCEL (dispatch, slot, generation), DRAIN, DRAINED, REFUSED (model: the
 * kind that was not known). The sender sets what is listed. */
struct message_order {
    uint8_t kind;
    uint8_t status;
    uint16_t model;
    uint32_t dispatch;
    uint32_t slot, generation;
    uint64_t reserved[6];
};

/* READY, FAILED, UNLOADED. worker: sets all, jointd: checks model. */
struct message_model {
    uint8_t kind;
    uint8_t status;
    uint16_t model;
    int32_t error; /* -errno of FAILED */
    uint32_t cut_count;
    uint32_t max_batch;
    uint64_t weights_bytes; /* shared */
    uint64_t private_bytes; /* of this worker alone, for this model */
    uint64_t load_ns; /* its memory is made present after, while there is nothing to do */
    uint64_t reserved[3];
};

/* SEGMENT_STARTED, SEGMENT_DONE. worker: sets all; jointd: what it predicts with, not trusts. */
struct message_segment {
    uint8_t kind;
    uint8_t status;
    uint16_t model;
    uint32_t dispatch;
    uint16_t from, to;
    uint16_t row_count; /* of the batch */
    uint16_t waiting_count; /* rows that enter at a later cut */
    uint64_t started_ns; /* monotonic */
    uint64_t ended_ns; /* 0 in SEGMENT_STARTED */
    uint64_t paused_ns; /* of the time between the two: for more urgent ones inside of it */
    uint64_t reserved[3];
};

/* ROW_DONE. worker: sets all, jointd: checks slot, generation, row and that this worker runs it.
 * The answer lies in the row's part of the place if status is MESSAGE_OK; else that part may hold
 * anything. */
struct message_row_done {
    uint8_t kind;
    uint8_t status;
    uint16_t model;
    uint32_t dispatch;
    uint32_t slot, generation;
    uint16_t from, to;
    uint16_t segment_count;
    uint16_t row; /* of the request */
    int32_t error; /* -errno of MESSAGE_BROKEN */
    uint32_t reserved2;
    uint64_t entered_ns, left_ns; /* monotonic; 0 if it did not enter */
    uint64_t compute_ns; /* of the segments that it was in, without pauses */
    uint64_t reserved3;
};

/* RUN_DONE: the dispatch is closed. worker: sets all. */
struct message_run_done {
    uint8_t kind;
    uint8_t status;
    uint16_t model;
    uint32_t dispatch;
    uint32_t row_count; /* rows that ended in it */
    uint32_t segment_count;
    uint64_t compute_ns;
    uint64_t reserved[5];
};

union message {
    uint8_t kind;
    struct message_run run;
    struct message_row row;
    struct message_order order;
    struct message_model model;
    struct message_segment segment;
    struct message_row_done row_done;
    struct message_run_done run_done;
    struct spsc_entry entry;
};

static_assert(sizeof(struct message_run) == SHM_LINE_BYTES, "message_run");
static_assert(offsetof(struct message_run, stops) == 16, "message_run");
static_assert(sizeof(struct message_row) == SHM_LINE_BYTES, "message_row");
static_assert(offsetof(struct message_row, in_offset) == 24, "message_row");
static_assert(offsetof(struct message_row, in_bytes) == 40, "message_row");
static_assert(offsetof(struct message_row, rows) == 48, "message_row");
static_assert(offsetof(struct message_row, deadline_ns) == 56, "message_row");
static_assert(sizeof(struct message_order) == SHM_LINE_BYTES, "message_order");
static_assert(sizeof(struct message_model) == SHM_LINE_BYTES, "message_model");
static_assert(offsetof(struct message_model, weights_bytes) == 16, "message_model");
static_assert(sizeof(struct message_segment) == SHM_LINE_BYTES, "message_segment");
static_assert(offsetof(struct message_segment, started_ns) == 16, "message_segment");
static_assert(offsetof(struct message_segment, paused_ns) == 32, "message_segment");
static_assert(sizeof(struct message_row_done) == SHM_LINE_BYTES, "message_row_done");
static_assert(offsetof(struct message_row_done, row) == 22, "message_row_done");
static_assert(offsetof(struct message_row_done, entered_ns) == 32, "message_row_done");
static_assert(sizeof(struct message_run_done) == SHM_LINE_BYTES, "message_run_done");
static_assert(offsetof(struct message_run_done, compute_ns) == 16, "message_run_done");
static_assert(sizeof(union message) == sizeof(struct spsc_entry), "message");

#define MESSAGE_PATH_BYTES 2048u
#define MESSAGE_SYMBOL_BYTES 56u
#define MESSAGE_MAX_DIMENSIONS 4u

/* A model to load: one message over the socket, with one descriptor, the sealed region of its
 * packed weights, before the LOAD that names it. jointd: sets all, worker: checks all. The same
 * values must be used by whoever packed the weights. */
struct message_model_file {
    uint32_t model;
    uint32_t threads; /* of a run, the worker's own included; >= 1 */
    uint32_t max_batch; /* 1..MESSAGE_MAX_ROWS */
    uint32_t max_cut_tensors; /* >= 1 */
    uint64_t weights_bytes;
    uint32_t is_strict;
    uint32_t is_tuned;
    uint32_t dimension_count;
    uint32_t reserved;
    struct message_dimension {
        char symbol[MESSAGE_SYMBOL_BYTES]; /* ends with 0 */
        int64_t value;
    } dimension[MESSAGE_MAX_DIMENSIONS];
    char path[MESSAGE_PATH_BYTES]; /* of the ONNX file; ends with 0 */
    char tuning_path[MESSAGE_PATH_BYTES]; /* "": beside it */
};

static_assert(sizeof(struct message_dimension) == 64, "message_dimension");
static_assert(sizeof(struct message_model_file) == 40 + 4 * 64 + 2 * 2048, "message_model_file");

#define MESSAGE_PACKED_TEXT_BYTES 1000u
#define MESSAGE_PACKED_DESCRIPTORS 2u /* with status 0: the regions of weights and of the table */

/* What a loader (`joint-worker --pack`) answers. jointd sends one message_model_file without a
 * descriptor, weights_bytes of no matter; then come any number of these with status -EINPROGRESS,
 * and one last with another, after which the loader exits, 0 if its status is 0. Work that goes on
 * is told whenever a part of it is done, though not more than ten times a second; the longest parts
 * are reading a large file and measuring one layer's algorithms, some seconds. A progress message
 * that jointd does not read in time is left out. loader: sets all, jointd: checks all. */
struct message_packed {
    int32_t status; /* -EINPROGRESS; 0: two descriptors came with it, REGION_WEIGHTS and
                     * REGION_MODEL, sealed, both read-only; else -errno, and none */
    uint32_t permille; /* of the part that `text` names; UINT32_MAX: not known */
    uint64_t weights_bytes; /* with status 0: for message_model_file */
    uint64_t took_ns; /* so far */
    char text[MESSAGE_PACKED_TEXT_BYTES]; /* what is being done, or what went wrong, where and what
                                           * to do; ends with 0 */
};

static_assert(sizeof(struct message_packed) == 24 + MESSAGE_PACKED_TEXT_BYTES, "message_packed");
static_assert(offsetof(struct message_packed, text) == 24, "message_packed");

/* Where the next place may start, after one that ends at `bytes`. */
static inline uint64_t message_align(uint64_t bytes)
{
    return (bytes + MESSAGE_TENSOR_ALIGN - 1) / MESSAGE_TENSOR_ALIGN * MESSAGE_TENSOR_ALIGN;
}

static inline int message_is_stop(const struct message_run *run, uint32_t cut)
{
    return cut < MESSAGE_MAX_STOP && (run->stops[cut / 64] >> (cut % 64) & 1);
}

static inline void message_set_stop(struct message_run *run, uint32_t cut)
{
    if (cut < MESSAGE_MAX_STOP)
        run->stops[cut / 64] |= UINT64_C(1) << (cut % 64);
}

#endif
