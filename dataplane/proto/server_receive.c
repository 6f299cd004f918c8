/* What datagrams do to a server. Until a client's address is proven, nothing is kept, and no reply
 * is three times what it answers. */
#include "dataplane/proto/server_state.h"

#include <errno.h>

#define REPLY_BURST_NS (250 * JTP_MS)

static void begin_reply(struct jtp_datagram *reply, const struct jtp_address *to)
{
    reply->to = *to;
    reply->slot = 0;
    reply->payload = NULL;
    reply->payload_bytes = 0;
}

/* What is said to strangers costs more than hearing them, and in a flood it helps nobody: it would
 * keep the server from those that it knows. True, and one of the second's share is used up. */
static bool may_reply(struct jtp_server *server, uint64_t now_ns)
{
    const uint32_t per_s = server->config.replies_per_s;
    if (per_s == 0)
        return true;
    if (server->replied_ns > now_ns + REPLY_BURST_NS) {
        server->stats.unreplied++;
        return false;
    }
    if (server->replied_ns < now_ns)
        server->replied_ns = now_ns;
    server->replied_ns += 1000 * JTP_MS / per_s;
    return true;
}

static bool refuse(struct jtp_server *server, const struct jtp_header *header,
                   enum jtp_reason reason, uint64_t now_ns, struct jtp_datagram *reply)
{
    struct jtp_load load = {0};
    if (!may_reply(server, now_ns))
        return false;
    bool has_use = reason == JTP_FULL;
    server->config.ops->load(server->config.user, 0, &load);
    reply->head_bytes = (uint32_t)jtp_write_refuse(
        reply->head, header, reason, has_use ? server->config.retry_after_us : 0, &load);
    server->stats.refusals++;
    return true;
}

static bool retry(struct jtp_server *server, const struct jtp_address *from,
                  const struct jtp_header *header, uint64_t now_ns, struct jtp_datagram *reply)
{
    if (!may_reply(server, now_ns))
        return false;
    struct jtp_cookie cookie = jtp_cookie_make(&server->jar, from, now_ns);
    reply->head_bytes = (uint32_t)jtp_write_retry(reply->head, header, &cookie);
    server->stats.retries++;
    return true;
}

static bool on_probe(struct jtp_server *server, const struct jtp_header *header,
                     struct jtp_datagram *reply)
{
    struct jtp_load load = {0};
    server->config.ops->load(server->config.user, 0, &load);
    reply->head_bytes = (uint32_t)jtp_write_load(reply->head, header, &load, server->config.boot,
                                                 ++server->probe_sequence);
    server->stats.probes++;
    return true;
}

static void on_control(struct jtp_server *server, struct jtp_peer *peer,
                       const struct jtp_control *control, uint64_t now_ns)
{
    struct jtp_request *request = jtp_server_find_request(server, peer, control->request);
    if (control->type == JTP_CANCEL) {
        if (request && request->state != JTP_REQUEST_ENDED)
            jtp_server_end(server, request, JTP_ENDED_CANCELLED, now_ns);
        return;
    }
    if (!request) {
        server->stats.unknown++;
        peer->aside = (struct jtp_control){.type = JTP_UNKNOWN, .request = control->request};
        return;
    }
    if (control->type == JTP_GRANT) {
        if (request->state == JTP_REQUEST_ANSWERING)
            jtp_outbound_grant(&request->outbound, control->value);
        else if (control->value > request->open.answer_granted_bytes)
            request->open.answer_granted_bytes = control->value;
        jtp_server_send(server, request, 0);
    } else if (request->state == JTP_REQUEST_ENDED) {
        jtp_server_repeat(server, request);
    } else if (request->state == JTP_REQUEST_RECEIVING && !request->is_held) {
        jtp_server_send(server, request, JTP_SEND_GRANT);
    } else if (request->state != JTP_REQUEST_ANSWERING) {
        jtp_server_send(server, request, JTP_SEND_PROGRESS);
    }
}

/* The request that the data completed, or NULL. *is_kept: whether it may be acknowledged. */
static struct jtp_request *on_data(struct jtp_server *server, struct jtp_peer *peer,
                                   const struct jtp_data *data, uint64_t now_ns, bool *is_kept)
{
    struct jtp_request *request = jtp_server_find_request(server, peer, data->request);
    *is_kept = true;
    if (!request) {
        /* An OPEN in the same packet that was rejected aside has its answer already. */
        if (peer->aside.type != JTP_REJECT || peer->aside.request != data->request) {
            server->stats.unknown++;
            peer->aside = (struct jtp_control){.type = JTP_UNKNOWN, .request = data->request};
        }
        return NULL;
    }
    if (request->state != JTP_REQUEST_RECEIVING)
        return NULL;
    int64_t added =
        jtp_reassembly_add(&request->arriving, data->offset, data->payload, data->length);
    if (added < 0) {
        *is_kept = false;
        return NULL;
    }
    if (added > 0)
        request->heard_ns = peer->progress_ns = now_ns;
    return jtp_reassembly_is_complete(&request->arriving) ? request : NULL;
}

