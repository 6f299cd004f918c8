/* The way to one server: socket, JTP, what is known of it, and the requests that are open there. */
#include "scheduler/client/server_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LEAST_INITIAL_RTT_NS (2 * JTP_MS)

static uint64_t draw(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = (uint64_t)(uintptr_t)&number; /* connection numbers only have to differ */
    return number;
}

/* A new connection, which knows nothing of the old one but its round-trip time. */
static void renew(struct server_link *link)
{
    link->config.seed = draw();
    link->config.path.initial_rtt_ns = 100 * JTP_MS;
    if (link->estimate.rtt_ns > 0)
        link->config.path.initial_rtt_ns = link->estimate.rtt_ns < LEAST_INITIAL_RTT_NS
                                               ? LEAST_INITIAL_RTT_NS
                                               : link->estimate.rtt_ns;
    link->client = jtp_client_init(link->memory, &link->config);
}

int server_link_init(struct server_link *link, const struct server_link_config *config)
{
    *link = (struct server_link){.address = config->address, .max_requests = config->max_requests};
    estimate_init(&link->estimate, config->up_mbps, config->down_mbps, config->server_speed);
    jtp_client_config_default(&link->config);
    link->config.server = config->address;
    link->config.client = config->client;
    link->config.max_requests = config->max_requests;
    link->config.max_sent = 4096;
    link->memory = aligned_alloc(64, (jtp_client_bytes(&link->config) + 63) & ~(size_t)63);
    if (!link->memory)
        return -ENOMEM;
    int rc = socket_open(&link->socket, &config->address);
    if (rc) {
        free(link->memory);
        *link = (struct server_link){.socket.fd = -1};
        return rc;
    }
    link->random = draw();
    damping_init(&link->damping, &link->random, config->now_ns);
    renew(link);
    server_link_ask(link);
    return 0;
}

void server_link_fini(struct server_link *link)
{
    if (!link->memory)
        return;
    socket_close(&link->socket);
    free(link->memory);
    *link = (struct server_link){.socket.fd = -1};
}

void server_link_ask(struct server_link *link)
{
    link->wants_probe = true;
}

uint32_t server_link_allowed(const struct server_link *link)
{
    const uint32_t credits = link->estimate.load.credits; /* 0: no advice */
    return credits > 0 && credits < link->max_requests ? credits : link->max_requests;
}

uint64_t server_link_free_ns(const struct server_link *link, uint64_t now_ns)
{
    const uint32_t allowed = server_link_allowed(link);
    uint64_t first_ns = UINT64_MAX, planned_ns = 0;
    if (link->open_count + link->waiting_count < allowed)
        return now_ns;
    for (uint32_t i = 0; i < link->open_count; i++) {
        const struct server_link_request *request = link->open[i];
        first_ns = request->due_ns < first_ns ? request->due_ns : first_ns;
        planned_ns = request->planned_ns > planned_ns ? request->planned_ns : planned_ns;
    }
    if (link->open_count == 0 || first_ns < now_ns)
        first_ns = now_ns; /* any moment */
    return first_ns + link->waiting_count * planned_ns / allowed;
}

static void end(struct server_link *link, uint32_t index, enum joint_reason reason,
                server_link_ended *ended, void *user)
{
    struct server_link_request *request = link->open[index];
    link->open[index] = link->open[--link->open_count];
    request->is_open = false;
    request->reason = reason;
    ended(user, request);
}

/* Ends one that waits, and was never sent. */
static void end_waiting(struct server_link *link, uint32_t index, enum joint_reason reason,
                        server_link_ended *ended, void *user)
{
    struct server_link_request *request = link->waiting[index];
    link->waiting_count--;
    memmove(&link->waiting[index], &link->waiting[index + 1],
            (link->waiting_count - index) * sizeof(link->waiting[0]));
    request->reason = reason;
    ended(user, request);
}

