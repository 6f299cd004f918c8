/* The requests that jointd has taken: a private table, indexed by the slot of the answer's place.
 *
 *   request_open ──> queued ──> running ──> request_end ──> FINISHED, and if it is an answer the
 *     │                ^ ^         │                        place is being sent until request_sent
 *     └─> expected ────┘ └─────────┘ worker died
 *            └─ request_unexpect
 *
 * In what state a place is and whose, the slot table knows (memory.h); this table knows what for.
 * Each SUBMIT that was taken gets exactly one FINISHED, unless whoever brought it has died. */
#ifndef SCHEDULER_SERVICE_REQUEST_H
#define SCHEDULER_SERVICE_REQUEST_H

#include "scheduler/dispatch/dispatch.h"
#include "scheduler/service/request_line.h"
#include "shm/ingress.h"

struct service;

#define REQUEST_NONE UINT32_MAX

struct request {
    struct slab_ref place; /* of the answer */
    bool is_open; /* FINISHED is owed, or would be if it were not an orphan */
    bool is_expected; /* its tensor is on its way: nothing is owed, the place is taken */
    bool is_cancelled; /* nobody wants the answer; it runs all the same */
    bool has_run; /* a row of it was run by the worker that has it */
    bool is_orphan; /* its ingress died: nobody is told */
    uint8_t failure; /* enum ingress_reason of the first row that failed */
    uint8_t encoding, answer_encoding, class_index;
    uint16_t ingress; /* number of whoever brought it */
    uint16_t model, from, to, rows;
    uint16_t batch; /* the most rows that one of its ran with */
    uint32_t bytes; /* of the message that came */
    uint32_t slot, generation; /* the ingress's name for it */
    uint64_t offset; /* of the message */
    uint64_t client; /* its ingress's name for whose it is */
    uint64_t arrived_ns, deadline_ns;
    uint64_t predicted_wait_ns, predicted_compute_ns; /* when it was taken */
    struct request_path path; /* kept only for the request log */
    uint64_t entered_ns; /* when its first row was begun; 0: not yet */
    uint64_t compute_ns; /* of the dispatches that ran its rows */
    uint64_t dispatch_ns; /* of these: of the one whose rows come back now */
    uint32_t dispatch; /* its number; meaningful once dispatch_ns is not 0 */
};

struct request_table {
    struct request *items; /* owned; [slot_count] */
    uint32_t slot_count;
    uint32_t open_count;
};

int request_table_init(struct request_table *table, uint32_t slot_count);
void request_table_fini(struct request_table *table); /* accepts NULL and zeroed */

/* Takes a request that has been checked: a place for its answer, a queue. Its slot, or why not. */
enum ingress_reason request_open(struct service *service, const struct request *wanted,
                                 uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot);

/* The same before its tensor has come. */
enum ingress_reason request_expect(struct service *service, const struct request *wanted,
                                   uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot);
/* What was expected has come: as request_open. Where it is not what was said it would be, it is as
 * if it had not been expected. */
enum ingress_reason request_arrive(struct service *service, const struct request *wanted,
                                   uint64_t answer_bytes, uint64_t now_ns, uint32_t *slot);
/* It will not come. */
void request_unexpect(struct service *service, uint32_t slot);

/* As the dispatcher wants to hear of it. */
struct dispatch_request request_for_dispatch(const struct request *request);

/* It is over, for that reason; the dispatcher has forgotten it. An answer is sent if it was one. */
void request_end(struct service *service, uint32_t slot, enum ingress_reason reason,
                 uint64_t now_ns);

/* The ingress has sent the answer: its place is free. -ESTALE: it was not sending that. */
int request_sent(struct service *service, uint32_t owner, uint32_t slot, uint32_t generation);

/* Nobody wants it: ends it now, or when its worker is done. */
void request_cancel(struct service *service, uint32_t slot, uint64_t now_ns);

/* One of its rows computed so long in that dispatch. Rows of a dispatch compute together, so only
 * the longest of them counts; those of dispatches that followed each other add up. */
void request_note_compute(struct request *request, uint32_t dispatch, uint64_t row_ns);

/* One of its rows has failed (`failure` says how): the others are not wanted. */
void request_give_up(struct service *service, uint32_t slot, uint64_t now_ns);

/* Its ingress died: as request_cancel, and nobody is told. */
void request_abandon(struct service *service, uint32_t slot, uint64_t now_ns);
/* Its ingress died while it was sending the answer. */
void request_unsent(struct service *service, uint32_t slot);

/* Its worker died. It waits again, alone if that may have been its doing. */
void request_requeue(struct service *service, uint32_t slot, bool is_alone, uint64_t now_ns);

#endif
