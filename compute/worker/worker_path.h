/* A dispatch as the worker runs it: a position among the cuts, and the rows that are on the way.
 *
 *   open ──rows come──> complete ──┬──> enter rows at `at` ──> segment [at, end) ──> leave rows ──┐
 *                                  └────────────────────── rows are left ────────────────────────┤
 *                                                                     no row is left: close <─────┘
 *
 * Pure: no memory is touched, no clock is read. What it decides depends on its arguments only. */
#ifndef COMPUTE_WORKER_WORKER_PATH_H
#define COMPUTE_WORKER_WORKER_PATH_H

#include "shm/message.h"

#include <stdbool.h>

struct worker_row {
    struct message_row said;
    const unsigned char *in; /* the request's message and place for the answer's, checked */
    unsigned char *out;
    bool is_active; /* has entered */
    bool is_cancelled; /* while its dispatch computes: it leaves after the segment */
    uint32_t place; /* private, where its tensors lie; 0: none, they are in its message */
    uint32_t next_place; /* while a segment runs: where they will; 0: in the answer's message */
    uint32_t segment_count;
    uint64_t entered_ns;
    uint64_t compute_ns;
};

struct worker_path {
    struct message_run said;
    bool is_open;
    bool is_running; /* its first segment was started */
    bool is_cancelled; /* while it computes: it is closed after the segment */
    bool is_solo; /* one row only: the rows of a batch cannot be told apart where it goes */
    uint32_t at; /* cut */
    uint32_t next_at; /* while it computes: where that may end; 0: it does not */
    uint32_t arrived_count; /* ROWs that named it, whatever became of them */
    uint32_t ended_count; /* rows that ended in it */
    uint32_t segment_count;
    uint64_t compute_ns;
    uint32_t row_count;
    struct worker_row row[MESSAGE_MAX_ROWS]; /* in the order in which they were said */
};

/* What is known of a model when a path is followed. */
struct worker_cuts {
    uint32_t count;
    uint32_t max_batch;
    const bool *has_rows; /* the rows of a batch can be told apart here, by cut */
    /* [max_batch][count]: so many rows, less one, can look there who has come, and go on for
     * nothing if nobody has. NULL: nowhere. */
    const bool *can_pause;
};

/* Whether the run is one that these cuts allow. */
enum message_status worker_path_check(const struct message_run *run,
                                      const struct worker_cuts *cuts);
/* run was checked. */
void worker_path_open(struct worker_path *path, const struct message_run *run);

/* Takes a row whose places were checked, or says why not. Whoever is taken finds room in the batch
 * at each cut of its way. No row that is there moves. */
enum message_status worker_path_join(struct worker_path *path, const struct worker_row *row,
                                     const struct worker_cuts *cuts);

/* So many dispatches of a model may be on the way: one that was begun, and one put before it. Each
 * finds private places for all its rows, so neither ever waits for the other. */
#define WORKER_MAX_RUNNING 2u

/* Whose next segment runs now, of the open ones in the order of their RUNs: the most urgent; of
 * those the one that was begun, then the first that is ready. UINT32_MAX: none can run. One that
 * was not begun waits while WORKER_MAX_RUNNING of its model were. */
uint32_t worker_path_choose(struct worker_path *const *paths, uint32_t count);

/* All rows that were announced have come, and there is one left. */
bool worker_path_is_ready(const struct worker_path *path);

/* Moves to the next cut where there is a row to run: `at`, unless none has entered. */
void worker_path_advance(struct worker_path *path);
/* Where what starts now ends, whoever comes. At least one row has entered. */
uint32_t worker_path_end(const struct worker_path *path, const struct worker_cuts *cuts);
/* A stop before that, where it may end if somebody has come. */
bool worker_path_may_pause(const struct worker_path *path, const struct worker_cuts *cuts,
                           uint32_t cut);
/* The first of these, if there is one before `end`; else that. */
uint32_t worker_path_next_stop(const struct worker_path *path, const struct worker_cuts *cuts,
                               uint32_t end);
/* Whether somebody enters at that stop or before the next, of what ends at `end`, or leaves
 * unforeseen: else it may go on. */
bool worker_path_has_news(const struct worker_path *path, const struct worker_cuts *cuts,
                          uint32_t cut, uint32_t end);

/* Takes out a row; the others keep their order. */
void worker_path_remove(struct worker_path *path, uint32_t index);

#endif