static void end_all(struct server_link *link, enum joint_reason reason, server_link_ended *ended,
                    void *user)
{
    while (link->open_count > 0)
        end(link, link->open_count - 1, reason, ended, user);
    while (link->waiting_count > 0)
        end_waiting(link, link->waiting_count - 1, reason, ended, user);
}

/* The server is gone. What was sent to it is forgotten with the connection. */
static void go_away(struct server_link *link, enum joint_reason reason, uint64_t now_ns,
                    server_link_ended *ended, void *user)
{
    patience_gone(&link->absence, now_ns);
    link->probes_left = 0;
    link->wants_probe = false;
    renew(link);
    end_all(link, reason, ended, user);
}

void server_link_abandon(struct server_link *link, server_link_ended *ended, void *user)
{
    renew(link);
    end_all(link, JOINT_LOST, ended, user);
}

static void send(struct server_link *link, struct server_link_request *request, uint64_t now_ns,
                 server_link_ended *ended, void *user)
{
    request->submission.deadline_ns =
        request->give_up_ns > now_ns ? request->give_up_ns - now_ns : 1;
    request->due_ns = now_ns + request->planned_ns;
    if (jtp_client_submit(link->client, &request->submission, now_ns, &request->number)) {
        request->reason = JOINT_REJECTED;
        request->event.reason = JTP_TOO_MANY; /* by the client's own count */
        ended(user, request);
        return;
    }
    request->is_open = true;
    link->open[link->open_count++] = request;
}

void server_link_submit(struct server_link *link, struct server_link_request *request,
                        uint64_t now_ns, server_link_ended *ended, void *user)
{
    request->event = (struct jtp_event){.user = NULL};
    request->submission.user = request;
    if (server_link_is_away(link)) {
        request->reason = JOINT_UNREACHABLE;
        ended(user, request);
    } else if (link->open_count < server_link_allowed(link) && link->waiting_count == 0) {
        send(link, request, now_ns, ended, user);
    } else if (link->waiting_count < SERVER_LINK_MAX_REQUESTS) {
        link->waiting[link->waiting_count++] = request;
    } else {
        request->reason = JOINT_NO_CREDIT;
        ended(user, request);
    }
}

/* Sends those that have a credit by now, and lets those go that have waited long enough. Returns
 * when the next one will have. */
static uint64_t serve_waiting(struct server_link *link, uint64_t now_ns, server_link_ended *ended,
                              void *user)
{
    uint64_t due_ns = JTP_NEVER;
    while (link->waiting_count > 0 && link->open_count < server_link_allowed(link)) {
        struct server_link_request *request = link->waiting[0];
        link->waiting_count--;
        memmove(&link->waiting[0], &link->waiting[1],
                link->waiting_count * sizeof(link->waiting[0]));
        send(link, request, now_ns, ended, user);
    }
    for (uint32_t i = link->waiting_count; i-- > 0;) {
        const struct server_link_request *request = link->waiting[i];
        if (request->waits_until_ns <= now_ns || request->give_up_ns <= now_ns)
            end_waiting(link, i, JOINT_NO_CREDIT, ended, user);
    }
    for (uint32_t i = 0; i < link->waiting_count; i++) {
        const struct server_link_request *request = link->waiting[i];
        due_ns = request->waits_until_ns < due_ns ? request->waits_until_ns : due_ns;
        due_ns = request->give_up_ns < due_ns ? request->give_up_ns : due_ns;
    }
    return due_ns;
}

/* ---- Probes ---- */

static void on_load(struct server_link *link, const struct jtp_packet *packet, uint64_t now_ns)
{
    if (packet->header.connection != link->probe_nonce || link->probe_sent_ns == 0)
        return;
    if (packet->header.packet_number == 0)
        estimate_rtt(&link->estimate, now_ns - link->probe_sent_ns, now_ns);
    estimate_load(&link->estimate, &packet->load, &link->random, now_ns);
    patience_heard(&link->absence);
    link->probes_left = 0;
    link->probe_sent_ns = 0;
    /* What is open may have begun with a guessed round-trip time; later connections know it. */
    if (link->open_count == 0 && jtp_client_stats(link->client)->datagrams_out == 0)
        renew(link);
}

