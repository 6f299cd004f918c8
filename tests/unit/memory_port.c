/* The port of memory, and the owner of the server behind it. */
#include "tests/unit/memory_port.h"

#include "scheduler/loadtest/clock.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define MAX_QUEUED 4096
#define MAX_BYTES 1500
#define MS UINT64_C(1000000)

struct memory_port_parcel {
    struct jtp_address address;
    uint32_t count;
    uint8_t bytes[MAX_BYTES];
};

static struct memory_port *of(struct port *port)
{
    return (struct memory_port *)port;
}

static bool is_dropped(struct memory_port *port)
{
    return port->drop_each > 0 && ++port->passed % port->drop_each == 0;
}

static void queue_parcel(struct memory_port *port, const struct jtp_datagram *datagram)
{
    struct memory_port_parcel *parcel = &port->parcels[port->end % MAX_QUEUED];
    if (is_dropped(port) || port->end - port->first == MAX_QUEUED)
        return;
    parcel->address = port->server_address;
    parcel->count = (uint32_t)jtp_datagram_join(datagram, parcel->bytes);
    port->end++;
}

static void serve(struct memory_port *port, uint64_t now_ns)
{
    struct jtp_datagram datagram;
    if (jtp_server_timeout_ns(port->server) <= now_ns)
        jtp_server_on_timeout(port->server, now_ns);
    while (jtp_server_next_datagram(port->server, now_ns, &datagram))
        queue_parcel(port, &datagram);
}

static uint32_t op_receive(struct port *port, uint32_t queue, struct port_received *burst,
                           uint32_t count, uint64_t now_ns)
{
    struct memory_port *memory = of(port);
    uint32_t taken = 0;
    if (!memory->is_dead)
        serve(memory, now_ns);
    for (; taken < count && memory->first + taken != memory->end; taken++) {
        struct memory_port_parcel *parcel = &memory->parcels[(memory->first + taken) % MAX_QUEUED];
        burst[taken] = (struct port_received){parcel->address, parcel->bytes, parcel->count};
    }
    memory->first += taken;
    return taken;
}

static void op_release(struct port *port, uint32_t queue)
{
}

static void op_send(struct port *port, uint32_t queue, const struct port_outgoing *burst,
                    uint32_t count, uint64_t now_ns)
{
    struct memory_port *memory = of(port);
    struct jtp_address lane = {.port = 1234};
    uint8_t bytes[MAX_BYTES];
    struct jtp_datagram reply;
    memory->from_lane += count;
    for (uint32_t i = 0; i < count && !memory->is_dead; i++) {
        if (is_dropped(memory))
            continue;
        memcpy(bytes, burst[i].head, burst[i].head_bytes);
        memcpy(bytes + burst[i].head_bytes, burst[i].payload_bytes ? burst[i].payload : bytes,
               burst[i].payload_bytes);
        if (jtp_server_on_datagram(memory->server, &lane, bytes,
                                   burst[i].head_bytes + burst[i].payload_bytes, now_ns, &reply))
            queue_parcel(memory, &reply);
    }
}

static uint32_t op_sent(struct port *port, uint32_t queue, uint64_t *tokens, uint32_t count)
{
    return 0;
}

/* Time passes: a millisecond at most, as the server has timers, too. */
static int op_wait(struct port *port, uint32_t queue, int wake_fd, uint64_t timeout_ns)
{
    const struct timespec nap = {.tv_nsec = timeout_ns < MS ? (long)timeout_ns : (long)MS};
    nanosleep(&nap, NULL);
    return 0;
}

static uint32_t op_max_datagram_bytes(const struct port *port, const struct jtp_address *to)
{
    return 1400;
}

static void op_counters(const struct port *port, uint32_t queue, struct port_counters *counters)
{
    *counters = (struct port_counters){0};
}

static const struct port_ops memory_ops = {.name = "memory",
                                           .receive = op_receive,
                                           .release = op_release,
                                           .send = op_send,
                                           .sent = op_sent,
                                           .wait = op_wait,
                                           .max_datagram_bytes = op_max_datagram_bytes,
                                           .counters = op_counters};

