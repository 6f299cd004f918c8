/* One dispatch as the tests of joint-worker know it: what was said, what was answered, and whether
 * the answers are to the bit what the engine computes in this process. */
#ifndef TESTS_PROPERTY_WORKER_DISPATCH_H
#define TESTS_PROPERTY_WORKER_DISPATCH_H

#include "tests/property/worker_host.h"
#include "tests/unit/shm_random.h"

#include <stdbool.h>

#define DISPATCH_ROWS 8u

struct worker_dispatch {
    struct message_run run;
    uint32_t row_count;
    struct message_row row[DISPATCH_ROWS]; /* in the order in which they were said */
    bool is_done[DISPATCH_ROWS];
    uint8_t status[DISPATCH_ROWS];
    uint32_t segment_count;
    struct message_segment segment[512];
};

/* Each slot has room for any cut, at the same offset of both slabs. */
void dispatch_fill(const struct worker_host *host, struct shm_random *random, uint32_t slot);
struct message_row dispatch_row(const struct worker_host *host, uint32_t dispatch, uint32_t slot,
                                uint32_t from, uint32_t to);

/* The stops are set before. */
void dispatch_say_run(struct worker_peer *peer, struct worker_dispatch *dispatch, uint32_t number,
                      uint32_t from, uint32_t to, uint32_t row_count);
void dispatch_say_row(struct worker_peer *peer, struct worker_dispatch *dispatch,
                      const struct message_row *row);

/* Notes an answer; false once the dispatch is closed. */
bool dispatch_note(struct worker_dispatch *dispatch, const union message *message);
/* Hears all answers up to the end. */
void dispatch_finish(struct worker_peer *peer, struct worker_dispatch *dispatch);

/* Runs the segments that the worker reported with the rows that must have been in them. */
void dispatch_check_by_segments(struct worker_host *host, const struct worker_dispatch *dispatch);
/* Without the worker's word: one run of all rows, which all go the whole way. */
void dispatch_check_by_one_run(struct worker_host *host, const struct worker_dispatch *dispatch);

/* DRAIN, and the process ends well. */
void worker_peer_stop(struct worker_peer *peer);

#endif
