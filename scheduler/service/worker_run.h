/* What jointd remembers of a dispatch that a worker was told: its rows that were not answered yet,
 * which of them have entered, and how long it should take.
 *
 *   free ── RUN ──> open ── JOIN adds rows, ROW_DONE takes them out ──> RUN_DONE ──> closed ──>
 * free rows that came too late for it are still answered */
#ifndef SCHEDULER_SERVICE_WORKER_RUN_H
#define SCHEDULER_SERVICE_WORKER_RUN_H

#include "scheduler/dispatch/dispatch.h"
#include "shm/message.h"

struct worker_run_row {
    uint32_t slot; /* of its request */
    uint16_t row; /* of the request */
    uint16_t from, to;
    uint16_t batch; /* the most rows that it has run with */
    bool has_joined; /* when the dispatch was told already: it may come too late */
    bool has_entered;
    bool is_merged; /* it has run with rows that entered elsewhere */
};

struct worker_run {
    bool is_open; /* RUN_DONE is owed */
    bool has_begun; /* a segment was started */
    uint8_t urgency;
    uint16_t model;
    uint32_t number;
    uint64_t predicted_ns; /* all of it, joins included */
    uint32_t row_count; /* said and not answered */
    struct worker_run_row rows[DISPATCH_MAX_BATCH];
};

/* A RUN. */
void worker_run_open(struct worker_run *run, const struct dispatch_action *action);
/* One of its rows, or one that joins; there is room: the dispatcher counts the same rows. */
void worker_run_add(struct worker_run *run, const struct worker_run_row *row);

/* The worker starts a segment at that cut, with so many rows. */
void worker_run_segment(struct worker_run *run, uint32_t from, uint32_t row_count);

/* A row that was not answered, or NULL. */
struct worker_run_row *worker_run_find(struct worker_run *run, uint32_t slot, uint32_t row);
/* It was answered. */
void worker_run_remove(struct worker_run *run, struct worker_run_row *row);

bool worker_run_has(const struct worker_run *run, uint32_t slot);
/* A row of that request has entered. */
bool worker_run_has_begun(const struct worker_run *run, uint32_t slot);

static inline bool worker_run_is_free(const struct worker_run *run)
{
    return !run->is_open && run->row_count == 0;
}

#endif
