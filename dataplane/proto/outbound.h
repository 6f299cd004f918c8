/* A message that leaves: which bytes to send next, and whether all have arrived. */
#ifndef DATAPLANE_PROTO_OUTBOUND_H
#define DATAPLANE_PROTO_OUTBOUND_H

#include "dataplane/proto/range_set.h"

/*  0 .... next ........ granted ........ total
 *  sent,           may be             must wait
 *  some lost       sent
 */
struct jtp_outbound {
    const uint8_t *bytes; /* the message; NULL: none */
    uint32_t total_bytes, granted_bytes;
    uint32_t next; /* the first byte that was never sent */
    uint32_t in_flight; /* packets with bytes of it */
    struct jtp_range_set lost;
};

/* ranges: the caller's memory for at least 1; with few, bytes between lost ones are sent again too.
 */
void jtp_outbound_init(struct jtp_outbound *outbound, const uint8_t *bytes, uint32_t total_bytes,
                       uint32_t granted_bytes, struct jtp_range *ranges, uint32_t range_count);

/* The peer has room for so many bytes from the message's beginning. Never takes room back. */
void jtp_outbound_grant(struct jtp_outbound *outbound, uint32_t granted_bytes);

/* Everything again from the beginning. What is in flight must be taken for of no use by the caller;
 * in_flight is 0 afterwards. */
void jtp_outbound_restart(struct jtp_outbound *outbound);

/* Takes the next range to send, of at most length bytes: what was lost before what is new. False if
 * there is none. It counts as in flight. */
bool jtp_outbound_take(struct jtp_outbound *outbound, uint32_t length, struct jtp_range *range);
bool jtp_outbound_has_next(const struct jtp_outbound *outbound);

/* A packet with bytes of the message has arrived. */
void jtp_outbound_acked(struct jtp_outbound *outbound);

/* These bytes have to be sent again, be their packet lost or only late. */
void jtp_outbound_again(struct jtp_outbound *outbound, uint32_t offset, uint32_t length);

/* A packet with bytes of it was lost; its bytes are sent again only by jtp_outbound_again(). */
void jtp_outbound_lost(struct jtp_outbound *outbound);

/* Whether every byte has arrived. */
bool jtp_outbound_is_done(const struct jtp_outbound *outbound);

#endif
