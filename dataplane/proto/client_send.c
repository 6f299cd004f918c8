/* What a client sends, and when. */
#include "dataplane/proto/client_state.h"

uint64_t jtp_client_query_ns(const struct jtp_client_request *request)
{
    bool can_send = jtp_outbound_has_next(&request->outbound) && !request->is_waiting;
    if (!request->is_open_acked || can_send || request->outbound.in_flight > 0)
        return JTP_NEVER;
    return request->active_ns + request->query_after_ns;
}

/* Before the server was heard, and without a cookie, one datagram has to do. */
static bool may_send(const struct jtp_client *client)
{
    bool is_first_contact = !client->is_heard && !client->has_cookie;
    return client->pool.free_count > 0 && jtp_path_has_room(&client->path) &&
           (!is_first_contact || client->path.loss.count == 0 || client->path.probes_owed > 0);
}

/* Bytes that have not been sent yet; what is to be sent again comes first anyhow. */
static uint32_t unsent(const struct jtp_client_request *request)
{
    return request->outbound.total_bytes - request->outbound.next;
}

static bool is_before(const struct jtp_client_request *a, const struct jtp_client_request *b)
{
    if (unsent(a) != unsent(b))
        return unsent(a) < unsent(b);
    return b->order - a->order < UINT32_MAX / 2;
}

struct jtp_client_request *jtp_client_sender(struct jtp_client *client)
{
    struct jtp_client_request *first = NULL;
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_OPEN || request->is_waiting ||
            !jtp_outbound_has_next(&request->outbound))
            continue;
        if (!first || is_before(request, first))
            first = request;
    }
    return first;
}

static void begin(struct jtp_client *client, struct jtp_writer *writer,
                  struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_ack ack;
    struct jtp_header header = {.kind = client->is_heard ? JTP_CLIENT : JTP_FIRST,
                                .connection = client->connection,
                                .packet_number = client->path.next_number};
    datagram->to = client->config.server;
    datagram->slot = 0;
    jtp_writer_begin(writer, datagram->head, sizeof(datagram->head), &header);
    if (!client->is_heard && client->has_cookie)
        jtp_write_cookie(writer, &client->cookie);
    if (client->path.received.owed > 0 && jtp_received_ack(&client->path.received, &ack, now_ns)) {
        jtp_write_ack(writer, &ack);
        jtp_received_acked(&client->path.received);
    }
}

static void sent(struct jtp_client *client, struct jtp_sent *record, uint64_t now_ns)
{
    client->active_ns = now_ns;
    jtp_path_sent(&client->path, &client->pool, record, now_ns);
}

/* What is left of the deadline; not 0, which would be none. */
static uint32_t left_us(const struct jtp_client_request *request, uint64_t now_ns)
{
    uint64_t us = request->deadline_ns > now_ns ? (request->deadline_ns - now_ns) / 1000 : 0;
    return us == 0 ? 1 : us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void send_data(struct jtp_client *client, struct jtp_client_request *request,
                      struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    struct jtp_range range;
    struct jtp_sent record = {.request = (uint32_t)(request - client->requests),
                              .generation = request->generation,
                              .what = JTP_SENT_DATA};
    begin(client, &writer, datagram, now_ns);
    if (!request->is_open_acked) {
        request->open.deadline_us = left_us(request, now_ns);
        jtp_write_open(&writer, &request->open);
        record.what |= JTP_SENT_OPEN;
    }
    size_t room = client->path.mtu.current - writer.count - JTP_DATA_BYTES;
    jtp_outbound_take(&request->outbound, (uint32_t)room, &range);
    const struct jtp_data data = {.request = request->open.request,
                                  .offset = (uint32_t)range.first,
                                  .length = (uint32_t)(range.end - range.first)};
    jtp_write_data(&writer, &data);
    record.offset = data.offset;
    record.length = (uint16_t)data.length;
    record.bytes =
        jtp_datagram_finish(datagram, &writer, request->outbound.bytes + data.offset, data.length);
    if (request->event.sent_ns == 0)
        request->event.sent_ns = now_ns;
    request->active_ns = now_ns;
    sent(client, &record, now_ns);
}

/* CANCEL or QUERY; small and few, so the window does not count. */
static bool send_control(struct jtp_client *client, struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    struct jtp_control control = {.type = 0};
    struct jtp_sent record = {.request = JTP_NO_REQUEST};
    /* A FIRST packet without OPEN would only be refused. */
    if (client->pool.free_count == 0 || !client->is_heard)
        return false;
    if (client->cancel_count > 0) {
        control.type = JTP_CANCEL;
        control.request = client->cancels[--client->cancel_count];
        record.what = JTP_SENT_CANCEL;
        record.offset = control.request;
    }
    for (uint32_t i = 0; i < client->config.max_requests && control.type == 0; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_OPEN || !request->has_query)
            continue;
        request->has_query = false;
        control.type = JTP_QUERY;
        control.request = request->open.request;
    }
    if (control.type == 0)
        return false;
    begin(client, &writer, datagram, now_ns);
    jtp_write_control(&writer, &control);
    record.bytes = jtp_datagram_finish(datagram, &writer, NULL, 0);
    sent(client, &record, now_ns);
    return true;
}

