/* The server's end for one thread: peers, their requests, and the answers.
 *
 * One server per lcore; nothing is shared, so datagrams of one client must come to one server. The
 * owner moves datagrams and time; the order of a turn is
 *     jtp_server_on_datagram() for each that came, sending its reply if there is one,
 *     jtp_server_answer() and jtp_server_reject() for what was computed,
 *     jtp_server_on_timeout() if its time has come,
 *     jtp_server_next_datagram() until there is none,
 *     wait until jtp_server_timeout_ns().
 * No function blocks, allocates or looks at a clock.
 *
 * Memory: reserve() lends the server room for a whole request before a byte of it is granted. It
 * goes back by release(), unless deliver() hands it on; then it is the owner's, and answer() or
 * reject() ends the request. The answer's memory is the owner's until sent() gives it back. */
#ifndef DATAPLANE_PROTO_SERVER_H
#define DATAPLANE_PROTO_SERVER_H

#include "dataplane/proto/cookie.h"
#include "dataplane/proto/datagram.h"
#include "dataplane/proto/path.h"

/* A request as the owner names it. One that has ended is named by nothing any more. */
struct jtp_request_ref {
    uint32_t index, generation;
};

struct jtp_reservation {
    struct jtp_request_ref request; /* server */
    uint32_t client_open; /* server: requests of its connection that are open, with this one */
    uint64_t whole_ns; /* server: when it will be whole, by how the last ones of its connection
                        * came, or else of all; JTP_NEVER: not known */
    bool is_held; /* nothing is granted before jtp_server_grant() */
    uint8_t *bytes; /* room for open->total_bytes */
    uint64_t slot; /* the owner's name for it */
    uint32_t retry_after_us; /* where it is refused */
};

/* What the server asks of its owner. Called from within the server's functions; none of these may
 * call back but deliver(), which may answer or reject at once. */
struct jtp_server_ops {
    /* OPEN of a new request: 0, or the reason to reject it (enum jtp_reason). Checks all that
     * depends on the model, total_bytes among it; no memory has been taken yet. */
    uint8_t (*check)(void *user, const struct jtp_open *open);
    /* Memory for it: 0; -ENOMEM: not now, let it wait; or a reason to reject it. */
    int (*reserve)(void *user, const struct jtp_open *open, struct jtp_reservation *reservation);
    /* The request has ended before it was whole: its memory is free again. */
    void (*release)(void *user, uint64_t slot);
    /* The request is whole, in the memory that was reserved. deadline_ns: JTP_NEVER if none. */
    void (*deliver)(void *user, struct jtp_request_ref request, const struct jtp_open *open,
                    uint64_t slot, uint64_t deadline_ns, uint64_t now_ns);
    /* The client has cancelled a request that was delivered, or is gone: no answer is wanted. */
    void (*cancelled)(void *user, struct jtp_request_ref request, uint64_t slot);
    /* The answer's memory is not needed any more: it has arrived, or was given up. */
    void (*sent)(void *user, uint64_t slot);
    /* The load as of now, for the client of that number. */
    void (*load)(void *user, uint64_t client, struct jtp_load *load);
};

