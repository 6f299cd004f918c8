/* A request's life at the server: PROTOCOL.md, section 5. */
#include "dataplane/proto/server_state.h"

#include <errno.h>

#define LEAST_SPEED_BYTES 32768 /* less tells of the round trip, not of the line */

static uint64_t hash_of(const struct jtp_peer *peer, uint32_t number)
{
    /* The generation is the server's, so clients cannot aim at a bucket; Fibonacci spreads it. */
    uint64_t key = (uint64_t)peer->generation << 32 | number;
    return key * UINT64_C(0x9e3779b97f4a7c15) >> 24;
}

struct jtp_request *jtp_server_find_request(struct jtp_server *server, const struct jtp_peer *peer,
                                            uint32_t number)
{
    const struct jtp_table *table = &server->request_table;
    uint32_t at = jtp_table_first(table, hash_of(peer, number));
    for (; at != JTP_TABLE_END; at = jtp_table_next(table, at)) {
        struct jtp_request *request = &server->requests[at];
        if (request->peer == peer && request->open.request == number)
            return request;
    }
    return NULL;
}

void jtp_server_send(struct jtp_server *server, struct jtp_request *request, uint8_t pending)
{
    request->pending |= pending;
    bool has_data =
        request->state == JTP_REQUEST_ANSWERING && jtp_outbound_has_next(&request->outbound);
    if (request->pending == 0 && !has_data)
        return;
    if (!jtp_place_is_queued(&request->to_send))
        jtp_queue_add(&request->peer->senders, &request->to_send, request);
    jtp_server_ready(server, request->peer);
}

/* A record for a new request: a free one, or the one whose end is longest ago. */
static struct jtp_request *claim(struct jtp_server *server)
{
    struct jtp_request *request = jtp_queue_first(&server->free_requests);
    if (!request) {
        request = jtp_queue_first(&server->ended_requests);
        if (!request)
            return NULL;
        jtp_server_forget_request(server, request);
    }
    jtp_queue_remove(&request->in_queue);
    memset(request, 0, sizeof(*request));
    return request;
}

/* Without a request's state: said once, and again when the client opens it again. False: something
 * else has to be said first. */
static bool reject_aside(struct jtp_server *server, struct jtp_peer *peer, uint32_t number,
                         enum jtp_reason reason)
{
    if (peer->aside.type != 0 && peer->aside.request != number)
        return false;
    peer->aside = (struct jtp_control){.type = JTP_REJECT,
                                       .detail = (uint8_t)reason,
                                       .request = number,
                                       .value = server->config.retry_after_us};
    server->stats.rejected++;
    jtp_server_ready(server, peer);
    return true;
}

struct jtp_range *jtp_server_take_ranges(struct jtp_server *server, struct jtp_request *request)
{
    if (server->free_range_count > 0)
        request->ranges = server->free_ranges[--server->free_range_count];
    return request->ranges;
}

static void give_ranges(struct jtp_server *server, struct jtp_request *request)
{
    if (request->ranges)
        server->free_ranges[server->free_range_count++] = request->ranges;
    request->ranges = NULL;
}

/* How fast tensors of this connection come: of those that it sends on a GRANT, from there on. */
static void note_speed(struct jtp_server *server, const struct jtp_request *request,
                       uint64_t now_ns)
{
    struct jtp_peer *peer = request->peer;
    if (request->open.total_bytes < LEAST_SPEED_BYTES)
        return;
    const uint64_t kib_ns = (now_ns - request->granted_ns) / (request->open.total_bytes / 1024) + 1;
    peer->kib_ns = peer->kib_ns ? (peer->kib_ns + kib_ns) / 2 : kib_ns;
    server->kib_ns = server->kib_ns ? (15 * server->kib_ns + kib_ns) / 16 : kib_ns;
}

/* A new connection's come like those of all. */
static uint64_t whole_ns(const struct jtp_server *server, const struct jtp_request *request,
                         uint64_t now_ns)
{
    const uint64_t kib_ns = request->peer->kib_ns ? request->peer->kib_ns : server->kib_ns;
    return kib_ns ? now_ns + kib_ns * (request->open.total_bytes / 1024 + 1) : JTP_NEVER;
}

