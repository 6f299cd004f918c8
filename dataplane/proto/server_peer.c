/* The server's clients: found by address and connection, forgotten when idle. */
#include "dataplane/proto/server_state.h"

/* Client and connection: who forges either ends in another bucket. */
static uint64_t hash_of(const struct jtp_server *server, const struct jtp_address *address,
                        uint64_t connection)
{
    uint8_t text[26];
    memcpy(text, address->ip, 16);
    jtp_put_u16(text + 16, address->port);
    jtp_put_u64(text + 18, connection);
    return jtp_siphash(&server->config.table_key, text, sizeof(text));
}

static bool is_peer(const struct jtp_peer *peer, const struct jtp_address *address,
                    uint64_t connection)
{
    return peer->generation != 0 && peer->connection == connection &&
           jtp_address_equal(&peer->address, address);
}

static struct jtp_peer *look_up(struct jtp_server *server, const struct jtp_address *address,
                                uint64_t connection)
{
    const struct jtp_table *table = &server->peer_table;
    uint32_t at = jtp_table_first(table, hash_of(server, address, connection));
    for (; at != JTP_TABLE_END; at = jtp_table_next(table, at))
        if (is_peer(&server->peers[at], address, connection))
            return &server->peers[at];
    return NULL;
}

/* Datagrams come in runs, and the keyed hash takes longer than to look at who came lately. Whoever
 * aims at one place of these only makes others take the long way. */
struct jtp_peer *jtp_server_find_peer(struct jtp_server *server, const struct jtp_address *address,
                                      uint64_t connection)
{
    uint32_t *recent = &server->recent_peers[(address->port ^ connection) % JTP_RECENT_PEERS];
    if (is_peer(&server->peers[*recent], address, connection))
        return &server->peers[*recent];
    struct jtp_peer *peer = look_up(server, address, connection);
    if (peer)
        *recent = (uint32_t)(peer - server->peers);
    return peer;
}

struct jtp_peer *jtp_server_new_peer(struct jtp_server *server, const struct jtp_address *address,
                                     uint64_t connection, uint64_t now_ns)
{
    struct jtp_peer *peer = jtp_queue_first(&server->free_peers);
    if (!peer) {
        struct jtp_peer *oldest = jtp_queue_first(&server->idle_peers);
        if (!oldest)
            return NULL;
        jtp_server_forget_peer(server, oldest);
        server->stats.evicted++;
        peer = jtp_queue_first(&server->free_peers);
    }
    jtp_queue_remove(&peer->idle);
    memset(peer, 0, sizeof(*peer));
    peer->address = *address;
    peer->connection = connection;
    peer->generation = jtp_server_next_generation(server);
    peer->heard_ns = now_ns;
    peer->timer.kind = JTP_PEER_TIMER;
    peer->timer.owner = peer;
    jtp_path_init(&peer->path, &server->config.path);
    jtp_queue_init(&peer->requests);
    jtp_queue_init(&peer->senders);
    jtp_queue_add(&server->idle_peers, &peer->idle, peer);
    jtp_table_add(&server->peer_table, hash_of(server, address, connection),
                  (uint32_t)(peer - server->peers));
    server->stats.clients++;
    return peer;
}

/* The request whose frames the record's packet carried, unless that was forgotten since. */
static struct jtp_request *owner(struct jtp_server *server, const struct jtp_sent *record)
{
    if (record->request == JTP_NO_REQUEST)
        return NULL;
    struct jtp_request *request = &server->requests[record->request];
    return request->generation == record->generation ? request : NULL;
}

static void again(struct jtp_server *server, const struct jtp_sent *record)
{
    struct jtp_request *request = owner(server, record);
    if (!request)
        return;
    uint8_t pending = 0;
    if (request->state == JTP_REQUEST_WAITING)
        pending = record->what & JTP_SEND_PROGRESS;
    else if (request->state == JTP_REQUEST_RECEIVING)
        pending = record->what & JTP_SEND_GRANT;
    else if (request->state == JTP_REQUEST_ENDED && request->ending == JTP_ENDED_REJECTED)
        pending = record->what & JTP_SEND_REJECT;
    else if (request->state == JTP_REQUEST_ANSWERING && !request->is_head_acked)
        pending = record->what & JTP_SEND_ANSWER;
    if (request->state == JTP_REQUEST_ANSWERING && record->what & JTP_SEND_DATA)
        jtp_outbound_again(&request->outbound, record->offset, record->length);
    jtp_server_send(server, request, pending);
}

static void on_lost(struct jtp_server *server, const struct jtp_sent *record)
{
    if (!(record->flags & JTP_SENT_AGAIN))
        again(server, record);
    struct jtp_request *request = owner(server, record);
    if (request && request->state == JTP_REQUEST_ANSWERING && record->what & JTP_SEND_DATA)
        jtp_outbound_lost(&request->outbound);
}

static void on_arrived(struct jtp_server *server, const struct jtp_sent *record, uint64_t now_ns)
{
    struct jtp_request *request = owner(server, record);
    if (!request || request->state != JTP_REQUEST_ANSWERING)
        return;
    request->heard_ns = now_ns;
    if (record->what & JTP_SEND_ANSWER)
        request->is_head_acked = true;
    if (record->what & JTP_SEND_DATA)
        jtp_outbound_acked(&request->outbound);
}