static void on_packet(struct jtp_server *server, struct jtp_peer *peer,
                      const struct jtp_packet *packet, uint64_t now_ns)
{
    struct jtp_request *complete = NULL;
    bool is_kept = true;
    jtp_server_ready(server, peer); /* whatever comes of it: that sets a new client's timer, too */
    if (packet->has_ack) {
        struct jtp_outcome outcome;
        if (jtp_path_on_ack(&peer->path, &server->pool, &packet->ack, now_ns, &outcome)) {
            server->stats.malformed++;
            return;
        }
        jtp_server_settle(server, peer, &outcome, now_ns);
    }
    peer->heard_ns = now_ns;
    if (peer->open_count == 0) { /* to the back: the last to be forgotten */
        jtp_queue_remove(&peer->idle);
        jtp_queue_add(&server->idle_peers, &peer->idle, peer);
    }
    if (packet->has_open && !jtp_server_open(server, peer, &packet->open, now_ns))
        is_kept = false;
    for (uint32_t i = 0; i < packet->control_count; i++)
        on_control(server, peer, &packet->controls[i], now_ns);
    if (packet->has_data && is_kept)
        complete = on_data(server, peer, &packet->data, now_ns, &is_kept);
    if (is_kept)
        jtp_received_add(&peer->path.received, packet->header.packet_number,
                         jtp_packet_elicits_ack(packet), packet->has_open || packet->has_ping,
                         now_ns);
    if (complete)
        jtp_server_deliver(server, complete, now_ns);
}

/* The client's state, made if it may be; NULL: *has_reply says whether there is something to say.
 */
static struct jtp_peer *admit(struct jtp_server *server, const struct jtp_address *from,
                              const struct jtp_packet *packet, uint64_t now_ns,
                              struct jtp_datagram *reply, bool *has_reply)
{
    const struct jtp_header *header = &packet->header;
    if (header->kind != JTP_FIRST || !packet->has_open) {
        *has_reply = refuse(server, header, JTP_UNKNOWN_CONNECTION, now_ns, reply);
        return NULL;
    }
    if (server->config.validate_address &&
        (!packet->has_cookie ||
         !jtp_cookie_is_valid(&server->jar, &packet->cookie, from, now_ns))) {
        *has_reply = retry(server, from, header, now_ns, reply);
        return NULL;
    }
    struct jtp_peer *peer = jtp_server_new_peer(server, from, header->connection, now_ns);
    *has_reply = !peer && refuse(server, header, JTP_FULL, now_ns, reply);
    return peer;
}

static bool on_unreadable(struct jtp_server *server, int status, const struct jtp_packet *packet,
                          uint64_t now_ns, struct jtp_datagram *reply)
{
    const struct jtp_header *header = &packet->header;
    if (status == -EILSEQ) {
        server->stats.bad_checksum++;
    } else if (status == -EBADMSG) {
        server->stats.malformed++;
    } else if (header->version == 0 || header->version == JTP_VERSION) {
        server->stats.not_jtp++;
    } else {
        server->stats.bad_version++;
        return refuse(server, header, JTP_BAD_VERSION, now_ns, reply);
    }
    return false;
}

bool jtp_server_on_datagram(struct jtp_server *server, const struct jtp_address *from,
                            const uint8_t *bytes, size_t count, uint64_t now_ns,
                            struct jtp_datagram *reply)
{
    struct jtp_packet packet;
    bool has_reply = false;
    server->stats.datagrams_in++;
    server->stats.bytes_in += count;
    begin_reply(reply, from);
    int status = jtp_packet_read(bytes, count, &packet);
    if (status) {
        has_reply = on_unreadable(server, status, &packet, now_ns, reply);
    } else if (packet.header.kind == JTP_PROBE) {
        has_reply = on_probe(server, &packet.header, reply);
    } else if (packet.header.kind == JTP_FIRST || packet.header.kind == JTP_CLIENT) {
        struct jtp_peer *peer = jtp_server_find_peer(server, from, packet.header.connection);
        if (!peer)
            peer = admit(server, from, &packet, now_ns, reply, &has_reply);
        if (peer)
            on_packet(server, peer, &packet, now_ns);
    } else {
        server->stats.malformed++;
    }
    if (has_reply) {
        server->stats.datagrams_out++;
        server->stats.bytes_out += reply->head_bytes;
    }
    return has_reply;
}