static void send_probe(struct server_link *link, uint64_t now_ns)
{
    struct jtp_datagram datagram = {.to = link->address};
    link->probe_nonce = draw();
    link->probe_sent_ns = now_ns;
    link->probe_next_ns = now_ns + link->probe_wait_ns;
    link->probe_wait_ns *= 2;
    link->probes_left--;
    datagram.head_bytes = (uint32_t)jtp_write_probe(datagram.head, link->probe_nonce);
    if (socket_send(&link->socket, &datagram, 1))
        link->has_refusal = true;
}

/* Returns when there is more to do. */
static uint64_t probe_turn(struct server_link *link, uint64_t now_ns, server_link_ended *ended,
                           void *user)
{
    if (link->wants_probe && link->probe_sent_ns == 0) {
        link->wants_probe = false;
        link->probes_left = SERVER_LINK_PROBES;
        link->probe_wait_ns = SERVER_LINK_FIRST_PROBE_NS;
        link->probe_next_ns = now_ns;
        if (link->estimate.rtt_ns > link->probe_wait_ns)
            link->probe_wait_ns = link->estimate.rtt_ns * 2;
        send_probe(link, now_ns);
    }
    if (link->probe_sent_ns == 0)
        return JTP_NEVER;
    if (link->probe_next_ns > now_ns)
        return link->probe_next_ns;
    if (link->probes_left > 0) {
        send_probe(link, now_ns);
        return link->probe_next_ns;
    }
    link->probe_sent_ns = 0;
    /* Of a server with requests open, these show whether it is there. */
    bool is_known = jtp_client_path(link->client)->rtt.has_sample;
    if (link->open_count == 0 || !is_known)
        go_away(link, JOINT_SILENT, now_ns, ended, user);
    return JTP_NEVER;
}

/* ---- Requests ---- */

/* The times of an answered request, from the events that the client saw. The server's own times
 * are taken as told, so that clocks need not agree; half a round trip is in each direction. */
static void split_times(struct server_link *link, struct server_link_request *request)
{
    const struct jtp_event *event = &request->event;
    const struct jtp_path *path = jtp_client_path(link->client);
    uint64_t half_ns = path->rtt.has_sample ? path->rtt.smoothed_ns / 2 : 0;
    uint64_t whole_ns = event->ended_ns - event->submitted_ns;
    uint64_t until_answer_ns = event->answering_ns - event->submitted_ns;
    uint64_t server_ns = (event->answer.queue_us + (uint64_t)event->answer.compute_us) * 1000;
    if (server_ns > until_answer_ns)
        server_ns = until_answer_ns; /* it cannot have been more */
    uint64_t queue_ns = event->answer.queue_us * UINT64_C(1000);
    request->queue_ns = queue_ns < server_ns ? queue_ns : server_ns;
    request->compute_ns = server_ns - request->queue_ns;
    uint64_t network_ns = until_answer_ns - server_ns;
    request->uplink_ns = network_ns > half_ns ? network_ns - half_ns : network_ns / 2;
    request->downlink_ns = whole_ns - server_ns - request->uplink_ns;
}

