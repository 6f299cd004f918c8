/* The way to one server: socket, JTP, what is known of it, and the requests that are open there.
 *
 *            probe answered, any answer
 *   unknown ────────────────────────────> here <──────────────┐
 *      │                                   │ refused, silent   │ probe answered
 *      │ five probes unanswered, refused   v                   │
 *      └────────────────────────────────> away ── asked again when a call comes, after a while
 *
 * Requests go to a server that is here or unknown, as many at once as it gives credits for; the
 * others wait, as long as that may be sooner than computing here. When it goes away, all that are
 * open there end at once. For the I/O thread, but for what the mutex guards. */
#ifndef SCHEDULER_CLIENT_SERVER_LINK_H
#define SCHEDULER_CLIENT_SERVER_LINK_H

#include "dataplane/proto/client.h"
#include "scheduler/client/damping.h"
#include "scheduler/client/estimate.h"
#include "scheduler/client/patience.h"
#include "scheduler/client/socket.h"

#define SERVER_LINK_MAX_REQUESTS 64
#define SERVER_LINK_PROBES 5
#define SERVER_LINK_FIRST_PROBE_NS                                                                 \
    UINT64_C(20000000) /* until the second probe; doubled each time */

/* The server's part of a call. */
struct server_link_request {
    struct jtp_submission submission;
    uint32_t answer_bytes; /* that it must have */
    uint64_t give_up_ns;
    uint64_t base_ns; /* what these layers take where k is 1 */
    uint64_t waits_until_ns; /* for a credit; after that it is computed here sooner */
    uint64_t planned_ns; /* from the sending to the answer; 0: not known */
    uint64_t due_ns; /* when the answer should be there */
    uint32_t number; /* JTP's */
    bool is_open;
    /* Once it has ended: */
    enum joint_reason reason; /* JOINT_AS_PLANNED: the answer is there */
    struct jtp_event event;
    uint64_t uplink_ns, queue_ns, compute_ns, downlink_ns; /* answered */
};

struct server_link {
    struct jtp_address address;
    struct socket socket; /* I/O thread */
    struct jtp_client *client; /* I/O thread */
    void *memory; /* of the client */
    struct jtp_client_config config;
    struct server_link_request *open[SERVER_LINK_MAX_REQUESTS]; /* I/O thread */
    uint32_t open_count;
    uint32_t max_requests;
    /* Those that wait for a credit, the first one first. I/O thread; the counts: mutex. */
    struct server_link_request *waiting[SERVER_LINK_MAX_REQUESTS];
    uint32_t waiting_count;
    struct estimate estimate; /* mutex */
    struct patience_absence absence; /* mutex */
    struct damping damping; /* mutex */
    uint64_t random; /* mutex; chance_unit()'s */
    uint32_t held_from, held_to; /* mutex: the choice that is held; equal: all here */
    bool has_held; /* mutex */
    bool wants_probe; /* mutex */
    bool is_explored; /* mutex: a call tried it though the plan spoke against it */
    /* The probe that is out. */
    uint32_t probes_left;
    uint64_t probe_nonce, probe_sent_ns, probe_next_ns, probe_wait_ns;
    bool has_refusal; /* the network said that nobody listens */
};

struct server_link_config {
    struct jtp_address address;
    uint64_t client, seed;
    uint32_t max_requests;
    double up_mbps, down_mbps, server_speed;
    uint64_t now_ns;
};

/* What ended; called from server_link_turn() and server_link_submit(). */
typedef void server_link_ended(void *user, struct server_link_request *request);

/* 0 or a negative errno; a failed init leaves nothing to undo. */
int server_link_init(struct server_link *link, const struct server_link_config *config);
void server_link_fini(struct server_link *link); /* accepts a zeroed object */

/* The request ends once, by ended(): perhaps at once. */
void server_link_submit(struct server_link *link, struct server_link_request *request,
                        uint64_t now_ns, server_link_ended *ended, void *user);

/* Receives, lets time pass, sends. Returns when the next turn is due by itself. */
uint64_t server_link_turn(struct server_link *link, uint64_t now_ns, server_link_ended *ended,
                          void *user);

/* Ends every open request, as lost. */
void server_link_abandon(struct server_link *link, server_link_ended *ended, void *user);

/* Asks for the server's load with the next turn. */
void server_link_ask(struct server_link *link);

/* How many requests may be open there at once. */
uint32_t server_link_allowed(const struct server_link *link);

/* When a request that came now could be sent, if all goes as planned; now_ns: at once. */
uint64_t server_link_free_ns(const struct server_link *link, uint64_t now_ns);

static inline bool server_link_is_away(const struct server_link *link)
{
    return patience_is_away(&link->absence);
}

#endif
