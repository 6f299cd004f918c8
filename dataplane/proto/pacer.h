/* Spreads packets over the round-trip time: RFC 9002, section 7.7. */
#ifndef DATAPLANE_PROTO_PACER_H
#define DATAPLANE_PROTO_PACER_H

#include <stdint.h>

#define JTP_BURST_DATAGRAMS 10

/* The generic cell rate algorithm: next_ns is when the next byte would leave at exactly the rate;
 * it may lag behind now by a burst's time, no more. */
struct jtp_pacer {
    uint64_t next_ns;
};

/* When a datagram may leave: now or earlier means at once. */
static inline uint64_t jtp_pacer_ready_ns(const struct jtp_pacer *pacer)
{
    return pacer->next_ns;
}

/* Bytes left at now_ns; the rate is a window a round-trip time, times gain. */
void jtp_pacer_sent(struct jtp_pacer *pacer, uint32_t bytes, double window, double gain,
                    uint64_t rtt_ns, uint32_t datagram_bytes, uint64_t now_ns);

#endif
