/* What datagrams from the server do to a client. */
#include "dataplane/proto/client_state.h"

/* The request that a record belongs to, unless that has ended or begun anew since. */
static struct jtp_client_request *owner(struct jtp_client *client, const struct jtp_sent *record)
{
    if (record->request == JTP_NO_REQUEST)
        return NULL;
    struct jtp_client_request *request = &client->requests[record->request];
    bool is_same = request->generation == record->generation;
    return is_same && request->state == JTP_CLIENT_OPEN ? request : NULL;
}

void jtp_client_again(struct jtp_client *client, const struct jtp_sent *record)
{
    if (record->what & JTP_SENT_CANCEL)
        jtp_client_queue_cancel(client, record->offset);
    struct jtp_client_request *request = owner(client, record);
    if (request && record->what & JTP_SENT_DATA)
        jtp_outbound_again(&request->outbound, record->offset, record->length);
}

static void on_arrived(struct jtp_client *client, const struct jtp_sent *record, uint64_t now_ns)
{
    struct jtp_client_request *request = owner(client, record);
    if (!request)
        return;
    request->active_ns = now_ns;
    if (record->what & JTP_SENT_OPEN)
        request->is_open_acked = true;
    if (record->what & JTP_SENT_DATA)
        jtp_outbound_acked(&request->outbound);
    if (request->event.uploaded_ns == 0 && jtp_outbound_is_done(&request->outbound))
        request->event.uploaded_ns = now_ns;
}

static void on_lost(struct jtp_client *client, const struct jtp_sent *record)
{
    if (!(record->flags & JTP_SENT_AGAIN))
        jtp_client_again(client, record);
    struct jtp_client_request *request = owner(client, record);
    if (request && record->what & JTP_SENT_DATA)
        jtp_outbound_lost(&request->outbound);
}

void jtp_client_settle(struct jtp_client *client, const struct jtp_outcome *outcome,
                       uint64_t now_ns)
{
    struct jtp_sent record;
    uint32_t acked = outcome->acked, lost = outcome->lost;
    while (jtp_sent_pool_take(&client->pool, &acked, &record))
        on_arrived(client, &record, now_ns);
    while (jtp_sent_pool_take(&client->pool, &lost, &record)) {
        client->stats.lost++;
        on_lost(client, &record);
    }
}

void jtp_client_forget(struct jtp_client *client)
{
    struct jtp_sent record;
    uint32_t head = jtp_path_forget(&client->path);
    while (jtp_sent_pool_take(&client->pool, &head, &record))
        on_lost(client, &record);
}

static void on_retry(struct jtp_client *client, const struct jtp_packet *packet)
{
    if (client->is_heard || client->retries >= JTP_MAX_RETRIES ||
        packet->header.packet_number < client->retry_number ||
        packet->header.packet_number >= client->path.next_number)
        return;
    client->retries++;
    client->stats.retries++;
    client->cookie = packet->cookie;
    client->has_cookie = true;
    client->retry_number = client->path.next_number;
    jtp_client_forget(client);
}

static void on_refuse(struct jtp_client *client, const struct jtp_packet *packet, uint64_t now_ns)
{
    bool is_lost = packet->reason == JTP_UNKNOWN_CONNECTION;
    bool is_over = !is_lost || client->renewals >= JTP_MAX_RETRIES;
    client->stats.refusals++;
    client->renewals++;
    for (uint32_t i = 0; i < client->config.max_requests && is_over; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_OPEN || request->is_open_acked)
            continue;
        request->event.reason = packet->reason;
        request->event.retry_after_us = packet->retry_after_us;
        request->event.load = packet->load;
        request->event.has_load = true;
        jtp_client_end(client, request, JTP_REJECTED, now_ns);
    }
    jtp_client_lose(client, now_ns);
}

/* The server has spoken of a request: so it knows it. */
static void heard_of(struct jtp_client_request *request, uint64_t now_ns)
{
    request->is_open_acked = true;
    request->active_ns = now_ns;
    request->query_after_ns = JTP_FIRST_QUERY_NS;
}

static void on_grant(struct jtp_client *client, struct jtp_client_request *request,
                     const struct jtp_control *grant)
{
    request->is_waiting = false;
    if (grant->detail & JTP_RESTART && !request->has_restarted) {
        request->has_restarted = true;
        request->generation = jtp_client_next_generation(client);
        jtp_outbound_restart(&request->outbound);
    }
    jtp_outbound_grant(&request->outbound, grant->value);
}

