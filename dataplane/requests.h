/* The requests that have memory: their places in the queue's part of the request slab, and what
 * jointd is owed about them.
 *
 *            reserve            whole            said                 finished
 *   FREE ────────────> ARRIVING ─────> WHOLE ────────────> SUBMITTED ──────────> FREE
 *                          │             │ cancelled            │ cancelled: owes CANCEL,
 *                          └─────────────┴──> FREE              └ and stays until FINISHED
 *                                        └──> GONE ──CANCEL said──> FREE, if jointd was asked
 *
 * Private memory of one thread. A request is named by its slot in the slab, its generation tells
 * it from those before. */
#ifndef DATAPLANE_REQUESTS_H
#define DATAPLANE_REQUESTS_H

#include "dataplane/proto/server.h"
#include "dataplane/waiting_list.h"
#include "shm/ingress.h"
#include "shm/slab.h"

enum request_state {
    REQUEST_FREE,
    REQUEST_ARRIVING,
    REQUEST_WHOLE,
    REQUEST_SUBMITTED,
    REQUEST_GONE,
};

/* Whether jointd expects it. */
enum request_ask { REQUEST_UNASKED, REQUEST_TO_ASK, REQUEST_ASKED, REQUEST_GRANTED };

struct request {
    enum request_state state;
    enum request_ask ask;
    bool is_cancelled; /* nobody wants its answer; SUBMITTED: CANCEL is owed or was said */
    struct jtp_request_ref ref;
    uint32_t answer_bytes; /* expected */
    struct ingress_submit submit; /* from ARRIVING on; whole at WHOLE */
};

struct requests {
    struct slab *slab; /* owned; hands out places of the part */
    struct request *records; /* owned; by slot */
    uint32_t count, taken_count;
    uint8_t *part; /* in the request region */
    uint64_t part_offset; /* into its payload */
    struct waiting_list owing; /* ASK, SUBMIT or CANCEL, in the order in which they came */
};

/* part: part_bytes at part_offset of the request region's payload. 0 or the errors of slab_create.
 */
int requests_init(struct requests *requests, uint8_t *part, uint64_t part_offset,
                  const struct slab_config *config);
void requests_fini(struct requests *requests); /* accepts a zeroed one */

/* An ARRIVING request of so many bytes. 0; -ENOSPC: not now; -EMSGSIZE: never. */
int requests_reserve(struct requests *requests, uint32_t bytes, uint32_t *slot, uint8_t **memory);
void requests_free(struct requests *requests, uint32_t slot);

/* The SUBMITTED one that jointd names, or NULL. */
struct request *requests_find(struct requests *requests, uint32_t slot, uint32_t generation);

/* The one that jointd was asked about by that name and has not judged yet, whatever became of it
 * since; or NULL. */
struct request *requests_find_asked(struct requests *requests, uint32_t slot, uint32_t generation);

/* Something about it is to be said. */
void requests_owe(struct requests *requests, uint32_t slot);

/* The next one that something is owed about, which counts as said; UINT32_MAX: none. */
uint32_t requests_next_owing(struct requests *requests);

#endif
