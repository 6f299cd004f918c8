/* The server's memory, its clock, and what its owner tells it. */
#include "dataplane/proto/server_state.h"

#include <assert.h>
#include <errno.h>

static_assert(sizeof(struct jtp_peer) + 4 * sizeof(uint32_t) <= 1024, "an idle client takes 1 KiB");

void jtp_server_config_default(struct jtp_server_config *config)
{
    *config = (struct jtp_server_config){
        .validate_address = true,
        .max_clients = 16384,
        .max_requests = 16384,
        .max_requests_per_client = 16,
        .max_receiving = 2048,
        .max_waiting = 1024,
        .max_ranges = 64,
        .max_sent = 65536,
        .cookie_lifetime_ns = 600000 * JTP_MS,
        .idle_ns = 60000 * JTP_MS,
        .stall_ns = 2000 * JTP_MS,
        .longest_ns = 10000 * JTP_MS,
        .give_up_ns = 10000 * JTP_MS,
        .once_ns = 1000 * JTP_MS,
        .retry_after_us = 20000,
        .replies_per_s = 20000,
    };
    jtp_path_config_default(&config->path);
}

/* Where each part of the memory begins; the last one is its size. */
struct layout {
    size_t peers, requests, peer_table, request_table, range_stack, ranges, sent, end;
};