static void learn(struct server_link *link, struct server_link_request *request, uint64_t now_ns)
{
    const struct jtp_event *event = &request->event;
    const struct jtp_path *path = jtp_client_path(link->client);
    if (event->has_load)
        estimate_load(&link->estimate, &event->load, &link->random, now_ns);
    if (path->rtt.has_sample)
        estimate_rtt(&link->estimate, path->rtt.smoothed_ns, now_ns);
    if (request->reason != JOINT_AS_PLANNED) {
        const bool is_rejected = request->reason == JOINT_REJECTED;
        damping_failed(&link->damping, is_rejected ? event->retry_after_us * UINT64_C(1000) : 0,
                       &link->random, now_ns);
        return;
    }
    damping_answered(&link->damping);
    const struct estimate_sample sample = {
        .up_bytes = request->submission.open.total_bytes,
        .down_bytes = event->answer.total_bytes,
        .uplink_ns = request->uplink_ns,
        .downlink_ns = request->downlink_ns,
        .compute_ns = event->answer.compute_us * UINT64_C(1000),
        .base_ns = request->base_ns,
    };
    estimate_answer(&link->estimate, &sample, now_ns);
}

static void on_event(struct server_link *link, const struct jtp_event *event, uint64_t now_ns,
                     server_link_ended *ended, void *user)
{
    for (uint32_t i = 0; i < link->open_count; i++) {
        struct server_link_request *request = link->open[i];
        if (request != event->user)
            continue;
        bool is_whole = event->answer.total_bytes == request->answer_bytes &&
                        event->answer.encoding == request->submission.open.answer_encoding;
        request->event = *event;
        request->reason = patience_verdict(event, is_whole);
        if (request->reason == JOINT_AS_PLANNED)
            split_times(link, request);
        learn(link, request, now_ns);
        end(link, i, request->reason, ended, user);
        return;
    }
}

static void receive(struct server_link *link, uint64_t now_ns)
{
    struct socket_received burst[SOCKET_BURST];
    struct jtp_packet packet;
    int count;
    while ((count = socket_receive(&link->socket, burst)) != 0) {
        if (count < 0) {
            link->has_refusal = true;
            continue;
        }
        for (int i = 0; i < count; i++) {
            bool is_load = burst[i].count >= JTP_HEADER_BYTES && burst[i].bytes[3] == JTP_LOAD;
            if (!is_load) {
                patience_heard(&link->absence);
                jtp_client_on_datagram(link->client, burst[i].bytes, burst[i].count, now_ns);
            } else if (jtp_packet_read(burst[i].bytes, burst[i].count, &packet) == 0) {
                on_load(link, &packet, now_ns);
            }
        }
        if (count < SOCKET_BURST)
            return;
    }
}

static void transmit(struct server_link *link, uint64_t now_ns)
{
    struct jtp_datagram burst[SOCKET_BURST];
    uint32_t count;
    do {
        count = 0;
        while (count < SOCKET_BURST &&
               jtp_client_next_datagram(link->client, now_ns, &burst[count]))
            count++;
        if (count > 0 && socket_send(&link->socket, burst, count))
            link->has_refusal = true;
    } while (count == SOCKET_BURST);
}

uint64_t server_link_turn(struct server_link *link, uint64_t now_ns, server_link_ended *ended,
                          void *user)
{
    struct jtp_event event;
    receive(link, now_ns);
    jtp_client_on_timeout(link->client, now_ns);
    while (jtp_client_next_event(link->client, &event))
        on_event(link, &event, now_ns, ended, user);
    if (patience_is_silent(jtp_client_path(link->client)->loss.probe_timeouts,
                           link->open_count > 0))
        go_away(link, JOINT_SILENT, now_ns, ended, user);
    const uint64_t waiting_ns = serve_waiting(link, now_ns, ended, user);
    transmit(link, now_ns);
    uint64_t probe_ns = probe_turn(link, now_ns, ended, user);
    if (link->has_refusal) {
        link->has_refusal = false;
        link->probe_sent_ns = 0;
        go_away(link, JOINT_REFUSED, now_ns, ended, user);
        probe_ns = JTP_NEVER;
    }
    if (waiting_ns < probe_ns)
        probe_ns = waiting_ns;
    uint64_t due_ns = jtp_client_timeout_ns(link->client, now_ns);
    return due_ns < probe_ns ? due_ns : probe_ns;
}
