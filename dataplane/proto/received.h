/* Which packets have arrived, and when to say so: PROTOCOL.md, section 6. */
#ifndef DATAPLANE_PROTO_RECEIVED_H
#define DATAPLANE_PROTO_RECEIVED_H

#include "dataplane/proto/range_set.h"
#include "dataplane/proto/rtt.h"
#include "dataplane/proto/wire.h"

#define JTP_ACK_EVERY 2 /* eliciting packets */

/* Not to be moved: the set points into it. */
struct jtp_received {
    struct jtp_range memory[JTP_MAX_ACK_RANGES];
    struct jtp_range_set numbers;
    uint64_t largest_ns; /* when the largest arrived */
    uint64_t due_ns; /* when an ACK has to leave; JTP_NEVER: none is owed */
    uint32_t owed; /* eliciting packets since the last ACK */
};

void jtp_received_init(struct jtp_received *received);

/* A packet was processed. is_urgent: it wants its ACK at once. */
void jtp_received_add(struct jtp_received *received, uint64_t number, bool is_eliciting,
                      bool is_urgent, uint64_t now_ns);

/* The ACK as of now; false if there is nothing to acknowledge. */
bool jtp_received_ack(const struct jtp_received *received, struct jtp_ack *ack, uint64_t now_ns);

/* That ACK has left. */
void jtp_received_acked(struct jtp_received *received);

#endif