/* 0: it is RECEIVING; -ENOMEM: it has to wait; or a reason. */
static int receive(struct jtp_server *server, struct jtp_request *request, uint64_t now_ns)
{
    struct jtp_reservation reservation = {
        .request = {(uint32_t)(request - server->requests), request->generation},
        .client_open = request->peer->open_count,
        .whole_ns = whole_ns(server, request, now_ns),
        .retry_after_us = server->config.retry_after_us};
    if (server->free_range_count == 0)
        return -ENOMEM;
    int status = server->config.ops->reserve(server->config.user, &request->open, &reservation);
    request->retry_after_us = reservation.retry_after_us;
    if (status)
        return status;
    request->state = JTP_REQUEST_RECEIVING;
    request->slot = reservation.slot;
    request->heard_ns = request->granted_ns = now_ns;
    request->is_held = reservation.is_held;
    jtp_reassembly_init(&request->arriving, reservation.bytes, request->open.total_bytes,
                        jtp_server_take_ranges(server, request), server->config.max_ranges);
    server->stats.granted_bytes += request->open.total_bytes;
    return 0;
}

/* When it counts as stalled. A client that sends another request first does not stall this one. */
static uint64_t stall_ns(const struct jtp_server *server, const struct jtp_request *request)
{
    uint64_t progress_ns = request->peer->progress_ns;
    if (progress_ns < request->heard_ns)
        progress_ns = request->heard_ns;
    return progress_ns + server->config.stall_ns;
}

static void arm(struct jtp_server *server, struct jtp_request *request)
{
    uint64_t due_ns = request->deadline_ns;
    if (request->state == JTP_REQUEST_RECEIVING && stall_ns(server, request) < due_ns)
        due_ns = stall_ns(server, request);
    jtp_wheel_set(&server->wheel, &request->timer, due_ns);
}

static void admit(struct jtp_server *server, struct jtp_request *request, uint64_t now_ns)
{
    uint8_t reason = server->config.ops->check(server->config.user, &request->open);
    if (reason > 0) {
        jtp_server_end_rejected(server, request, reason, 0, now_ns);
        return;
    }
    int status = receive(server, request, now_ns);
    if (status == -ENOMEM && server->stats.waiting < server->config.max_waiting) {
        request->is_restart = true;
        server->stats.waiting++;
        jtp_queue_add(&server->waiting_requests, &request->in_queue, request);
        jtp_server_send(server, request, JTP_SEND_PROGRESS);
    } else if (status) {
        reason = status > 0 ? (uint8_t)status : JTP_NO_MEMORY;
        jtp_server_end_rejected(server, request, reason, request->retry_after_us, now_ns);
        return;
    } else if (!request->is_held) {
        jtp_server_send(server, request, JTP_SEND_GRANT);
    }
    arm(server, request);
}

bool jtp_server_open(struct jtp_server *server, struct jtp_peer *peer, const struct jtp_open *open,
                     uint64_t now_ns)
{
    struct jtp_request *request = jtp_server_find_request(server, peer, open->request);
    if (request) {
        server->stats.repeated++;
        if (request->state == JTP_REQUEST_ENDED)
            jtp_server_repeat(server, request);
        return true;
    }
    if (open->total_bytes == 0 || open->from >= open->to || open->rows == 0)
        return reject_aside(server, peer, open->request,
                            open->total_bytes == 0 ? JTP_BAD_SIZE : JTP_BAD_RANGE);
    if (peer->open_count >= server->config.max_requests_per_client)
        return reject_aside(server, peer, open->request, JTP_TOO_MANY);
    request = claim(server);
    if (!request)
        return reject_aside(server, peer, open->request, JTP_FULL);
    uint64_t patience_ns =
        open->deadline_us ? open->deadline_us * UINT64_C(1000) : server->config.longest_ns;
    request->state = JTP_REQUEST_WAITING;
    request->generation = jtp_server_next_generation(server);
    request->open = *open;
    request->peer = peer;
    request->deadline_ns = now_ns + patience_ns;
    request->timer.kind = JTP_REQUEST_TIMER;
    request->timer.owner = request;
    jtp_queue_add(&peer->requests, &request->of_peer, request);
    jtp_table_add(&server->request_table, hash_of(peer, open->request),
                  (uint32_t)(request - server->requests));
    peer->open_count++;
    jtp_queue_remove(&peer->idle);
    server->stats.opened++;
    server->stats.open_requests++;
    admit(server, request, now_ns);
    return true;
}

