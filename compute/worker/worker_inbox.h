/* What a worker does with each descriptor from jointd: checks it, then acts or answers. */
#ifndef COMPUTE_WORKER_WORKER_INBOX_H
#define COMPUTE_WORKER_WORKER_INBOX_H

#include "compute/worker/worker.h"

/* All that one descriptor, or one segment, could have to be answered with. Segments that are under
 * way keep theirs. */
#define WORKER_OUT_ROOM (MESSAGE_MAX_ROWS + 8u)

static_assert(WORKER_OUT_ROOM <= MESSAGE_MIN_ANSWERS, "a worker could never take anything");

bool worker_has_out_room(struct worker *worker);
/* There was room. */
void worker_say(struct worker *worker, const union message *message);

/* Takes what is in the ring, and has been checked for nothing. How much. */
int worker_take_messages(struct worker *worker);

/* Ends a row of a path, active or not: answers it, and gives back what it held. */
void worker_end_row(struct worker *worker, struct worker_path *path, uint32_t index,
                    enum message_status status, int error, uint64_t now_ns);
/* Answers RUN_DONE and closes the path; no row is left. */
void worker_close_path(struct worker *worker, uint32_t index, enum message_status status);

uint64_t worker_now_ns(void);

#endif