static void on_control(struct jtp_client *client, const struct jtp_control *control,
                       uint64_t now_ns)
{
    struct jtp_client_request *request = jtp_client_find(client, control->request);
    if (!request)
        return;
    heard_of(request, now_ns);
    switch (control->type) {
    case JTP_GRANT:
        on_grant(client, request, control);
        break;
    case JTP_PROGRESS:
        /* One that was overtaken by the GRANT says nothing any more. */
        if (control->detail == JTP_WAITING && !request->has_restarted)
            request->is_waiting = true;
        break;
    case JTP_REJECT:
        request->event.reason = control->detail;
        request->event.retry_after_us = control->value;
        request->event.load = control->load;
        request->event.has_load = true;
        jtp_client_end(client, request, JTP_REJECTED, now_ns);
        break;
    default:
        jtp_client_end(client, request, JTP_LOST, now_ns);
        break;
    }
}

static void end_if_complete(struct jtp_client *client, struct jtp_client_request *request,
                            uint64_t now_ns)
{
    if (jtp_reassembly_is_complete(&request->arriving))
        jtp_client_end(client, request, JTP_ANSWERED, now_ns);
}

static void on_answer(struct jtp_client *client, const struct jtp_answer *answer, uint64_t now_ns)
{
    struct jtp_client_request *request = jtp_client_find(client, answer->request);
    if (!request)
        return;
    heard_of(request, now_ns);
    if (request->has_answer)
        return;
    if (answer->total_bytes > request->answer_capacity) {
        jtp_client_queue_cancel(client, answer->request);
        jtp_client_end(client, request, JTP_BROKEN, now_ns);
        return;
    }
    request->has_answer = true;
    request->event.answer = *answer;
    request->event.load = answer->load;
    request->event.has_load = true;
    request->event.answering_ns = now_ns;
    jtp_reassembly_init(&request->arriving, request->answer, answer->total_bytes, request->ranges,
                        client->config.max_ranges);
    end_if_complete(client, request, now_ns);
}

/* False: it could not be kept, and must not be acknowledged. */
static bool on_data(struct jtp_client *client, const struct jtp_data *data, uint64_t now_ns)
{
    struct jtp_client_request *request = jtp_client_find(client, data->request);
    if (!request)
        return true;
    if (!request->has_answer)
        return false;
    if (jtp_reassembly_add(&request->arriving, data->offset, data->payload, data->length) < 0)
        return false;
    heard_of(request, now_ns);
    end_if_complete(client, request, now_ns);
    return true;
}

static bool on_packet(struct jtp_client *client, const struct jtp_packet *packet, uint64_t now_ns)
{
    if (packet->has_ack) {
        struct jtp_outcome outcome;
        if (jtp_path_on_ack(&client->path, &client->pool, &packet->ack, now_ns, &outcome))
            return false;
        jtp_client_settle(client, &outcome, now_ns);
    }
    client->is_heard = true;
    client->renewals = 0;
    client->active_ns = now_ns;
    for (uint32_t i = 0; i < packet->control_count; i++)
        on_control(client, &packet->controls[i], now_ns);
    if (packet->has_answer)
        on_answer(client, &packet->answer, now_ns);
    if (packet->has_data && !on_data(client, &packet->data, now_ns))
        return false;
    jtp_received_add(&client->path.received, packet->header.packet_number,
                     jtp_packet_elicits_ack(packet), packet->has_ping, now_ns);
    return true;
}

void jtp_client_on_datagram(struct jtp_client *client, const uint8_t *bytes, size_t count,
                            uint64_t now_ns)
{
    struct jtp_packet packet;
    client->stats.datagrams_in++;
    client->stats.bytes_in += count;
    if (jtp_packet_read(bytes, count, &packet) || packet.header.connection != client->connection) {
        client->stats.dropped++;
        return;
    }
    if (packet.header.kind == JTP_RETRY)
        on_retry(client, &packet);
    else if (packet.header.kind == JTP_REFUSE)
        on_refuse(client, &packet, now_ns);
    else if (packet.header.kind != JTP_SERVER || !on_packet(client, &packet, now_ns))
        client->stats.dropped++;
}
