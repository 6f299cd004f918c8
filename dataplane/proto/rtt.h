/* The round-trip time of a path: RFC 9002, section 5. */
#ifndef DATAPLANE_PROTO_RTT_H
#define DATAPLANE_PROTO_RTT_H

#include <stdbool.h>
#include <stdint.h>

#define JTP_MS UINT64_C(1000000) /* in ns */
#define JTP_GRANULARITY_NS JTP_MS
#define JTP_MAX_ACK_DELAY_NS (5 * JTP_MS)
#define JTP_NEVER UINT64_MAX

struct jtp_rtt {
    bool has_sample;
    uint64_t latest_ns, smoothed_ns, variation_ns, minimum_ns;
};

/* initial_ns stands for the smoothed value until there is a sample. */
void jtp_rtt_init(struct jtp_rtt *rtt, uint64_t initial_ns);

/* A packet was acknowledged sample_ns after it left; the peer says it held that back ack_delay_ns.
 */
void jtp_rtt_update(struct jtp_rtt *rtt, uint64_t sample_ns, uint64_t ack_delay_ns);

/* How long to wait for an acknowledgement before probing, without back-off. */
uint64_t jtp_rtt_probe_timeout_ns(const struct jtp_rtt *rtt);

#endif