/* Asks whether larger datagrams pass, while there is much to send. */
static bool send_size_probe(struct jtp_client *client, const struct jtp_client_request *request,
                            struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_path *path = &client->path;
    uint32_t left = request->outbound.total_bytes - request->outbound.next;
    if (!client->is_heard || !path->rtt.has_sample || path->probes_owed > 0 ||
        left < 8u * path->mtu.current)
        return false;
    uint16_t size = jtp_mtu_probe(&path->mtu, now_ns);
    if (size == 0)
        return false;
    struct jtp_writer writer;
    struct jtp_sent record = {
        .request = JTP_NO_REQUEST, .bytes = size, .flags = JTP_SENT_SIZE_PROBE};
    begin(client, &writer, datagram, now_ns);
    jtp_write_ping(&writer);
    jtp_datagram_pad(datagram, &writer, size);
    sent(client, &record, now_ns);
    return true;
}

static void send_ping(struct jtp_client *client, struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    struct jtp_sent record = {.request = JTP_NO_REQUEST};
    begin(client, &writer, datagram, now_ns);
    jtp_write_ping(&writer);
    record.bytes = jtp_datagram_finish(datagram, &writer, NULL, 0);
    sent(client, &record, now_ns);
}

static void send_ack(struct jtp_client *client, struct jtp_datagram *datagram, uint64_t now_ns)
{
    struct jtp_writer writer;
    begin(client, &writer, datagram, now_ns);
    jtp_datagram_finish(datagram, &writer, NULL, 0);
    client->path.next_number++;
}

static bool fill(struct jtp_client *client, uint64_t now_ns, struct jtp_datagram *datagram)
{
    if (send_control(client, datagram, now_ns))
        return true;
    struct jtp_client_request *request = jtp_client_sender(client);
    if (request && may_send(client) && jtp_path_pace_ns(&client->path) <= now_ns) {
        if (!send_size_probe(client, request, datagram, now_ns))
            send_data(client, request, datagram, now_ns);
        return true;
    }
    if (client->path.probes_owed > 0 && client->pool.free_count > 0 && client->is_heard) {
        send_ping(client, datagram, now_ns);
        return true;
    }
    if (client->path.received.due_ns <= now_ns) {
        send_ack(client, datagram, now_ns);
        return true;
    }
    return false;
}

bool jtp_client_next_datagram(struct jtp_client *client, uint64_t now_ns,
                              struct jtp_datagram *datagram)
{
    if (!fill(client, now_ns, datagram))
        return false;
    client->stats.datagrams_out++;
    client->stats.bytes_out += (uint64_t)datagram->head_bytes + datagram->payload_bytes;
    return true;
}

static void check_requests(struct jtp_client *client, uint64_t now_ns)
{
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_OPEN)
            continue;
        if (request->deadline_ns <= now_ns) {
            if (request->event.sent_ns > 0)
                jtp_client_queue_cancel(client, request->open.request);
            jtp_client_end(client, request, JTP_LATE, now_ns);
        } else if (jtp_client_query_ns(request) <= now_ns) {
            request->has_query = true;
            request->active_ns = now_ns;
            request->query_after_ns *= 2;
            if (request->query_after_ns > JTP_LAST_QUERY_NS)
                request->query_after_ns = JTP_LAST_QUERY_NS;
        }
    }
}

void jtp_client_on_timeout(struct jtp_client *client, uint64_t now_ns)
{
    struct jtp_outcome outcome;
    struct jtp_sent record;
    bool is_probe = jtp_path_on_timeout(&client->path, &client->pool, now_ns, &outcome);
    jtp_client_settle(client, &outcome, now_ns);
    if (is_probe) {
        client->stats.probe_timeouts++;
        for (int i = 0; i < 2 && jtp_path_oldest(&client->path, &client->pool, &record); i++)
            jtp_client_again(client, &record);
    }
    check_requests(client, now_ns);
    if (client->path.loss.probe_timeouts >= JTP_DEAD_TIMEOUTS)
        jtp_client_lose(client, now_ns);
}

uint64_t jtp_client_timeout_ns(const struct jtp_client *client, uint64_t now_ns)
{
    uint64_t due_ns = jtp_path_timeout_ns(&client->path);
    bool is_sending = false;
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        const struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_OPEN)
            continue;
        uint64_t query_ns = jtp_client_query_ns(request);
        if (request->deadline_ns < due_ns)
            due_ns = request->deadline_ns;
        if (query_ns < due_ns)
            due_ns = query_ns;
        is_sending |= !request->is_waiting && jtp_outbound_has_next(&request->outbound);
    }
    uint64_t pace_ns = jtp_path_pace_ns(&client->path);
    if (is_sending && may_send(client) && pace_ns < due_ns)
        due_ns = pace_ns;
    return due_ns > now_ns ? due_ns : now_ns;
}
