/* The congestion window: CUBIC (RFC 9438), with HyStart++ (RFC 9406) to leave slow start. */
#ifndef DATAPLANE_PROTO_CUBIC_H
#define DATAPLANE_PROTO_CUBIC_H

#include "dataplane/proto/rtt.h"

#define JTP_INITIAL_WINDOW_SEGMENTS 10
#define JTP_LEAST_WINDOW_SEGMENTS 2

/* Windows are in bytes. */
struct jtp_cubic {
    double window; /* cwnd */
    double threshold; /* ssthresh */
    double peak; /* W_max */
    double prior; /* cwnd_prior: the window when the threshold was last set */
    double reno; /* W_est */
    double origin; /* cwnd_epoch */
    double period_s; /* K */
    uint64_t epoch_ns; /* when congestion avoidance began; JTP_NEVER: has not since the last loss */
    uint64_t recovery_ns; /* what was sent up to then has had its reduction */
    uint64_t idle_ns; /* since when the window does not limit; JTP_NEVER: it does */
    uint32_t segment_bytes; /* SMSS */
    bool has_lost; /* recovery_ns is meaningful */
    /* HyStart++ */
    bool is_cautious; /* in conservative slow start */
    uint8_t rounds; /* of it */
    uint8_t samples; /* in this round */
    uint64_t round_ns; /* a packet sent from then on begins the next round */
    uint64_t round_rtt_ns, last_round_rtt_ns, baseline_rtt_ns; /* smallest; JTP_NEVER: none */
};

void jtp_cubic_init(struct jtp_cubic *cubic, uint32_t segment_bytes);

/* The size of datagrams has changed. */
void jtp_cubic_set_segment(struct jtp_cubic *cubic, uint32_t segment_bytes);

/* Bytes were acknowledged, the latest of them sent at sent_ns; is_limited: the window was full. */
void jtp_cubic_on_acked(struct jtp_cubic *cubic, uint64_t bytes, uint64_t sent_ns,
                        const struct jtp_rtt *rtt, bool is_limited, uint64_t now_ns);

/* A packet sent at sent_ns was lost. Reduces once for all that was sent before now. */
void jtp_cubic_on_lost(struct jtp_cubic *cubic, uint64_t sent_ns, uint64_t now_ns);

/* Nothing got through for so long that the window means nothing any more. */
void jtp_cubic_on_persistent(struct jtp_cubic *cubic);

static inline bool jtp_cubic_is_slow_start(const struct jtp_cubic *cubic)
{
    return cubic->window < cubic->threshold;
}

#endif
