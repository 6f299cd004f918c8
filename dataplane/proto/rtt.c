/* The estimator that TCP and QUIC share, with the peer's delay taken off. */
#include "dataplane/proto/rtt.h"

void jtp_rtt_init(struct jtp_rtt *rtt, uint64_t initial_ns)
{
    *rtt = (struct jtp_rtt){.smoothed_ns = initial_ns, .variation_ns = initial_ns / 2};
}

void jtp_rtt_update(struct jtp_rtt *rtt, uint64_t sample_ns, uint64_t ack_delay_ns)
{
    rtt->latest_ns = sample_ns;
    if (!rtt->has_sample) {
        rtt->has_sample = true;
        rtt->minimum_ns = rtt->smoothed_ns = sample_ns;
        rtt->variation_ns = sample_ns / 2;
        return;
    }
    if (sample_ns < rtt->minimum_ns)
        rtt->minimum_ns = sample_ns;
    if (ack_delay_ns > JTP_MAX_ACK_DELAY_NS)
        ack_delay_ns = JTP_MAX_ACK_DELAY_NS;
    uint64_t adjusted = sample_ns;
    if (sample_ns >= rtt->minimum_ns + ack_delay_ns)
        adjusted -= ack_delay_ns;
    uint64_t off =
        adjusted > rtt->smoothed_ns ? adjusted - rtt->smoothed_ns : rtt->smoothed_ns - adjusted;
    rtt->variation_ns = (3 * rtt->variation_ns + off) / 4;
    rtt->smoothed_ns = (7 * rtt->smoothed_ns + adjusted) / 8;
}

uint64_t jtp_rtt_probe_timeout_ns(const struct jtp_rtt *rtt)
{
    uint64_t spread = 4 * rtt->variation_ns;
    if (spread < JTP_GRANULARITY_NS)
        spread = JTP_GRANULARITY_NS;
    return rtt->smoothed_ns + spread + JTP_MAX_ACK_DELAY_NS;
}
