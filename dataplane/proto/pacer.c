/* One addition a packet: no timer ticks, no tokens to fill. */
#include "dataplane/proto/pacer.h"

void jtp_pacer_sent(struct jtp_pacer *pacer, uint32_t bytes, double window, double gain,
                    uint64_t rtt_ns, uint32_t datagram_bytes, uint64_t now_ns)
{
    double ns_per_byte = (double)rtt_ns / (window * gain);
    uint64_t burst_ns = (uint64_t)(ns_per_byte * datagram_bytes * (JTP_BURST_DATAGRAMS - 1));
    uint64_t earliest_ns = now_ns > burst_ns ? now_ns - burst_ns : 0;
    if (pacer->next_ns < earliest_ns)
        pacer->next_ns = earliest_ns;
    pacer->next_ns += (uint64_t)(ns_per_byte * bytes);
}
