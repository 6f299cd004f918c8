/* What was sent and not yet acknowledged, and when it counts as lost: RFC 9002, section 6.
 *
 * Records live in a pool that all paths of a thread share; a path's records form a list in the
 * order of their numbers. What was acknowledged or lost comes back as a list, which the caller
 * walks with jtp_sent_pool_take(). */
#ifndef DATAPLANE_PROTO_LOSS_H
#define DATAPLANE_PROTO_LOSS_H

#include "dataplane/proto/rtt.h"
#include "dataplane/proto/wire.h"

#define JTP_NO_RECORD UINT32_MAX
#define JTP_PACKET_THRESHOLD 3
#define JTP_MAX_PROBE_TIMEOUT_NS (2000 * JTP_MS)

/* jtp_sent.flags */
#define JTP_SENT_SIZE_PROBE 1u /* asks whether its size passes; its loss is no congestion */
#define JTP_SENT_AGAIN 2u /* its content was queued again: not a second time when it is lost */

struct jtp_sent {
    uint64_t number, sent_ns;
    uint32_t next; /* in its list */
    uint32_t request, generation; /* the owner's: whose frames it carries */
    uint32_t offset; /* of the message's bytes it carries, */
    uint16_t length; /* which may be none */
    uint16_t bytes; /* of the datagram */
    uint8_t what; /* the owner's: which frames it carries */
    uint8_t flags;
};

struct jtp_sent_pool {
    struct jtp_sent *records; /* the caller's memory */
    uint32_t free; /* the first of the free list */
    uint32_t free_count;
};

struct jtp_loss {
    uint32_t head, tail; /* of the records in flight */
    uint32_t count;
    uint32_t probe_timeouts; /* in a row */
    uint64_t bytes_in_flight;
    uint64_t end_acked; /* one more than the largest number acknowledged; 0: none was */
    uint64_t loss_ns; /* when the next one counts as lost; JTP_NEVER: none will by time alone */
    uint64_t last_sent_ns;
};

/* The outcome of an ACK. */
struct jtp_acked {
    uint32_t head; /* the records newly acknowledged */
    uint64_t bytes; /* of them, size probes left out */
    uint64_t last_sent_ns; /* when the latest of them was sent */
    bool has_sample; /* the largest acknowledged is new: */
    uint64_t sample_ns; /* how long it took */
};

void jtp_sent_pool_init(struct jtp_sent_pool *pool, struct jtp_sent *memory, uint32_t count);

/* Copies the first record of a list and frees it; false at the list's end. */
bool jtp_sent_pool_take(struct jtp_sent_pool *pool, uint32_t *head, struct jtp_sent *record);

void jtp_loss_init(struct jtp_loss *loss);

/* Notes a packet; there must be a free record. Numbers ascend. */
void jtp_loss_sent(struct jtp_loss *loss, struct jtp_sent_pool *pool,
                   const struct jtp_sent *record);

/* Takes what the ACK acknowledges out of the records in flight. */
void jtp_loss_take_acked(struct jtp_loss *loss, struct jtp_sent_pool *pool,
                         const struct jtp_ack *ack, uint64_t now_ns, struct jtp_acked *acked);

/* Takes out what counts as lost by now, and sets loss_ns for the rest. The head of their list. */
uint32_t jtp_loss_take_lost(struct jtp_loss *loss, struct jtp_sent_pool *pool,
                            const struct jtp_rtt *rtt, uint64_t now_ns);

/* Takes out all: the path or the peer's state is gone. */
uint32_t jtp_loss_take_all(struct jtp_loss *loss);

/* When the probe timeout fires; JTP_NEVER while nothing is in flight. */
uint64_t jtp_loss_probe_ns(const struct jtp_loss *loss, const struct jtp_rtt *rtt);

/* How long in a row all packets must have been lost for that to be persistent congestion. */
uint64_t jtp_loss_persistent_ns(const struct jtp_rtt *rtt);

#endif