/* The server's owner: checks the bytes and answers at once. */
static uint8_t server_check(void *user, const struct jtp_open *open)
{
    const struct memory_port *port = user;
    if (port->reject)
        return port->reject;
    return open->total_bytes == MEMORY_PORT_MESSAGE_BYTES && open->from == MEMORY_PORT_FROM &&
                   open->to == MEMORY_PORT_TO && open->model == MEMORY_PORT_MODEL
               ? 0
               : JTP_BAD_SIZE;
}

static int server_reserve(void *user, const struct jtp_open *open,
                          struct jtp_reservation *reservation)
{
    struct memory_port *port = user;
    for (uint32_t i = 0; i < MEMORY_PORT_SLOTS; i++) {
        if (port->slots[i])
            continue;
        port->slots[i] = malloc(open->total_bytes);
        *reservation = (struct jtp_reservation){.bytes = port->slots[i], .slot = i + 1};
        return port->slots[i] ? 0 : -ENOMEM;
    }
    return -ENOMEM;
}

static void server_release(void *user, uint64_t slot)
{
    struct memory_port *port = user;
    free(port->slots[slot - 1]);
    port->slots[slot - 1] = NULL;
}

static void server_deliver(void *user, struct jtp_request_ref request, const struct jtp_open *open,
                           uint64_t slot, uint64_t deadline_ns, uint64_t now_ns)
{
    struct memory_port *port = user;
    const uint8_t *bytes = port->slots[slot - 1];
    port->delivered++;
    for (uint32_t i = 1; i < MEMORY_PORT_MESSAGE_BYTES; i++)
        port->wrong += bytes[i] != (uint8_t)(bytes[0] + i);
    if (port->held_back > 0) {
        port->held_back--;
        return;
    }
    const struct jtp_answering answer = {.bytes = bytes,
                                         .total_bytes = MEMORY_PORT_ANSWER_BYTES,
                                         .slot = slot,
                                         .batch = 3,
                                         .queue_us = 1000,
                                         .compute_us = 2000};
    if (jtp_server_answer(port->server, request, &answer, now_ns))
        server_release(user, slot);
}

static void server_cancelled(void *user, struct jtp_request_ref request, uint64_t slot)
{
    server_release(user, slot);
}

static void server_load(void *user, uint64_t client, struct jtp_load *load)
{
    *load = (struct jtp_load){.predicted_wait_us = 700, .utilization_permille = 400};
}

static const struct jtp_server_ops server_ops = {.check = server_check,
                                                 .reserve = server_reserve,
                                                 .release = server_release,
                                                 .deliver = server_deliver,
                                                 .cancelled = server_cancelled,
                                                 .sent = server_release,
                                                 .load = server_load};

void memory_port_init(struct memory_port *port)
{
    struct jtp_server_config config;
    jtp_server_config_default(&config);
    config.ops = &server_ops;
    config.user = port;
    config.boot = 1;
    config.max_clients = 1024;
    config.max_requests = 4096;
    port->server_memory = aligned_alloc(64, (jtp_server_bytes(&config) + 63) & ~(size_t)63);
    CU_ASSERT_PTR_NOT_NULL_FATAL(port->server_memory);
    port->server = jtp_server_init(port->server_memory, &config, loadtest_clock_ns());
    port->port = (struct port){.ops = &memory_ops, .queue_count = 1};
    port->server_address = (struct jtp_address){.ip = {[15] = 9}, .port = 4470};
    port->parcels = calloc(MAX_QUEUED, sizeof(*port->parcels));
    CU_ASSERT_PTR_NOT_NULL_FATAL(port->parcels);
}

void memory_port_fini(struct memory_port *port)
{
    for (uint32_t i = 0; i < MEMORY_PORT_SLOTS; i++)
        free(port->slots[i]);
    free(port->parcels);
    free(port->server_memory);
}
