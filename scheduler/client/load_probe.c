/* Asks a server for its load: one datagram there, one back. */
#include "scheduler/client/load_probe.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <time.h>

#define MAX_TRIES 64

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The probes that are out: number i has the nonce first + i. */
struct outstanding {
    uint64_t first;
    uint64_t sent_ns[MAX_TRIES];
    uint32_t count;
};

/* 1: answered; 0: not of us; or an error. */
static int read_one(const struct outstanding *out, const struct socket_received *received,
                    struct load_probe_answer *answer)
{
    struct jtp_packet packet;
    if (jtp_packet_read(received->bytes, received->count, &packet))
        return 0;
    uint64_t number = packet.header.connection - out->first;
    if (number >= out->count)
        return 0;
    if (packet.header.kind == JTP_REFUSE && packet.reason == JTP_BAD_VERSION)
        return -EPROTO;
    if (packet.header.kind != JTP_LOAD)
        return 0;
    *answer = (struct load_probe_answer){.load = packet.load,
                                         .boot = packet.boot,
                                         .sequence = packet.sequence,
                                         .rtt_ns = now_ns() - out->sent_ns[number],
                                         .tries = out->count};
    return 1;
}

/* 1: answered; 0: not until end_ns; or an error. */
static int wait_until(struct socket *s, const struct outstanding *out, uint64_t end_ns,
                      struct load_probe_answer *answer)
{
    struct socket_received burst[SOCKET_BURST];
    for (uint64_t at_ns = now_ns(); at_ns < end_ns; at_ns = now_ns()) {
        struct pollfd fd = {.fd = s->fd, .events = POLLIN};
        const struct timespec wait = {.tv_sec = (time_t)((end_ns - at_ns) / 1000000000u),
                                      .tv_nsec = (long)((end_ns - at_ns) % 1000000000u)};
        ppoll(&fd, 1, &wait, NULL);
        int count = socket_receive(s, burst);
        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            int rc = read_one(out, &burst[i], answer);
            if (rc)
                return rc;
        }
    }
    return 0;
}

int load_probe(struct socket *s, uint32_t tries, uint64_t patience_ns,
               struct load_probe_answer *answer)
{
    struct outstanding out = {.count = 0};
    if (getrandom(&out.first, sizeof(out.first), 0) < 0)
        return -errno;
    for (uint32_t i = 0; i < tries && i < MAX_TRIES; i++) {
        struct jtp_datagram probe = {.payload_bytes = 0};
        probe.head_bytes = (uint32_t)jtp_write_probe(probe.head, out.first + i);
        out.sent_ns[out.count++] = now_ns();
        int rc = socket_send(s, &probe, 1);
        if (rc == 0)
            rc = wait_until(s, &out, out.sent_ns[i] + patience_ns, answer);
        if (rc)
            return rc > 0 ? 0 : rc;
    }
    return -ETIMEDOUT;
}