/* After all records of an ACK: what it completes may have been queued again in part. */
static void end_if_done(struct jtp_server *server, const struct jtp_sent *record, uint64_t now_ns)
{
    struct jtp_request *request = owner(server, record);
    if (request && request->state == JTP_REQUEST_ANSWERING && request->is_head_acked &&
        jtp_outbound_is_done(&request->outbound))
        jtp_server_end(server, request, JTP_ENDED_ANSWERED, now_ns);
}

void jtp_server_settle(struct jtp_server *server, struct jtp_peer *peer,
                       const struct jtp_outcome *outcome, uint64_t now_ns)
{
    struct jtp_sent record;
    uint32_t acked = outcome->acked, lost = outcome->lost;
    while (jtp_sent_pool_take(&server->pool, &lost, &record)) {
        server->stats.lost++;
        on_lost(server, &record);
        end_if_done(server, &record, now_ns);
    }
    while (jtp_sent_pool_take(&server->pool, &acked, &record)) {
        on_arrived(server, &record, now_ns);
        end_if_done(server, &record, now_ns);
    }
    (void)peer;
}

void jtp_server_forget_peer(struct jtp_server *server, struct jtp_peer *peer)
{
    struct jtp_sent record;
    struct jtp_request *request;
    uint32_t head = jtp_path_forget(&peer->path);
    while (jtp_sent_pool_take(&server->pool, &head, &record))
        ;
    while ((request = jtp_queue_first(&peer->requests)))
        jtp_server_forget_request(server, request);
    jtp_table_remove(&server->peer_table, hash_of(server, &peer->address, peer->connection),
                     (uint32_t)(peer - server->peers));
    jtp_wheel_cancel(&server->wheel, &peer->timer);
    jtp_queue_remove(&peer->ready);
    jtp_queue_remove(&peer->idle);
    peer->generation = 0;
    jtp_queue_add(&server->free_peers, &peer->idle, peer);
    server->stats.clients--;
}

void jtp_server_ready(struct jtp_server *server, struct jtp_peer *peer)
{
    if (!jtp_place_is_queued(&peer->ready))
        jtp_queue_add(&server->ready_peers, &peer->ready, peer);
}

void jtp_server_arm_peer(struct jtp_server *server, struct jtp_peer *peer, uint64_t now_ns)
{
    uint64_t due_ns = jtp_path_timeout_ns(&peer->path);
    uint64_t pace_ns = jtp_path_pace_ns(&peer->path);
    if (jtp_queue_first(&peer->senders) && jtp_path_has_room(&peer->path)) {
        if (server->pool.free_count == 0)
            pace_ns = now_ns + 5 * JTP_MS; /* others hold all records: look again */
        if (pace_ns < due_ns)
            due_ns = pace_ns;
    }
    uint64_t idle_ns = peer->heard_ns + server->config.idle_ns;
    if (peer->open_count > 0 && idle_ns <= now_ns)
        idle_ns = now_ns + server->config.idle_ns;
    if (idle_ns < due_ns)
        due_ns = idle_ns;
    /* A timer that fires too early only looks again; most are set further out with every packet. */
    if (!jtp_timer_is_set(&peer->timer) || due_ns < peer->timer.due_ns)
        jtp_wheel_set(&server->wheel, &peer->timer, due_ns);
}

/* Nobody answers: what is in flight, and the answers, are given up, so that their records and
 * memory serve others. */
static void give_up(struct jtp_server *server, struct jtp_peer *peer, uint64_t now_ns)
{
    struct jtp_sent record;
    uint32_t head = jtp_path_forget(&peer->path);
    while (jtp_sent_pool_take(&server->pool, &head, &record))
        ;
    struct jtp_request *request = jtp_queue_first(&peer->requests);
    for (; request; request = jtp_queue_after(&request->of_peer)) {
        if (request->state == JTP_REQUEST_ANSWERING)
            jtp_server_end(server, request, JTP_ENDED_GIVEN_UP, now_ns);
        request->pending = 0;
        jtp_queue_remove(&request->to_send);
    }
}

void jtp_server_on_peer_timer(struct jtp_server *server, struct jtp_peer *peer, uint64_t now_ns)
{
    struct jtp_outcome outcome;
    struct jtp_sent record;
    if (peer->open_count == 0 && peer->heard_ns + server->config.idle_ns <= now_ns) {
        jtp_server_forget_peer(server, peer);
        return;
    }
    bool is_probe = jtp_path_on_timeout(&peer->path, &server->pool, now_ns, &outcome);
    jtp_server_settle(server, peer, &outcome, now_ns);
    if (is_probe)
        server->stats.probe_timeouts++;
    if (is_probe && peer->path.loss.probe_timeouts >= JTP_DEAD_TIMEOUTS) {
        give_up(server, peer, now_ns);
    } else if (is_probe) {
        for (int i = 0; i < 2 && jtp_path_oldest(&peer->path, &server->pool, &record); i++)
            again(server, &record);
    }
    jtp_server_ready(server, peer); /* the timer is set when there is nothing more to send */
}
