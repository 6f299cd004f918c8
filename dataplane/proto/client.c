/* A client's requests: from submission to the event, and the connection they share. */
#include "dataplane/proto/client_state.h"

#include <errno.h>

void jtp_client_config_default(struct jtp_client_config *config)
{
    *config = (struct jtp_client_config){
        .max_requests = 16,
        .max_sent = 8192,
        .max_ranges = 128,
        .unscheduled_bytes = 16384,
        .renew_idle_ns = 30000 * JTP_MS,
        .longest_ns = 10000 * JTP_MS,
    };
    jtp_path_config_default(&config->path);
}

/* Where each part of the memory begins; the last one is its size. */
struct layout {
    size_t requests, ranges, cancels, sent, end;
};

static size_t align(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static struct layout layout_of(const struct jtp_client_config *config)
{
    struct layout layout;
    size_t ranges = (size_t)config->max_requests * config->max_ranges * 2;
    layout.requests = align(sizeof(struct jtp_client));
    layout.ranges =
        layout.requests + align(config->max_requests * sizeof(struct jtp_client_request));
    layout.cancels = layout.ranges + align(ranges * sizeof(struct jtp_range));
    layout.sent = layout.cancels + align(config->max_requests * sizeof(uint32_t));
    layout.end = layout.sent + align(config->max_sent * sizeof(struct jtp_sent));
    return layout;
}

size_t jtp_client_bytes(const struct jtp_client_config *config)
{
    return layout_of(config).end;
}

/* SplitMix64: enough for numbers that nobody should meet twice. */
static uint64_t draw(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

struct jtp_client *jtp_client_init(void *memory, const struct jtp_client_config *config)
{
    struct layout layout = layout_of(config);
    struct jtp_client *client = memory;
    uint8_t *bytes = memory;
    memset(memory, 0, layout.sent);
    client->config = *config;
    if (client->config.path.largest_datagram_bytes > JTP_LARGEST_PROBE_BYTES)
        client->config.path.largest_datagram_bytes = JTP_LARGEST_PROBE_BYTES;
    client->requests = (struct jtp_client_request *)(void *)(bytes + layout.requests);
    client->cancels = (uint32_t *)(void *)(bytes + layout.cancels);
    struct jtp_range *ranges = (struct jtp_range *)(void *)(bytes + layout.ranges);
    for (uint32_t i = 0; i < config->max_requests; i++) {
        client->requests[i].ranges = ranges + (size_t)i * config->max_ranges * 2;
        client->requests[i].lost_ranges = client->requests[i].ranges + config->max_ranges;
    }
    jtp_sent_pool_init(&client->pool, (struct jtp_sent *)(void *)(bytes + layout.sent),
                       config->max_sent);
    client->random = config->seed;
    client->connection = draw(&client->random);
    client->next_request = (uint32_t)draw(&client->random);
    jtp_path_init(&client->path, &client->config.path);
    return client;
}

static void begin_message(struct jtp_client *client, struct jtp_client_request *request,
                          const uint8_t *bytes)
{
    request->generation = jtp_client_next_generation(client);
    request->is_open_acked = request->is_waiting = request->has_restarted = false;
    request->has_query = false;
    request->query_after_ns = JTP_FIRST_QUERY_NS;
    jtp_outbound_init(&request->outbound, bytes, request->open.total_bytes,
                      client->config.unscheduled_bytes, request->lost_ranges,
                      client->config.max_ranges);
}

int jtp_client_submit(struct jtp_client *client, const struct jtp_submission *submission,
                      uint64_t now_ns, uint32_t *request_number)
{
    if (submission->open.total_bytes == 0 || !submission->bytes)
        return -EINVAL;
    if (client->open_count == 0 && now_ns - client->active_ns > client->config.renew_idle_ns &&
        client->path.next_number > 0)
        jtp_client_renew(client);
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state != JTP_CLIENT_FREE)
            continue;
        uint64_t patience_ns = submission->deadline_ns;
        if (patience_ns == 0)
            patience_ns = client->config.longest_ns;
        request->state = JTP_CLIENT_OPEN;
        request->order = client->next_order++;
        request->open = submission->open;
        request->open.request = client->next_request++;
        request->open.client = client->config.client;
        request->open.answer_granted_bytes = submission->answer_capacity;
        request->answer = submission->answer;
        request->answer_capacity = submission->answer_capacity;
        request->deadline_ns = now_ns + patience_ns;
        request->active_ns = now_ns;
        request->has_answer = false;
        request->event = (struct jtp_event){
            .request = request->open.request, .user = submission->user, .submitted_ns = now_ns};
        begin_message(client, request, submission->bytes);
        client->open_count++;
        *request_number = request->open.request;
        return 0;
    }
    return -EAGAIN;
}

