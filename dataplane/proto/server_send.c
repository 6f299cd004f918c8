/* What a server sends: one datagram for each client in turn, as long as there are any. */
#include "dataplane/proto/server_state.h"

static void begin(struct jtp_peer *peer, struct jtp_writer *writer, struct jtp_datagram *datagram,
                  uint64_t now_ns)
{
    struct jtp_ack ack;
    struct jtp_header header = {.kind = JTP_SERVER,
                                .connection = peer->connection,
                                .packet_number = peer->path.next_number};
    datagram->to = peer->address;
    datagram->slot = 0;
    jtp_writer_begin(writer, datagram->head, sizeof(datagram->head), &header);
    if (peer->path.received.owed > 0 && jtp_received_ack(&peer->path.received, &ack, now_ns)) {
        jtp_write_ack(writer, &ack);
        jtp_received_acked(&peer->path.received);
    }
}

static uint8_t progress_of(const struct jtp_request *request)
{
    if (request->state == JTP_REQUEST_WAITING)
        return JTP_WAITING;
    return request->state == JTP_REQUEST_RECEIVING ? JTP_RECEIVING : JTP_WORKING;
}

/* The small frames that are pending; which they were. */
static uint8_t write_controls(struct jtp_server *server, struct jtp_request *request,
                              struct jtp_writer *writer)
{
    uint8_t what = request->pending & (JTP_SEND_GRANT | JTP_SEND_PROGRESS | JTP_SEND_REJECT);
    struct jtp_control control = {.request = request->open.request};
    if (what & JTP_SEND_PROGRESS) {
        control.type = JTP_PROGRESS;
        control.detail = progress_of(request);
        jtp_write_control(writer, &control);
    }
    if (what & JTP_SEND_GRANT) {
        control.type = JTP_GRANT;
        control.detail = request->is_restart ? JTP_RESTART : 0;
        control.value = request->open.total_bytes;
        jtp_write_control(writer, &control);
    }
    if (what & JTP_SEND_REJECT) {
        control.type = JTP_REJECT;
        control.detail = request->reason;
        control.value = request->retry_after_us;
        server->config.ops->load(server->config.user, request->open.client, &control.load);
        jtp_write_control(writer, &control);
    }
    request->pending &= (uint8_t)~what;
    return what;
}

/* ANSWER, while the client is not known to have it, and what fits of the data. */
static void write_answer(struct jtp_server *server, struct jtp_request *request,
                         struct jtp_writer *writer, struct jtp_sent *record, struct jtp_data *data,
                         bool can_send_data)
{
    struct jtp_range range;
    bool is_once = request->open.flags & JTP_ONCE;
    if (!request->is_head_acked &&
        (request->pending & JTP_SEND_ANSWER || (can_send_data && !is_once))) {
        server->config.ops->load(server->config.user, request->open.client, &request->answer.load);
        jtp_write_answer(writer, &request->answer);
        record->what |= JTP_SEND_ANSWER;
    }
    request->pending &= (uint8_t)~JTP_SEND_ANSWER;
    size_t room = request->peer->path.mtu.current - writer->count - JTP_DATA_BYTES;
    if (!can_send_data || !jtp_outbound_take(&request->outbound, (uint32_t)room, &range))
        return;
    *data = (struct jtp_data){.request = request->open.request,
                              .offset = (uint32_t)range.first,
                              .length = (uint32_t)(range.end - range.first),
                              .payload = request->outbound.bytes + range.first};
    jtp_write_data(writer, data);
    record->what |= JTP_SEND_DATA;
    record->offset = data->offset;
    record->length = (uint16_t)data->length;
}

static bool has_more(const struct jtp_request *request)
{
    return request->pending > 0 ||
           (request->state == JTP_REQUEST_ANSWERING && jtp_outbound_has_next(&request->outbound));
}

/* An answer without acknowledgement is over when it has left. */
static void end_once(struct jtp_server *server, struct jtp_request *request, uint64_t now_ns)
{
    if (request->state == JTP_REQUEST_ANSWERING && request->open.flags & JTP_ONCE &&
        !has_more(request))
        jtp_server_end(server, request, JTP_ENDED_ANSWERED, now_ns);
}