/* What it ended in, to a client that has not heard. */
void jtp_server_repeat(struct jtp_server *server, struct jtp_request *request)
{
    if (request->ending == JTP_ENDED_REJECTED) {
        jtp_server_send(server, request, JTP_SEND_REJECT);
    } else if (request->ending == JTP_ENDED_ANSWERED && request->answer_slot != 0) {
        request->state = JTP_REQUEST_ANSWERING;
        request->peer->open_count++;
        server->stats.open_requests++;
        jtp_queue_remove(&request->peer->idle);
        jtp_queue_remove(&request->in_queue);
        jtp_outbound_init(&request->outbound, request->outbound.bytes,
                          request->outbound.total_bytes, request->outbound.granted_bytes,
                          request->few_ranges, JTP_FEW_RANGES);
        jtp_server_send(server, request, JTP_SEND_ANSWER);
    } else if (request->ending == JTP_ENDED_GIVEN_UP) {
        request->peer->aside =
            (struct jtp_control){.type = JTP_UNKNOWN, .request = request->open.request};
        jtp_server_ready(server, request->peer);
    }
}

static void end_receiving(struct jtp_server *server, struct jtp_request *request)
{
    give_ranges(server, request);
    server->stats.granted_bytes -= request->open.total_bytes;
}

void jtp_server_deliver(struct jtp_server *server, struct jtp_request *request, uint64_t now_ns)
{
    struct jtp_request_ref ref = {(uint32_t)(request - server->requests), request->generation};
    end_receiving(server, request);
    note_speed(server, request, now_ns);
    jtp_wheel_cancel(&server->wheel, &request->timer);
    request->state = JTP_REQUEST_WORKING;
    request->pending &= (uint8_t)~JTP_SEND_GRANT;
    server->stats.delivered++;
    server->config.ops->deliver(server->config.user, ref, &request->open, request->slot,
                                request->open.deadline_us ? request->deadline_ns : JTP_NEVER,
                                now_ns);
}

static void drop_answer(struct jtp_server *server, struct jtp_request *request)
{
    uint64_t slot = request->answer_slot;
    request->answer_slot = 0;
    if (slot != 0)
        server->config.ops->sent(server->config.user, slot);
}

/* Gives back what its state holds. */
static void let_go(struct jtp_server *server, struct jtp_request *request)
{
    struct jtp_request_ref ref = {(uint32_t)(request - server->requests), request->generation};
    enum jtp_request_state state = request->state;
    request->state = JTP_REQUEST_ENDED;
    if (state == JTP_REQUEST_WAITING && jtp_place_is_queued(&request->in_queue)) {
        server->stats.waiting--;
        jtp_queue_remove(&request->in_queue);
    }
    if (state == JTP_REQUEST_RECEIVING) {
        end_receiving(server, request);
        server->config.ops->release(server->config.user, request->slot);
    }
    if (state == JTP_REQUEST_ANSWERING)
        give_ranges(server, request);
    if (state == JTP_REQUEST_WORKING)
        server->config.ops->cancelled(server->config.user, ref, request->slot);
}