struct jtp_client_request *jtp_client_find(struct jtp_client *client, uint32_t request)
{
    for (uint32_t i = 0; i < client->config.max_requests; i++)
        if (client->requests[i].state == JTP_CLIENT_OPEN &&
            client->requests[i].open.request == request)
            return &client->requests[i];
    return NULL;
}

void jtp_client_end(struct jtp_client *client, struct jtp_client_request *request, enum jtp_end end,
                    uint64_t now_ns)
{
    request->state = JTP_CLIENT_ENDED;
    request->generation = 0;
    request->event.end = end;
    request->event.ended_ns = now_ns;
    client->open_count--;
}

void jtp_client_queue_cancel(struct jtp_client *client, uint32_t request)
{
    /* Where there is no room (requests were submitted and ended faster than datagrams left), the
     * server's own deadline does it. */
    if (client->cancel_count < client->config.max_requests)
        client->cancels[client->cancel_count++] = request;
}

int jtp_client_cancel(struct jtp_client *client, uint32_t number, uint64_t now_ns)
{
    struct jtp_client_request *request = jtp_client_find(client, number);
    if (!request)
        return -ENOENT;
    if (request->event.sent_ns > 0)
        jtp_client_queue_cancel(client, number);
    jtp_client_end(client, request, JTP_CANCELLED, now_ns);
    return 0;
}

bool jtp_client_next_event(struct jtp_client *client, struct jtp_event *event)
{
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state == JTP_CLIENT_ENDED) {
            *event = request->event;
            request->state = JTP_CLIENT_FREE;
            return true;
        }
    }
    return false;
}

void jtp_client_renew(struct jtp_client *client)
{
    struct jtp_path_config path = client->config.path;
    if (client->path.rtt.has_sample)
        path.initial_rtt_ns = client->path.rtt.smoothed_ns;
    jtp_client_forget(client);
    jtp_path_init(&client->path, &path);
    client->connection = draw(&client->random);
    client->is_heard = false;
    client->retries = 0;
    client->retry_number = 0;
    client->cancel_count = 0;
    client->stats.renewals++;
    for (uint32_t i = 0; i < client->config.max_requests; i++)
        if (client->requests[i].state == JTP_CLIENT_OPEN)
            begin_message(client, &client->requests[i], client->requests[i].outbound.bytes);
}

void jtp_client_lose(struct jtp_client *client, uint64_t now_ns)
{
    for (uint32_t i = 0; i < client->config.max_requests; i++) {
        struct jtp_client_request *request = &client->requests[i];
        if (request->state == JTP_CLIENT_OPEN && request->is_open_acked)
            jtp_client_end(client, request, JTP_LOST, now_ns);
    }
    jtp_client_renew(client);
}

uint64_t jtp_client_connection(const struct jtp_client *client)
{
    return client->connection;
}

const struct jtp_path *jtp_client_path(const struct jtp_client *client)
{
    return &client->path;
}

const struct jtp_client_stats *jtp_client_stats(const struct jtp_client *client)
{
    return &client->stats;
}