struct jtp_server_config {
    struct jtp_path_config path;
    const struct jtp_server_ops *ops;
    void *user; /* the ops' first argument */
    struct jtp_key cookie_key, table_key; /* no default: random */
    uint64_t boot; /* no default: a number that no other run of the server had */
    bool validate_address; /* default: true; false is for laboratories */
    uint32_t max_clients; /* known at once; default: 16384 */
    uint32_t max_requests; /* open or remembered; default: 16384 */
    uint32_t max_requests_per_client; /* open; default: 16 */
    uint32_t max_receiving; /* requests that arrive, and answers that leave, at once; default:
                               2048. Answers beyond do with fewer ranges */
    uint32_t max_waiting; /* requests that wait for memory; default: 1024 */
    uint32_t max_ranges; /* of a message, with gaps in between; default: 64 */
    uint32_t max_sent; /* packets in flight, of all clients; default: 65536 */
    uint64_t cookie_lifetime_ns; /* default: 600 s */
    uint64_t idle_ns; /* a client is forgotten after; default: 60 s */
    uint64_t stall_ns; /* a request that stops arriving is ended after; default: 2 s */
    uint64_t longest_ns; /* to receive a request without a deadline; default: 10 s */
    uint64_t give_up_ns; /* an answer that nobody acknowledges, after; default: 10 s */
    uint64_t once_ns; /* an unacknowledged answer (JTP_ONCE) is kept for; default: 1 s */
    uint32_t retry_after_us; /* in REFUSE and in rejects of the server's own; default: 20000 */
    uint32_t replies_per_s; /* RETRY and REFUSE together, a fourth of them at once; default: 20000;
                             * 0: as many as are asked for */
};

struct jtp_answering {
    const uint8_t *bytes; /* unchanged until sent(slot) */
    uint32_t total_bytes;
    uint64_t slot; /* not 0 */
    uint8_t encoding; /* enum jtp_encoding */
    uint16_t batch;
    uint32_t queue_us, compute_us;
};

/* Counts since the beginning, but for the last four, which are how many there are now. */
struct jtp_server_stats {
    uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out;
    uint64_t not_jtp, bad_checksum, malformed, bad_version;
    uint64_t retries, refusals, probes;
    uint64_t unreplied; /* that replies_per_s left without RETRY or REFUSE */
    uint64_t opened, delivered, answered, rejected, cancelled, given_up, stalled, repeated;
    uint64_t unknown; /* data or questions of requests that are not known */
    uint64_t lost, probe_timeouts, evicted;
    uint64_t clients, open_requests, waiting, granted_bytes;
};

struct jtp_server;

void jtp_server_config_default(struct jtp_server_config *config);
size_t jtp_server_bytes(const struct jtp_server_config *config);

/* memory: suitably aligned, jtp_server_bytes() of it. */
struct jtp_server *jtp_server_init(void *memory, const struct jtp_server_config *config,
                                   uint64_t now_ns);

/* A datagram came. True if reply, which belongs to no client's state, has to be sent back. */
bool jtp_server_on_datagram(struct jtp_server *server, const struct jtp_address *from,
                            const uint8_t *bytes, size_t count, uint64_t now_ns,
                            struct jtp_datagram *reply);

/* The answer to a request that was delivered. -ENOENT: it has ended, the answer's memory is not
 * taken. */
int jtp_server_answer(struct jtp_server *server, struct jtp_request_ref request,
                      const struct jtp_answering *answer, uint64_t now_ns);
/* Also of one that is held. */
int jtp_server_reject(struct jtp_server *server, struct jtp_request_ref request,
                      enum jtp_reason reason, uint32_t retry_after_us, uint64_t now_ns);
/* What was held may come. -ENOENT: it has ended, or is whole. */
int jtp_server_grant(struct jtp_server *server, struct jtp_request_ref request, uint64_t now_ns);

/* There is memory again: those that wait for it get it, the longest waiting first. */
void jtp_server_memory_freed(struct jtp_server *server, uint64_t now_ns);

/* When to call jtp_server_on_timeout(), once there is nothing to send; JTP_NEVER: not by itself. */
uint64_t jtp_server_timeout_ns(const struct jtp_server *server);
void jtp_server_on_timeout(struct jtp_server *server, uint64_t now_ns);

/* The next datagram to send now; false: there is none. */
bool jtp_server_next_datagram(struct jtp_server *server, uint64_t now_ns,
                              struct jtp_datagram *datagram);

void jtp_server_rotate_cookie_key(struct jtp_server *server, const struct jtp_key *key);
const struct jtp_server_stats *jtp_server_stats(const struct jtp_server *server);

/* What an idle known client takes, tables included. */
size_t jtp_server_bytes_per_client(void);

#endif
