/* The world's events: datagrams in flight, timers, submissions, answers. */
#include "tests/property/jtp_world.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)

void world_fault(struct world *world, const char *what, uint64_t number)
{
    if (world->fault[0] == '\0')
        snprintf(world->fault, sizeof(world->fault), "%s (%llu) at %.3f ms", what,
                 (unsigned long long)number, (double)world->now_ns / 1e6);
}

uint64_t world_random(struct world *world)
{
    uint64_t mixed = world->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

double world_chance(struct world *world)
{
    return (double)(world_random(world) >> 11) * 0x1p-53;
}

static struct world_flight flight_of(int kind, uint32_t client, const struct jtp_datagram *datagram)
{
    struct world_flight flight = {.kind = kind, .client = client};
    flight.bytes = malloc((size_t)datagram->head_bytes + datagram->payload_bytes);
    flight.count = (uint32_t)jtp_datagram_join(datagram, flight.bytes);
    return flight;
}

static struct jtp_address address_of(uint32_t client)
{
    struct jtp_address address = {.ip = {[10] = 0xff, 0xff, 10, 0}, .port = 5000};
    address.ip[14] = (uint8_t)(client >> 8);
    address.ip[15] = (uint8_t)client;
    return address;
}

static void from_server(struct world *world, const struct jtp_datagram *datagram)
{
    uint32_t client = (uint32_t)datagram->to.ip[14] << 8 | datagram->to.ip[15];
    uint64_t count = (uint64_t)datagram->head_bytes + datagram->payload_bytes;
    if (datagram->to.ip[13] != 0 || client >= world->config.clients) {
        world->to_strangers += count;
        return;
    }
    world->sent_bytes_down += count;
    world_transmit(world, &world->down[client], flight_of(WORLD_TO_CLIENT, client, datagram));
}

static void pump_server(struct world *world)
{
    struct jtp_datagram datagram;
    while (jtp_server_next_datagram(world->server, world->now_ns, &datagram))
        from_server(world, &datagram);
    const struct jtp_server_stats *stats = jtp_server_stats(world->server);
    if (stats->granted_bytes > world->slab_used || world->slab_used > world->config.slab_bytes)
        world_fault(world, "more granted than there is memory", stats->granted_bytes);
}

static void take_events(struct world *world, uint32_t client)
{
    struct jtp_event event;
    while (jtp_client_next_event(world->clients[client], &event)) {
        struct world_request *request = event.user;
        uint32_t index = (uint32_t)(request - world->requests);
        if (request->has_event)
            world_fault(world, "a request that ended twice", index);
        request->has_event = true;
        request->event = event;
        if (event.end == JTP_ANSWERED &&
            (event.answer.total_bytes != request->answer_bytes ||
             !world_is_filled(request->answer, request->answer_bytes, world_answer_number(index))))
            world_fault(world, "an answer with wrong bytes", index);
        if (world->now_ns > request->at_ns + request->deadline_ns + MS)
            world_fault(world, "an end after the deadline", index);
    }
}

static void pump_client(struct world *world, uint32_t client)
{
    struct jtp_datagram datagram;
    take_events(world, client);
    while (jtp_client_next_datagram(world->clients[client], world->now_ns, &datagram)) {
        struct world_flight flight = flight_of(WORLD_TO_SERVER, client, &datagram);
        flight.from = address_of(client);
        if (flight.count > world->config.client.path.largest_datagram_bytes)
            world_fault(world, "a datagram that is too large", flight.count);
        world->sent_bytes_up += flight.count;
        world_transmit(world, &world->up[client], flight);
    }
}

static void to_server(struct world *world, const struct jtp_address *from, const uint8_t *bytes,
                      uint32_t count)
{
    struct jtp_datagram reply;
    /* In memory of its own size, so that reading too far shows. */
    if (jtp_server_on_datagram(world->server, from, bytes, count, world->now_ns, &reply)) {
        if (reply.head_bytes > 3 * count)
            world_fault(world, "a reply of more than three times its question", reply.head_bytes);
        from_server(world, &reply);
    }
    jtp_server_memory_freed(world->server, world->now_ns);
    pump_server(world);
}

static void arrive(struct world *world, struct world_flight *flight)
{
    if (flight->kind == WORLD_TO_SERVER) {
        to_server(world, &flight->from, flight->bytes, flight->count);
    } else if (flight->kind == WORLD_TO_CLIENT) {
        jtp_client_on_datagram(world->clients[flight->client], flight->bytes, flight->count,
                               world->now_ns);
        pump_client(world, flight->client);
    } else {
        world_answer(world, flight);
        pump_server(world);
    }
    free(flight->bytes);
}

static void submit(struct world *world, uint32_t index)
{
    struct world_request *request = &world->requests[index];
    struct jtp_submission submission = {.bytes = request->bytes,
                                        .answer = request->answer,
                                        .answer_capacity = request->answer_bytes,
                                        .deadline_ns = request->deadline_ns,
                                        .user = request};
    submission.open =
        (struct jtp_open){.from = 1, .to = 4, .rows = 1, .total_bytes = request->total_bytes};
    jtp_put_u32(submission.open.fingerprint, index);
    if (jtp_client_submit(world->clients[request->client], &submission, world->now_ns,
                          &request->number))
        world_fault(world, "a request that cannot be submitted", index);
    request->is_submitted = true;
    pump_client(world, request->client);
}

void world_config_default(struct world_config *config)
{
    *config = (struct world_config){
        .seed = 1, .clients = 1, .slab_bytes = 8 << 20, .workers = 1, .compute_ns = 2 * MS};
    config->up.largest_bytes = config->down.largest_bytes = 1472;
    config->up.delay_ns = config->down.delay_ns = 10 * MS;
    jtp_server_config_default(&config->server);
    jtp_client_config_default(&config->client);
    config->server.max_clients = 64;
    config->server.max_requests = 256;
    config->server.max_receiving = 64;
    config->server.max_waiting = 64;
    config->server.max_sent = 8192;
}

static void start_server(struct world *world)
{
    struct jtp_server_config *config = &world->config.server;
    for (int i = 0; i < 16; i++) {
        config->cookie_key.bytes[i] = (uint8_t)world_random(world);
        config->table_key.bytes[i] = (uint8_t)world_random(world);
    }
    free(world->server);
    config->ops = &world_ops;
    config->user = world;
    world->server = jtp_server_init(malloc(jtp_server_bytes(config)), config, world->now_ns);
}

/* Everything that the server and its owner knew is gone. */
static void restart_server(struct world *world)
{
    struct world_flight *kept = world->flights;
    uint32_t count = world->flight_count;
    world->flights = NULL;
    world->flight_count = world->flight_capacity = 0;
    for (uint32_t i = 0; i < count; i++)
        if (kept[i].kind != WORLD_ANSWER)
            world_push(world, kept[i]);
    free(kept);
    world_free_slots(world);
    world->working = 0;
    for (uint32_t i = 0; i < world->request_count; i++)
        world->requests[i].deliveries = 0;
    start_server(world);
}

struct world *world_create(const struct world_config *config)
{
    struct world *world = calloc(1, sizeof(*world));
    world->config = *config;
    world->random = config->seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    world->now_ns = 1000 * MS;
    world->slot_count = 512;
    world->slots = calloc(world->slot_count, sizeof(world->slots[0]));
    start_server(world);
    for (uint32_t i = 0; i < config->clients; i++) {
        struct jtp_client_config client = config->client;
        client.seed = world_random(world);
        client.client = i + 1;
        world->clients[i] = jtp_client_init(malloc(jtp_client_bytes(&client)), &client);
        world->up[i] = config->up;
        world->down[i] = config->down;
    }
    return world;
}

void world_destroy(struct world *world)
{
    for (uint32_t i = 0; i < world->flight_count; i++)
        free(world->flights[i].bytes);
    for (uint32_t i = 0; i < world->request_count; i++) {
        free(world->requests[i].bytes);
        free(world->requests[i].answer);
    }
    for (uint32_t i = 0; i < world->config.clients; i++)
        free(world->clients[i]);
    world_free_slots(world);
    free(world->slots);
    free(world->flights);
    free(world->server);
    free(world);
}

void world_request(struct world *world, uint32_t client, uint64_t at_ns, uint32_t total_bytes,
                   uint32_t answer_bytes, uint64_t deadline_ns)
{
    uint32_t index = world->request_count++;
    if (index >= WORLD_MAX_REQUESTS)
        abort();
    struct world_request *request = &world->requests[index];
    *request = (struct world_request){.client = client,
                                      .total_bytes = total_bytes,
                                      .answer_bytes = answer_bytes,
                                      .at_ns = world->now_ns + at_ns,
                                      .deadline_ns = deadline_ns,
                                      .bytes = malloc(total_bytes),
                                      .answer = calloc(1, answer_bytes)};
    world_fill(request->bytes, total_bytes, index);
}

/* A datagram from an address that is nobody's: whole, cut, or with its checksum right. */
static void flood(struct world *world)
{
    uint8_t bytes[1200];
    struct jtp_address from = address_of(0);
    uint64_t kind = world_random(world) % 4;
    uint32_t count = (uint32_t)(world_random(world) % sizeof(bytes));
    from.ip[13] = 1;
    from.port = (uint16_t)world_random(world);
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)world_random(world);
    if (kind > 0 && count >= 100) {
        struct jtp_writer writer;
        struct jtp_header header = {.kind = (uint8_t)(1 + world_random(world) % 7),
                                    .connection = world_random(world)};
        struct jtp_open open = {.request = 1, .to = 1, .rows = 1, .total_bytes = 1000000};
        struct jtp_cookie cookie = {(uint32_t)(world->now_ns / (1000 * MS)), 5};
        jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
        if (kind == 2)
            jtp_write_cookie(&writer, &cookie);
        if (kind >= 2)
            jtp_write_open(&writer, &open);
        jtp_write_ping(&writer);
        jtp_writer_finish(&writer, NULL, 0);
        count = (uint32_t)writer.count;
    }
    world->from_strangers += count;
    to_server(world, &from, bytes, count);
    world->flood_ns = world->now_ns + UINT64_C(1000000000) / world->flood_per_s;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_event_ns(const struct world *world, uint64_t *client_ns)
{
    uint64_t next_ns = world->flight_count > 0 ? world->flights[0].at_ns : JTP_NEVER;
    if (world->next_request < world->request_count)
        next_ns = earlier(next_ns, world->requests[world->next_request].at_ns);
    next_ns = earlier(next_ns, jtp_server_timeout_ns(world->server));
    *client_ns = JTP_NEVER;
    for (uint32_t i = 0; i < world->config.clients; i++)
        *client_ns = earlier(*client_ns, jtp_client_timeout_ns(world->clients[i], world->now_ns));
    if (world->flood_per_s > 0)
        next_ns = earlier(next_ns, world->flood_ns);
    return earlier(next_ns, *client_ns);
}

static void step(struct world *world, uint64_t client_ns)
{
    if (client_ns <= world->now_ns)
        for (uint32_t i = 0; i < world->config.clients; i++)
            if (jtp_client_timeout_ns(world->clients[i], world->now_ns) <= world->now_ns) {
                jtp_client_on_timeout(world->clients[i], world->now_ns);
                pump_client(world, i);
            }
    if (jtp_server_timeout_ns(world->server) <= world->now_ns) {
        jtp_server_on_timeout(world->server, world->now_ns);
        jtp_server_memory_freed(world->server, world->now_ns);
        pump_server(world);
    }
    while (world->next_request < world->request_count &&
           world->requests[world->next_request].at_ns <= world->now_ns)
        submit(world, world->next_request++);
    while (world->flight_count > 0 && world->flights[0].at_ns <= world->now_ns) {
        struct world_flight flight = world_pop(world);
        arrive(world, &flight);
    }
    if (world->flood_per_s > 0 && world->flood_ns <= world->now_ns)
        flood(world);
}

void world_run(struct world *world, uint64_t until_ns)
{
    uint64_t client_ns, idle_turns = 0;
    until_ns += world->now_ns;
    uint64_t shrink_ns =
        world->config.shrink_bytes ? world->now_ns + world->config.shrink_ns : JTP_NEVER;
    uint64_t restart_ns =
        world->config.restart_ns ? world->now_ns + world->config.restart_ns : JTP_NEVER;
    while (world->fault[0] == '\0') {
        uint64_t next_ns =
            earlier(next_event_ns(world, &client_ns), earlier(shrink_ns, restart_ns));
        if (next_ns > until_ns)
            break;
        idle_turns = next_ns > world->now_ns ? 0 : idle_turns + 1;
        if (idle_turns > 100000)
            world_fault(world, "a world that does not move on", idle_turns);
        if (next_ns > world->now_ns)
            world->now_ns = next_ns;
        if (shrink_ns <= world->now_ns) {
            shrink_ns = JTP_NEVER;
            for (uint32_t i = 0; i < world->config.clients; i++)
                world->up[i].largest_bytes = world->down[i].largest_bytes =
                    world->config.shrink_bytes;
        }
        if (restart_ns <= world->now_ns) {
            restart_ns = JTP_NEVER;
            restart_server(world);
        }
        step(world, client_ns);
    }
    if (world->fault[0] == '\0')
        world->now_ns = until_ns;
}

void world_check_end(struct world *world)
{
    const struct jtp_server_stats *stats = jtp_server_stats(world->server);
    for (uint32_t i = 0; i < world->request_count; i++)
        if (!world->requests[i].has_event)
            world_fault(world, "a request that never ended", i);
    if (world->slab_used > 0 || stats->granted_bytes > 0)
        world_fault(world, "memory that did not come back", world->slab_used);
    if (world->answers_held > 0)
        world_fault(world, "answers that did not come back", world->answers_held);
    if (stats->open_requests > 0 || stats->waiting > 0)
        world_fault(world, "requests that stay open", stats->open_requests);
    if (stats->clients > 0)
        world_fault(world, "clients that are never forgotten", stats->clients);
}

uint32_t world_count(const struct world *world, enum jtp_end end)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->request_count; i++)
        count += world->requests[i].has_event && world->requests[i].event.end == end;
    return count;
}

const char *world_end_name(enum jtp_end end)
{
    static const char *const names[] = {"none", "answered",  "rejected", "lost",
                                        "late", "cancelled", "broken"};
    return names[end];
}
