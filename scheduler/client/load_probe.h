/* Asks a server for its load: one datagram there, one back (PROTOCOL.md, PROBE and LOAD). */
#ifndef SCHEDULER_CLIENT_LOAD_PROBE_H
#define SCHEDULER_CLIENT_LOAD_PROBE_H

#include "scheduler/client/socket.h"

struct load_probe_answer {
    struct jtp_load load;
    uint64_t boot, sequence; /* the server's run, and a number that counts up in it */
    uint64_t rtt_ns;
    uint32_t tries; /* that it took */
};

/* Sends at most so many probes, each of which is waited for as long; blocks meanwhile. An answer to
 * an earlier probe counts as well. 0; -ETIMEDOUT: none came; -ECONNREFUSED: nobody listens there;
 * -EPROTO: the server speaks another version of the protocol. */
int load_probe(struct socket *socket, uint32_t tries, uint64_t patience_ns,
               struct load_probe_answer *answer);

#endif
