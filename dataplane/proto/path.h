/* One direction-pair between two addresses: packet numbers, acknowledgements, loss, window, pace
 * and datagram size. Client and server have the same; what packets carry is their owner's business.
 *
 * An owner's cycle: jtp_path_on_ack() and jtp_path_on_timeout() give lists of records whose packets
 * have arrived or are lost; jtp_path_can_send() says whether data may leave; jtp_path_sent() notes
 * what left. */
#ifndef DATAPLANE_PROTO_PATH_H
#define DATAPLANE_PROTO_PATH_H

#include "dataplane/proto/cubic.h"
#include "dataplane/proto/loss.h"
#include "dataplane/proto/mtu.h"
#include "dataplane/proto/pacer.h"
#include "dataplane/proto/received.h"

struct jtp_path_config {
    uint64_t initial_rtt_ns; /* default: 100 ms */
    uint16_t largest_datagram_bytes; /* default: 1472 */
};

/* Not to be moved. */
struct jtp_path {
    struct jtp_received received;
    struct jtp_loss loss;
    struct jtp_rtt rtt;
    struct jtp_cubic cubic;
    struct jtp_pacer pacer;
    struct jtp_mtu mtu;
    uint64_t next_number;
    uint64_t acked_sent_ns; /* when the latest packet acknowledged so far was sent */
    uint64_t progress_ns; /* when something was last acknowledged, or first in flight */
    uint32_t probes_owed; /* packets that may leave regardless of the window */
};

struct jtp_outcome {
    uint32_t acked, lost; /* lists for jtp_sent_pool_take() */
};

void jtp_path_config_default(struct jtp_path_config *config);
void jtp_path_init(struct jtp_path *path, const struct jtp_path_config *config);

/* -EBADMSG: it acknowledges what was never sent, and nothing was done. */
int jtp_path_on_ack(struct jtp_path *path, struct jtp_sent_pool *pool, const struct jtp_ack *ack,
                    uint64_t now_ns, struct jtp_outcome *outcome);

/* Call it when jtp_path_timeout_ns() has come; earlier is of no harm. True if a probe timeout
 * fired: the owner should queue jtp_path_oldest() again. */
bool jtp_path_on_timeout(struct jtp_path *path, struct jtp_sent_pool *pool, uint64_t now_ns,
                         struct jtp_outcome *outcome);

/* When an ACK, a loss or a probe is due. */
uint64_t jtp_path_timeout_ns(const struct jtp_path *path);

/* A copy of the oldest record in flight whose content was not queued again yet; from now on it
 * counts as queued. False if there is none. */
bool jtp_path_oldest(struct jtp_path *path, struct jtp_sent_pool *pool, struct jtp_sent *record);

/* All in flight is given up without that being congestion. The list of it. */
uint32_t jtp_path_forget(struct jtp_path *path);

/* Whether the window has room for one more datagram. */
bool jtp_path_has_room(const struct jtp_path *path);

/* When the pace allows the next datagram; 0: at once. */
uint64_t jtp_path_pace_ns(const struct jtp_path *path);

/* An eliciting packet left under next_number; one without a record only counts that up. */
void jtp_path_sent(struct jtp_path *path, struct jtp_sent_pool *pool, struct jtp_sent *record,
                   uint64_t now_ns);

#endif