void jtp_server_end(struct jtp_server *server, struct jtp_request *request, enum jtp_ending ending,
                    uint64_t now_ns)
{
    struct jtp_peer *peer = request->peer;
    bool is_kept = ending == JTP_ENDED_ANSWERED && request->open.flags & JTP_ONCE;
    if (request->state == JTP_REQUEST_WORKING && ending == JTP_ENDED_REJECTED)
        request->state = JTP_REQUEST_ENDED; /* by the owner, who knows */
    let_go(server, request);
    request->ending = ending;
    request->pending = 0;
    jtp_queue_remove(&request->to_send);
    if (is_kept) {
        jtp_wheel_set(&server->wheel, &request->timer, now_ns + server->config.once_ns);
    } else {
        jtp_wheel_cancel(&server->wheel, &request->timer);
        drop_answer(server, request);
    }
    jtp_queue_add(&server->ended_requests, &request->in_queue, request);
    server->stats.open_requests--;
    if (--peer->open_count == 0)
        jtp_queue_add(&server->idle_peers, &peer->idle, peer);
    if (ending == JTP_ENDED_CANCELLED)
        server->stats.cancelled++;
    if (ending == JTP_ENDED_GIVEN_UP)
        server->stats.given_up++;
}

void jtp_server_end_rejected(struct jtp_server *server, struct jtp_request *request,
                             enum jtp_reason reason, uint32_t retry_after_us, uint64_t now_ns)
{
    jtp_server_end(server, request, JTP_ENDED_REJECTED, now_ns);
    request->reason = (uint8_t)reason;
    request->retry_after_us = retry_after_us;
    server->stats.rejected++;
    jtp_server_send(server, request, JTP_SEND_REJECT);
}

void jtp_server_forget_request(struct jtp_server *server, struct jtp_request *request)
{
    if (request->state != JTP_REQUEST_ENDED)
        jtp_server_end(server, request, JTP_ENDED_GIVEN_UP, 0);
    jtp_wheel_cancel(&server->wheel, &request->timer);
    drop_answer(server, request);
    jtp_table_remove(&server->request_table, hash_of(request->peer, request->open.request),
                     (uint32_t)(request - server->requests));
    jtp_queue_remove(&request->of_peer);
    jtp_queue_remove(&request->to_send);
    jtp_queue_remove(&request->in_queue);
    request->state = JTP_REQUEST_FREE;
    request->generation = 0;
    jtp_queue_add(&server->free_requests, &request->in_queue, request);
}

void jtp_server_on_request_timer(struct jtp_server *server, struct jtp_request *request,
                                 uint64_t now_ns)
{
    uint32_t retry_after_us = server->config.retry_after_us;
    switch (request->state) {
    case JTP_REQUEST_WAITING:
    case JTP_REQUEST_RECEIVING:
        if (request->deadline_ns <= now_ns) {
            jtp_server_end_rejected(server, request, JTP_DEADLINE, retry_after_us, now_ns);
        } else if (request->state == JTP_REQUEST_RECEIVING && stall_ns(server, request) <= now_ns) {
            server->stats.stalled++;
            jtp_server_end_rejected(server, request, JTP_STALLED, 0, now_ns);
        } else {
            arm(server, request);
        }
        break;
    case JTP_REQUEST_ANSWERING:
        if (request->heard_ns + server->config.give_up_ns <= now_ns)
            jtp_server_end(server, request, JTP_ENDED_GIVEN_UP, now_ns);
        else
            jtp_wheel_set(&server->wheel, &request->timer,
                          request->heard_ns + server->config.give_up_ns);
        break;
    case JTP_REQUEST_ENDED: /* an answer that was kept */
        drop_answer(server, request);
        request->ending = JTP_ENDED_GIVEN_UP;
        break;
    default:
        break;
    }
}

void jtp_server_memory_freed(struct jtp_server *server, uint64_t now_ns)
{
    struct jtp_request *request;
    while ((request = jtp_queue_first(&server->waiting_requests))) {
        int status = receive(server, request, now_ns);
        if (status == -ENOMEM)
            return;
        if (status) {
            jtp_server_end_rejected(server, request, (enum jtp_reason)status,
                                    request->retry_after_us, now_ns);
            continue;
        }
        jtp_queue_remove(&request->in_queue);
        server->stats.waiting--;
        request->pending &= (uint8_t)~JTP_SEND_PROGRESS;
        if (!request->is_held)
            jtp_server_send(server, request, JTP_SEND_GRANT);
        arm(server, request);
    }
}