static size_t align(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static struct layout layout_of(const struct jtp_server_config *config)
{
    struct layout at;
    size_t ranges = (size_t)config->max_receiving * config->max_ranges;
    at.peers = align(sizeof(struct jtp_server));
    at.requests = at.peers + align(config->max_clients * sizeof(struct jtp_peer));
    at.peer_table = at.requests + align(config->max_requests * sizeof(struct jtp_request));
    at.request_table = at.peer_table + align(jtp_table_words(config->max_clients) * 4);
    at.range_stack = at.request_table + align(jtp_table_words(config->max_requests) * 4);
    at.ranges = at.range_stack + align(config->max_receiving * sizeof(struct jtp_range *));
    at.sent = at.ranges + align(ranges * sizeof(struct jtp_range));
    at.end = at.sent + align(config->max_sent * sizeof(struct jtp_sent));
    return at;
}

size_t jtp_server_bytes(const struct jtp_server_config *config)
{
    return layout_of(config).end;
}

size_t jtp_server_bytes_per_client(void)
{
    /* Its bucket, at worst two where their number was rounded up, and its link. */
    return sizeof(struct jtp_peer) + 3 * sizeof(uint32_t);
}

static void init_queues(struct jtp_server *server)
{
    jtp_queue_init(&server->free_peers);
    jtp_queue_init(&server->idle_peers);
    jtp_queue_init(&server->ready_peers);
    jtp_queue_init(&server->free_requests);
    jtp_queue_init(&server->ended_requests);
    jtp_queue_init(&server->waiting_requests);
    for (uint32_t i = 0; i < server->config.max_clients; i++)
        jtp_queue_add(&server->free_peers, &server->peers[i].idle, &server->peers[i]);
    for (uint32_t i = 0; i < server->config.max_requests; i++)
        jtp_queue_add(&server->free_requests, &server->requests[i].in_queue, &server->requests[i]);
}

struct jtp_server *jtp_server_init(void *memory, const struct jtp_server_config *config,
                                   uint64_t now_ns)
{
    struct layout at = layout_of(config);
    struct jtp_server *server = memory;
    uint8_t *bytes = memory;
    memset(memory, 0, at.sent);
    server->config = *config;
    if (server->config.path.largest_datagram_bytes > JTP_LARGEST_PROBE_BYTES)
        server->config.path.largest_datagram_bytes = JTP_LARGEST_PROBE_BYTES;
    server->peers = (struct jtp_peer *)(void *)(bytes + at.peers);
    server->requests = (struct jtp_request *)(void *)(bytes + at.requests);
    jtp_table_init(&server->peer_table, (uint32_t *)(void *)(bytes + at.peer_table),
                   config->max_clients);
    jtp_table_init(&server->request_table, (uint32_t *)(void *)(bytes + at.request_table),
                   config->max_requests);
    server->free_ranges = (struct jtp_range **)(void *)(bytes + at.range_stack);
    struct jtp_range *ranges = (struct jtp_range *)(void *)(bytes + at.ranges);
    for (uint32_t i = 0; i < config->max_receiving; i++)
        server->free_ranges[i] = ranges + (size_t)i * config->max_ranges;
    server->free_range_count = config->max_receiving;
    jtp_sent_pool_init(&server->pool, (struct jtp_sent *)(void *)(bytes + at.sent),
                       config->max_sent);
    jtp_cookie_jar_init(&server->jar, &config->cookie_key, config->cookie_lifetime_ns);
    jtp_wheel_init(&server->wheel, now_ns);
    init_queues(server);
    return server;
}

/* The request that the owner names, if it is being worked on. */
static struct jtp_request *find(struct jtp_server *server, struct jtp_request_ref ref)
{
    if (ref.index >= server->config.max_requests)
        return NULL;
    struct jtp_request *request = &server->requests[ref.index];
    return request->generation == ref.generation ? request : NULL;
}

/* One that its owner has. */
static struct jtp_request *find_working(struct jtp_server *server, struct jtp_request_ref ref)
{
    struct jtp_request *request = find(server, ref);
    return request && request->state == JTP_REQUEST_WORKING ? request : NULL;
}

/* One that waits for its owner's word. */
static struct jtp_request *find_held(struct jtp_server *server, struct jtp_request_ref ref)
{
    struct jtp_request *request = find(server, ref);
    return request && request->state == JTP_REQUEST_RECEIVING && request->is_held ? request : NULL;
}

int jtp_server_answer(struct jtp_server *server, struct jtp_request_ref ref,
                      const struct jtp_answering *answer, uint64_t now_ns)
{
    struct jtp_request *request = find_working(server, ref);
    if (!request)
        return -ENOENT;
    bool is_once = request->open.flags & JTP_ONCE;
    request->state = JTP_REQUEST_ANSWERING;
    request->answer_slot = answer->slot;
    request->heard_ns = now_ns;
    request->answer = (struct jtp_answer){.request = request->open.request,
                                          .total_bytes = answer->total_bytes,
                                          .encoding = answer->encoding,
                                          .batch = answer->batch,
                                          .queue_us = answer->queue_us,
                                          .compute_us = answer->compute_us};
    struct jtp_range *ranges = jtp_server_take_ranges(server, request);
    jtp_outbound_init(&request->outbound, answer->bytes, answer->total_bytes,
                      request->open.answer_granted_bytes, ranges ? ranges : request->few_ranges,
                      ranges ? server->config.max_ranges : JTP_FEW_RANGES);
    jtp_wheel_set(&server->wheel, &request->timer,
                  now_ns + (is_once ? server->config.once_ns : server->config.give_up_ns));
    jtp_server_send(server, request, JTP_SEND_ANSWER);
    server->stats.answered++;
    return 0;
}

int jtp_server_reject(struct jtp_server *server, struct jtp_request_ref ref, enum jtp_reason reason,
                      uint32_t retry_after_us, uint64_t now_ns)
{
    struct jtp_request *request = find_working(server, ref);
    request = request ? request : find_held(server, ref);
    if (!request)
        return -ENOENT;
    jtp_server_end_rejected(server, request, reason, retry_after_us, now_ns);
    return 0;
}

int jtp_server_grant(struct jtp_server *server, struct jtp_request_ref ref, uint64_t now_ns)
{
    struct jtp_request *request = find_held(server, ref);
    if (!request)
        return -ENOENT;
    request->is_held = false;
    request->heard_ns = request->granted_ns = now_ns; /* it could send nothing until now */
    jtp_server_send(server, request, JTP_SEND_GRANT);
    return 0;
}

uint64_t jtp_server_timeout_ns(const struct jtp_server *server)
{
    return jtp_wheel_next_ns(&server->wheel);
}

void jtp_server_on_timeout(struct jtp_server *server, uint64_t now_ns)
{
    struct jtp_timer *timer;
    while ((timer = jtp_wheel_expire(&server->wheel, now_ns))) {
        if (timer->kind == JTP_PEER_TIMER)
            jtp_server_on_peer_timer(server, timer->owner, now_ns);
        else
            jtp_server_on_request_timer(server, timer->owner, now_ns);
    }
}

void jtp_server_rotate_cookie_key(struct jtp_server *server, const struct jtp_key *key)
{
    jtp_cookie_jar_rotate(&server->jar, key);
}

const struct jtp_server_stats *jtp_server_stats(const struct jtp_server *server)
{
    return &server->stats;
}
