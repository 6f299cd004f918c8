/* A client of one server: submits requests, each of which ends in exactly one event.
 *
 * The owner moves datagrams and time; the order of a turn is
 *     jtp_client_on_datagram() for each that came, jtp_client_on_timeout() if its time has come,
 *     jtp_client_next_event() until there is none, jtp_client_next_datagram() until there is none,
 *     wait until jtp_client_timeout_ns().
 * All of one client runs in one thread. No function blocks, allocates or looks at a clock. */
#ifndef DATAPLANE_PROTO_CLIENT_H
#define DATAPLANE_PROTO_CLIENT_H

#include "dataplane/proto/datagram.h"
#include "dataplane/proto/path.h"

struct jtp_client_config {
    struct jtp_path_config path;
    struct jtp_address server;
    uint64_t seed; /* no default: random; connection numbers come from it */
    uint64_t client; /* no default: who this is, over connections */
    uint32_t max_requests; /* open at once; default: 16 */
    uint32_t max_sent; /* packets in flight; default: 8192 */
    uint32_t max_ranges; /* with gaps in between, of a message; default: 128 */
    uint32_t unscheduled_bytes; /* sent before a grant; default: 16384 */
    uint64_t renew_idle_ns; /* a new connection number after so long; default: 30 s */
    uint64_t longest_ns; /* the deadline of requests without one; default: 10 s */
};

enum jtp_end {
    JTP_ANSWERED = 1, /* the answer is in its memory */
    JTP_REJECTED, /* by the server: reason, retry_after_us and load say more */
    JTP_LOST, /* the server has lost the request's state: it may or may not have run */
    JTP_LATE, /* the deadline has passed */
    JTP_CANCELLED, /* by jtp_client_cancel() */
    JTP_BROKEN, /* the answer is larger than its memory */
};

struct jtp_submission {
    /* Its request, client, deadline_us, answer_granted_bytes are filled in by the client. */
    struct jtp_open open;
    const uint8_t *bytes; /* the message; unchanged until the event */
    uint8_t *answer; /* where the answer goes */
    uint32_t answer_capacity;
    uint64_t deadline_ns; /* from now on; 0: longest_ns */
    void *user; /* comes back in the event */
};

struct jtp_event {
    uint32_t request;
    void *user;
    enum jtp_end end;
    uint8_t reason; /* enum jtp_reason */
    uint32_t retry_after_us;
    bool has_load;
    struct jtp_load load;
    struct jtp_answer answer;
    /* When it was submitted, first sent, wholly acknowledged, answered first, ended; 0: never. */
    uint64_t submitted_ns, sent_ns, uploaded_ns, answering_ns, ended_ns;
};

struct jtp_client_stats {
    uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out;
    uint64_t dropped; /* not for us, broken, or without room */
    uint64_t lost, probe_timeouts, retries, refusals, renewals;
};

struct jtp_client;

void jtp_client_config_default(struct jtp_client_config *config);

/* The memory that a client needs: suitably aligned for any type. */
size_t jtp_client_bytes(const struct jtp_client_config *config);
struct jtp_client *jtp_client_init(void *memory, const struct jtp_client_config *config);

/* Starts a request and says its number. -EAGAIN: max_requests are open. -EINVAL: it has no bytes.
 */
int jtp_client_submit(struct jtp_client *client, const struct jtp_submission *submission,
                      uint64_t now_ns, uint32_t *request);

/* Ends a request; its event comes as usual. -ENOENT: it is not open. */
int jtp_client_cancel(struct jtp_client *client, uint32_t request, uint64_t now_ns);

/* A datagram from the server's address. */
void jtp_client_on_datagram(struct jtp_client *client, const uint8_t *bytes, size_t count,
                            uint64_t now_ns);

/* When to call jtp_client_on_timeout(), once there is nothing to send; JTP_NEVER: not by itself. */
uint64_t jtp_client_timeout_ns(const struct jtp_client *client, uint64_t now_ns);
void jtp_client_on_timeout(struct jtp_client *client, uint64_t now_ns);

/* The next datagram to send now; false: there is none. */
bool jtp_client_next_datagram(struct jtp_client *client, uint64_t now_ns,
                              struct jtp_datagram *datagram);

/* The next request that has ended, once for each; false: there is none. */
bool jtp_client_next_event(struct jtp_client *client, struct jtp_event *event);

/* The number that its datagrams carry, and those for it; another one after it began anew, which may
 * happen in submit, on_datagram and on_timeout. */
uint64_t jtp_client_connection(const struct jtp_client *client);

const struct jtp_path *jtp_client_path(const struct jtp_client *client);
const struct jtp_client_stats *jtp_client_stats(const struct jtp_client *client);

#endif
