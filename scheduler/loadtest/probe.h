/* Asks a server whether it is there, before anything else is sent to it. */
#ifndef SCHEDULER_LOADTEST_PROBE_H
#define SCHEDULER_LOADTEST_PROBE_H

#include "dataplane/port/port.h"
#include "dataplane/proto/wire.h"

#define LOADTEST_PROBES 3

struct loadtest_probe_answer {
    struct jtp_load load;
    uint64_t boot;
    uint64_t rtt_ns;
};

/* Sends a PROBE of 64 bytes, waits patience_ns for its LOAD, and tries again, three times in all.
 * From the thread that uses the queue. 0; -ETIMEDOUT: no answer; -EPROTO: answers of another
 * version of the protocol. */
int loadtest_probe(struct port *port, uint32_t queue, const struct jtp_address *server,
                   uint64_t patience_ns, struct loadtest_probe_answer *answer);

#endif
