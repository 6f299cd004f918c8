/* The answers that lie in the response slab: who still needs each, and whether jointd knows that
 * nobody does.
 *
 *   FREE ──take──> held by the protocol, lent to the port n times ──neither──> owes SENT ──> FREE
 *
 * Private memory of one thread, by the slot that jointd named; a slot is jointd's again only by
 * SENT, so what it says of one is compared with what is known here. */
#ifndef DATAPLANE_ANSWERS_H
#define DATAPLANE_ANSWERS_H

#include "dataplane/waiting_list.h"
#include "shm/ingress.h"
#include "shm/region.h"

struct answer {
    bool is_taken; /* from take until SENT was said */
    bool is_held; /* by the protocol */
    uint32_t lent_count; /* tokens with the port */
    uint32_t generation;
};

struct answers {
    struct answer *records; /* owned; by slot */
    uint32_t count, taken_count;
    uint32_t lent_count; /* of all */
    const uint8_t *bytes; /* the response region's payload */
    uint64_t payload_bytes;
    struct waiting_list owing; /* SENT */
};

int answers_init(struct answers *answers, uint32_t count, const struct region *responses);
void answers_fini(struct answers *answers); /* accepts a zeroed one */

/* Whether the slot may be taken: it is one, and not taken. */
bool answers_can_take(const struct answers *answers, uint32_t slot);

/* Where the answer lies, or NULL: not inside the region. */
const uint8_t *answers_find(const struct answers *answers, uint64_t offset, uint32_t bytes);

/* Taken and held. */
void answers_take(struct answers *answers, uint32_t slot, uint32_t generation);
/* The protocol does not need it any more. */
void answers_let_go(struct answers *answers, uint32_t slot);

/* A datagram that points into it goes to the port; its token comes back once. */
static inline void answers_lend(struct answers *answers, uint32_t slot)
{
    answers->records[slot].lent_count++;
    answers->lent_count++;
}

void answers_returned(struct answers *answers, uint32_t slot);

/* Writes the SENT of the next answer that nobody needs any more, which is free then; false: none.
 */
bool answers_next_sent(struct answers *answers, union ingress_message *message);

#endif
