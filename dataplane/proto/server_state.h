/* What the server's files share: its peers and requests, and the queues they stand in. */
#ifndef DATAPLANE_PROTO_SERVER_STATE_H
#define DATAPLANE_PROTO_SERVER_STATE_H

#include "dataplane/proto/outbound.h"
#include "dataplane/proto/queue.h"
#include "dataplane/proto/reassembly.h"
#include "dataplane/proto/server.h"
#include "dataplane/proto/table.h"
#include "dataplane/proto/timer.h"

#define JTP_NO_REQUEST UINT32_MAX
#define JTP_FEW_RANGES 4
#define JTP_RECENT_PEERS 256
#define JTP_DEAD_TIMEOUTS 8 /* probe timeouts in a row, after which a client is taken for gone */

enum jtp_timer_kind { JTP_PEER_TIMER, JTP_REQUEST_TIMER };

/*            ┌─> WAITING ─┐
 *  FREE ─────┴────────────┴─> RECEIVING ──> WORKING ──> ANSWERING ──> ENDED ──> FREE
 *                 any of these may go to ENDED, with a reason to tell           (forgotten) */
enum jtp_request_state {
    JTP_REQUEST_FREE = 0,
    JTP_REQUEST_WAITING, /* for memory */
    JTP_REQUEST_RECEIVING, /* has a slot and ranges */
    JTP_REQUEST_WORKING, /* its slot is the owner's */
    JTP_REQUEST_ANSWERING, /* has an answer slot */
    JTP_REQUEST_ENDED, /* remembered; has an answer slot if it is kept (JTP_ONCE) */
};

enum jtp_ending {
    JTP_ENDED_ANSWERED = 0, /* the client has it all */
    JTP_ENDED_REJECTED, /* request.reason */
    JTP_ENDED_CANCELLED,
    JTP_ENDED_GIVEN_UP, /* computed, but the answer is not here any more */
};

/* Frames to send: jtp_request.pending and jtp_sent.what. */
#define JTP_SEND_GRANT 1u
#define JTP_SEND_PROGRESS 2u
#define JTP_SEND_REJECT 4u
#define JTP_SEND_ANSWER 8u
#define JTP_SEND_DATA 16u

struct jtp_peer;

struct jtp_request {
    enum jtp_request_state state;
    enum jtp_ending ending;
    uint32_t generation;
    uint8_t pending;
    uint8_t reason;
    bool is_restart; /* data was discarded before the GRANT */
    bool is_held; /* its owner has not said yet that it may come */
    bool is_head_acked; /* the client has ANSWER */
    uint32_t retry_after_us;
    struct jtp_open open;
    struct jtp_peer *peer;
    struct jtp_place of_peer; /* among the peer's, all of them */
    struct jtp_place to_send; /* among the peer's with something to send */
    struct jtp_place in_queue; /* of waiting, free or ended ones */
    struct jtp_timer timer;
    uint64_t deadline_ns, heard_ns, granted_ns;
    uint64_t slot, answer_slot;
    struct jtp_range *ranges; /* while it is RECEIVING, and ANSWERING if there were any */
    struct jtp_range few_ranges[JTP_FEW_RANGES];
    struct jtp_reassembly arriving;
    struct jtp_outbound outbound;
    struct jtp_answer answer;
};

struct jtp_peer {
    struct jtp_address address;
    uint64_t connection;
    uint32_t generation; /* 0: free */
    uint32_t open_count;
    uint64_t heard_ns;
    uint64_t progress_ns; /* when new bytes of any of its requests last came */
    uint64_t kib_ns; /* what a KiB took to come, lately; 0: not known */
    struct jtp_path path;
    struct jtp_queue requests, senders;
    struct jtp_place ready; /* among those that may have something to send */
    struct jtp_place idle; /* among the free, or those without open requests */
    struct jtp_timer timer;
    /* One frame about a request that has no state; the client asks again if a second one
     * displaces it. */
    struct jtp_control aside;
};

struct jtp_server {
    struct jtp_server_config config;
    struct jtp_cookie_jar jar;
    struct jtp_wheel wheel;
    struct jtp_sent_pool pool;
    struct jtp_peer *peers;
    struct jtp_request *requests;
    struct jtp_table peer_table, request_table;
    uint32_t recent_peers[JTP_RECENT_PEERS]; /* numbers; any peer, by a few bits of who it is */
    struct jtp_range **free_ranges; /* a stack */
    uint32_t free_range_count;
    uint32_t next_generation;
    uint64_t probe_sequence;
    uint64_t kib_ns; /* what a KiB of a tensor took to come, lately, of all clients; 0: not known */
    uint64_t replied_ns; /* up to when replies_per_s is used up */
    struct jtp_queue free_peers, idle_peers, ready_peers;
    struct jtp_queue free_requests, ended_requests, waiting_requests;
    struct jtp_server_stats stats;
};

/* What tells a place's present user from those before; never 0, which is none. */
static inline uint32_t jtp_server_next_generation(struct jtp_server *server)
{
    if (++server->next_generation == 0)
        server->next_generation = 1;
    return server->next_generation;
}

/* server_peer.c */
struct jtp_peer *jtp_server_find_peer(struct jtp_server *server, const struct jtp_address *address,
                                      uint64_t connection);
struct jtp_peer *jtp_server_new_peer(struct jtp_server *server, const struct jtp_address *address,
                                     uint64_t connection, uint64_t now_ns); /* NULL: no room */
void jtp_server_forget_peer(struct jtp_server *server, struct jtp_peer *peer);
void jtp_server_ready(struct jtp_server *server, struct jtp_peer *peer);
void jtp_server_arm_peer(struct jtp_server *server, struct jtp_peer *peer, uint64_t now_ns);
void jtp_server_settle(struct jtp_server *server, struct jtp_peer *peer,
                       const struct jtp_outcome *outcome, uint64_t now_ns);
void jtp_server_on_peer_timer(struct jtp_server *server, struct jtp_peer *peer, uint64_t now_ns);

/* server_request.c */
struct jtp_request *jtp_server_find_request(struct jtp_server *server, const struct jtp_peer *peer,
                                            uint32_t number);

/* False: the packet must not be acknowledged, so that it comes again. */
bool jtp_server_open(struct jtp_server *server, struct jtp_peer *peer, const struct jtp_open *open,
                     uint64_t now_ns);
void jtp_server_send(struct jtp_server *server, struct jtp_request *request, uint8_t pending);
struct jtp_range *jtp_server_take_ranges(struct jtp_server *server,
                                         struct jtp_request *request); /* NULL: none left */
void jtp_server_repeat(struct jtp_server *server, struct jtp_request *request);
void jtp_server_deliver(struct jtp_server *server, struct jtp_request *request, uint64_t now_ns);
void jtp_server_end(struct jtp_server *server, struct jtp_request *request, enum jtp_ending ending,
                    uint64_t now_ns);
void jtp_server_end_rejected(struct jtp_server *server, struct jtp_request *request,
                             enum jtp_reason reason, uint32_t retry_after_us, uint64_t now_ns);
void jtp_server_forget_request(struct jtp_server *server, struct jtp_request *request);
void jtp_server_on_request_timer(struct jtp_server *server, struct jtp_request *request,
                                 uint64_t now_ns);

#endif
