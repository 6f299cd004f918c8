/* Probe and answer over a port. The nonce is random, so that no old answer passes for a new one. */
#include "scheduler/loadtest/probe.h"

#include "scheduler/loadtest/clock.h"

#include <errno.h>
#include <sys/random.h>

struct waiting {
    uint64_t nonce;
    bool is_answered, has_other_version;
    struct loadtest_probe_answer *answer;
};

static void look_at(struct waiting *waiting, const struct port_received *received)
{
    struct jtp_packet packet;
    const int err = jtp_packet_read(received->bytes, received->count, &packet);
    if (!err && packet.header.kind == JTP_REFUSE && packet.reason == JTP_BAD_VERSION)
        waiting->has_other_version = true;
    if (err || packet.header.kind != JTP_LOAD || packet.header.connection != waiting->nonce)
        return;
    waiting->is_answered = true;
    waiting->answer->load = packet.load;
    waiting->answer->boot = packet.boot;
}

static void wait_for_answer(struct port *port, uint32_t queue, uint64_t until_ns,
                            struct waiting *waiting)
{
    struct port_received burst[PORT_MAX_BURST];
    for (uint64_t now_ns; (now_ns = loadtest_clock_ns()) < until_ns;) {
        const uint32_t count = port_receive(port, queue, burst, PORT_MAX_BURST, now_ns);
        for (uint32_t i = 0; i < count; i++)
            look_at(waiting, &burst[i]);
        port_release(port, queue);
        if (waiting->is_answered || waiting->has_other_version)
            return;
        if (count == 0)
            port_wait(port, queue, -1, until_ns - now_ns);
    }
}

int loadtest_probe(struct port *port, uint32_t queue, const struct jtp_address *server,
                   uint64_t patience_ns, struct loadtest_probe_answer *answer)
{
    uint8_t probe[JTP_PROBE_BYTES];
    struct waiting waiting = {.answer = answer};
    for (uint32_t i = 0; i < LOADTEST_PROBES && !waiting.is_answered; i++) {
        const uint64_t sent_ns = loadtest_clock_ns();
        if (getrandom(&waiting.nonce, sizeof(waiting.nonce), 0) != sizeof(waiting.nonce))
            waiting.nonce = sent_ns;
        const struct port_outgoing outgoing = {.to = *server,
                                               .head = probe,
                                               .head_bytes =
                                                   (uint32_t)jtp_write_probe(probe, waiting.nonce)};
        port_send(port, queue, &outgoing, 1, sent_ns);
        wait_for_answer(port, queue, sent_ns + patience_ns, &waiting);
        if (waiting.has_other_version)
            return -EPROTO;
        answer->rtt_ns = loadtest_clock_ns() - sent_ns;
    }
    return waiting.is_answered ? 0 : -ETIMEDOUT;
}