static bool send_request(struct jtp_server *server, struct jtp_request *request,
                         struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_peer *peer = request->peer;
    struct jtp_writer writer;
    struct jtp_data data = {.length = 0};
    struct jtp_sent record = {.request = (uint32_t)(request - server->requests),
                              .generation = request->generation};
    bool is_answering = request->state == JTP_REQUEST_ANSWERING;
    bool is_once = is_answering && request->open.flags & JTP_ONCE;
    bool can_send_data = is_answering && jtp_outbound_has_next(&request->outbound) &&
                         jtp_path_has_room(&peer->path) && jtp_path_pace_ns(&peer->path) <= now_ns;
    if (request->pending == 0 && !can_send_data)
        return false;
    begin(peer, &writer, datagram, now_ns);
    record.what = write_controls(server, request, &writer);
    if (is_answering)
        write_answer(server, request, &writer, &record, &data, can_send_data);
    record.bytes = jtp_datagram_finish(datagram, &writer, data.payload, data.length);
    datagram->slot = data.length > 0 ? request->answer_slot : 0;
    if (is_once) {
        peer->path.next_number++;
        if (data.length > 0)
            jtp_outbound_acked(&request->outbound);
    } else {
        jtp_path_sent(&peer->path, &server->pool, &record, now_ns);
    }
    jtp_queue_remove(&request->to_send);
    if (has_more(request))
        jtp_queue_add(&peer->senders, &request->to_send, request);
    end_once(server, request, now_ns);
    return true;
}

/* A frame about a request without state: not repeated by us, so no record is kept. */
static bool send_aside(struct jtp_server *server, struct jtp_peer *peer,
                       struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    if (peer->aside.type == 0)
        return false;
    if (peer->aside.type == JTP_REJECT)
        server->config.ops->load(server->config.user, 0, &peer->aside.load);
    begin(peer, &writer, datagram, now_ns);
    jtp_write_control(&writer, &peer->aside);
    jtp_datagram_finish(datagram, &writer, NULL, 0);
    peer->path.next_number++;
    peer->aside.type = 0;
    return true;
}

/* Asks whether larger datagrams pass, while there is much to send. */
static bool send_size_probe(struct jtp_server *server, struct jtp_peer *peer,
                            const struct jtp_request *request, struct jtp_datagram *datagram,
                            uint64_t now_ns)
{
    struct jtp_path *path = &peer->path;
    const struct jtp_outbound *outbound = &request->outbound;
    if (request->state != JTP_REQUEST_ANSWERING || request->open.flags & JTP_ONCE ||
        !path->rtt.has_sample || path->probes_owed > 0 || !jtp_path_has_room(path) ||
        outbound->total_bytes - outbound->next < 8u * path->mtu.current)
        return false;
    uint16_t size = jtp_mtu_probe(&path->mtu, now_ns);
    if (size == 0)
        return false;
    struct jtp_writer writer;
    struct jtp_sent record = {
        .request = JTP_NO_REQUEST, .bytes = size, .flags = JTP_SENT_SIZE_PROBE};
    begin(peer, &writer, datagram, now_ns);
    jtp_write_ping(&writer);
    jtp_datagram_pad(datagram, &writer, size);
    jtp_path_sent(path, &server->pool, &record, now_ns);
    return true;
}

static bool send_alone(struct jtp_server *server, struct jtp_peer *peer,
                       struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    bool is_probe = peer->path.probes_owed > 0 && server->pool.free_count > 0;
    if (!is_probe && peer->path.received.due_ns > now_ns)
        return false;
    begin(peer, &writer, datagram, now_ns);
    if (is_probe)
        jtp_write_ping(&writer);
    struct jtp_sent record = {.request = JTP_NO_REQUEST};
    record.bytes = jtp_datagram_finish(datagram, &writer, NULL, 0);
    if (is_probe)
        jtp_path_sent(&peer->path, &server->pool, &record, now_ns);
    else
        peer->path.next_number++;
    return true;
}

static bool send_peer(struct jtp_server *server, struct jtp_peer *peer,
                      struct jtp_datagram *datagram, uint64_t now_ns)
{
    if (send_aside(server, peer, datagram, now_ns))
        return true;
    struct jtp_request *request = jtp_queue_first(&peer->senders), *next;
    for (; request && server->pool.free_count > 0; request = next) {
        next = jtp_queue_after(&request->to_send);
        if (send_size_probe(server, peer, request, datagram, now_ns) ||
            send_request(server, request, datagram, now_ns))
            return true;
        if (!has_more(request)) /* what it had to say has become void */
            jtp_queue_remove(&request->to_send);
    }
    return send_alone(server, peer, datagram, now_ns);
}

bool jtp_server_next_datagram(struct jtp_server *server, uint64_t now_ns,
                              struct jtp_datagram *datagram)
{
    struct jtp_peer *peer;
    while ((peer = jtp_queue_first(&server->ready_peers))) {
        jtp_queue_remove(&peer->ready);
        if (!send_peer(server, peer, datagram, now_ns)) {
            jtp_server_arm_peer(server, peer, now_ns);
            continue;
        }
        jtp_queue_add(&server->ready_peers, &peer->ready, peer);
        server->stats.datagrams_out++;
        server->stats.bytes_out += (uint64_t)datagram->head_bytes + datagram->payload_bytes;
        return true;
    }
    return false;
}
