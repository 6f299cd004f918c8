/* What the client's files share: its requests and their place in the order of sending. */
#ifndef DATAPLANE_PROTO_CLIENT_STATE_H
#define DATAPLANE_PROTO_CLIENT_STATE_H

#include "dataplane/proto/client.h"
#include "dataplane/proto/outbound.h"
#include "dataplane/proto/reassembly.h"

#define JTP_NO_REQUEST UINT32_MAX
#define JTP_MAX_RETRIES 4
#define JTP_DEAD_TIMEOUTS 7 /* probe timeouts in a row, after which the connection is given up */
#define JTP_FIRST_QUERY_NS (100 * JTP_MS)
#define JTP_LAST_QUERY_NS (1000 * JTP_MS)

/* jtp_sent.what of a client's records. */
#define JTP_SENT_OPEN 1u
#define JTP_SENT_DATA 2u
#define JTP_SENT_CANCEL 4u /* offset is the request's number */

enum jtp_client_request_state { JTP_CLIENT_FREE = 0, JTP_CLIENT_OPEN, JTP_CLIENT_ENDED };

struct jtp_client_request {
    enum jtp_client_request_state state;
    uint32_t generation; /* records of an older one mean nothing any more */
    uint32_t order; /* counts up by submission: who comes first of two that have as much to send */
    bool is_open_acked; /* the server is known to have seen OPEN */
    bool is_waiting; /* for memory: no data until a GRANT */
    bool has_restarted;
    bool has_answer; /* event.answer is there, and arriving makes sense */
    bool has_query; /* to be sent */
    struct jtp_open open;
    struct jtp_outbound outbound;
    struct jtp_reassembly arriving;
    struct jtp_range *ranges, *lost_ranges;
    uint8_t *answer;
    uint32_t answer_capacity;
    uint64_t deadline_ns;
    uint64_t active_ns; /* when it was last heard or asked about */
    uint64_t query_after_ns; /* so long after that the client asks */
    struct jtp_event event;
};

struct jtp_client {
    struct jtp_client_config config;
    struct jtp_path path;
    struct jtp_sent_pool pool;
    struct jtp_client_request *requests;
    uint64_t random; /* state */
    uint64_t connection;
    uint32_t open_count, next_request, next_order, next_generation;
    bool is_heard; /* a SERVER packet of this connection has come */
    bool has_cookie;
    uint32_t retries, renewals;
    uint64_t retry_number; /* RETRY for packets before this one is old */
    uint64_t active_ns; /* when something was last sent or heard */
    struct jtp_cookie cookie;
    uint32_t *cancels; /* [max_requests] request numbers to send CANCEL for */
    uint32_t cancel_count;
    struct jtp_client_stats stats;
};

/* Never 0, which is none. */
static inline uint32_t jtp_client_next_generation(struct jtp_client *client)
{
    if (++client->next_generation == 0)
        client->next_generation = 1;
    return client->next_generation;
}

struct jtp_client_request *jtp_client_find(struct jtp_client *client, uint32_t request);
void jtp_client_end(struct jtp_client *client, struct jtp_client_request *request, enum jtp_end end,
                    uint64_t now_ns);
void jtp_client_queue_cancel(struct jtp_client *client, uint32_t request);

/* A new connection number with empty state; open requests begin anew. */
void jtp_client_renew(struct jtp_client *client);

/* The server does not know the connection any more: what it had accepted is lost. */
void jtp_client_lose(struct jtp_client *client, uint64_t now_ns);

/* What the packets of an outcome mean for their requests. */
void jtp_client_settle(struct jtp_client *client, const struct jtp_outcome *outcome,
                       uint64_t now_ns);

/* All that is in flight goes again. */
void jtp_client_forget(struct jtp_client *client);

/* Queues what a record carried to be sent again. */
void jtp_client_again(struct jtp_client *client, const struct jtp_sent *record);

/* The request that sends data next: the one with the least left to send, so that a small one does
 * not wait for a large one; NULL: none. */
struct jtp_client_request *jtp_client_sender(struct jtp_client *client);

/* When the request should be asked about; JTP_NEVER: what is in flight will tell. */
uint64_t jtp_client_query_ns(const struct jtp_client_request *request);

#endif
