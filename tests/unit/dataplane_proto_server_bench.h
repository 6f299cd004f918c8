/* A server and one client's datagrams to it, made one by one: for the tests of server*.c. */
#ifndef TESTS_UNIT_DATAPLANE_PROTO_SERVER_BENCH_H
#define TESTS_UNIT_DATAPLANE_PROTO_SERVER_BENCH_H

#include "dataplane/proto/server.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define S (1000 * JTP_MS)
#define CONNECTION 77

struct owner {
    uint8_t check, bytes[4][4000];
    bool is_used[4];
    int reserve_status;
    bool holds; /* reserved, and not granted */
    uint32_t reserved, released, delivered, cancelled, sent;
    struct jtp_request_ref ref;
    uint64_t slot;
};

struct bench {
    struct owner owner;
    struct jtp_server *server;
    uint64_t now_ns, next_number;
    struct jtp_address client;
    struct jtp_datagram out;
    struct jtp_packet packet; /* the last one from the server */
    bool has_answered; /* one of the last ones was an ANSWER */
    uint8_t bytes[2000];
};

static inline uint8_t check(void *user, const struct jtp_open *open)
{
    const struct owner *owner = user;
    return open->total_bytes > 4000 ? JTP_BAD_SIZE : owner->check;
}

static inline int reserve(void *user, const struct jtp_open *open,
                          struct jtp_reservation *reservation)
{
    struct owner *owner = user;
    (void)open;
    if (owner->reserve_status)
        return owner->reserve_status;
    for (uint64_t i = 0; i < 4; i++)
        if (!owner->is_used[i]) {
            owner->is_used[i] = true;
            owner->reserved++;
            owner->ref = reservation->request;
            reservation->is_held = owner->holds;
            reservation->bytes = owner->bytes[i];
            reservation->slot = i + 1;
            return 0;
        }
    return -ENOMEM;
}

static inline void release(void *user, uint64_t slot)
{
    struct owner *owner = user;
    owner->released++;
    owner->is_used[slot - 1] = false;
}

static inline void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                           uint64_t slot, uint64_t deadline_ns, uint64_t now_ns)
{
    struct owner *owner = user;
    owner->delivered++;
    owner->ref = ref;
    owner->slot = slot;
    CU_ASSERT_EQUAL(deadline_ns, now_ns + open->deadline_us * UINT64_C(1000));
}

static inline void cancelled(void *user, struct jtp_request_ref ref, uint64_t slot)
{
    struct owner *owner = user;
    owner->cancelled++;
    CU_ASSERT_EQUAL(owner->slot, slot);
    (void)ref;
}

static inline void sent(void *user, uint64_t slot)
{
    struct owner *owner = user;
    owner->sent++;
    (void)slot;
}

static inline void load(void *user, uint64_t client, struct jtp_load *load)
{
    (void)user;
    *load = (struct jtp_load){.queued = 5, .credits = (uint16_t)client};
}

static const struct jtp_server_ops ops = {check, reserve, release, deliver, cancelled, sent, load};

static inline struct bench *begin(bool validate, uint32_t clients)
{
    struct jtp_server_config config;
    struct bench *bench = calloc(1, sizeof(*bench));
    jtp_server_config_default(&config);
    config.ops = &ops;
    config.user = &bench->owner;
    config.validate_address = validate;
    config.max_clients = clients;
    config.max_requests = 8;
    config.max_requests_per_client = 3;
    config.max_receiving = 8;
    config.max_waiting = 1;
    config.max_sent = 64;
    config.boot = 42;
    bench->now_ns = 100 * S;
    bench->client = (struct jtp_address){.ip = {[15] = 9}, .port = 1000};
    bench->server = jtp_server_init(malloc(jtp_server_bytes(&config)), &config, bench->now_ns);
    return bench;
}

static inline void end(struct bench *bench)
{
    free(bench->server);
    free(bench);
}

static inline struct jtp_open open_of(uint32_t request, uint32_t total_bytes)
{
    return (struct jtp_open){.request = request,
                             .client = 3,
                             .from = 0,
                             .to = 2,
                             .rows = 1,
                             .total_bytes = total_bytes,
                             .deadline_us = 500000,
                             .answer_granted_bytes = 4000};
}

/* What a client's datagram may hold here; zeroed members are left out. */
struct parts {
    uint8_t kind;
    const struct jtp_open *open;
    const struct jtp_cookie *cookie;
    struct jtp_control control;
    uint32_t request, offset, length; /* of data */
    bool has_ack;
    uint64_t acked; /* 0 up to this */
};

/* Gives it to the server; the number of datagrams that came back, the last of which is read. */
static inline int offer(struct bench *bench, const struct parts *parts)
{
    struct jtp_writer writer;
    const struct jtp_header header = {.kind = parts->kind ? parts->kind : JTP_CLIENT,
                                      .connection = CONNECTION,
                                      .packet_number = bench->next_number++};
    uint8_t payload[1200];
    for (uint32_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(parts->offset + i);
    jtp_writer_begin(&writer, bench->bytes, sizeof(bench->bytes), &header);
    if (parts->cookie)
        jtp_write_cookie(&writer, parts->cookie);
    const struct jtp_ack ack = {.count = 1, .ranges = {{0, parts->acked}}};
    if (parts->has_ack)
        jtp_write_ack(&writer, &ack);
    if (parts->open)
        jtp_write_open(&writer, parts->open);
    if (parts->control.type)
        jtp_write_control(&writer, &parts->control);
    const struct jtp_data data = {
        .request = parts->request, .offset = parts->offset, .length = parts->length};
    if (parts->length)
        jtp_write_data(&writer, &data);
    jtp_writer_finish(&writer, payload, parts->length);
    memcpy(bench->bytes + writer.count, payload, parts->length);
    int count = jtp_server_on_datagram(bench->server, &bench->client, bench->bytes,
                                       writer.count + parts->length, bench->now_ns, &bench->out);
    while (jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out))
        count++;
    if (count > 0)
        CU_ASSERT_EQUAL(jtp_packet_read(bench->bytes, jtp_datagram_join(&bench->out, bench->bytes),
                                        &bench->packet),
                        0);
    return count;
}

/* Time passes; the number of datagrams that leave. */
static inline int wait(struct bench *bench, uint64_t ns)
{
    int count = 0;
    uint64_t until_ns = bench->now_ns + ns;
    bench->has_answered = false;
    while (jtp_server_timeout_ns(bench->server) <= until_ns) {
        bench->now_ns = jtp_server_timeout_ns(bench->server);
        jtp_server_on_timeout(bench->server, bench->now_ns);
        while (jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out)) {
            count++;
            CU_ASSERT_EQUAL(jtp_packet_read(bench->bytes,
                                            jtp_datagram_join(&bench->out, bench->bytes),
                                            &bench->packet),
                            0);
            bench->has_answered |= bench->packet.has_answer;
        }
    }
    bench->now_ns = until_ns;
    return count;
}

static inline uint8_t first_control(const struct bench *bench)
{
    return bench->packet.control_count > 0 ? bench->packet.controls[0].type : 0;
}

/* A whole request in one datagram, and its answer. */
static inline void deliver_one(struct bench *bench, uint32_t request, uint8_t flags)
{
    struct jtp_open open = open_of(request, 10);
    open.flags = flags;
    offer(bench,
          &(struct parts){.kind = JTP_FIRST, .open = &open, .request = request, .length = 10});
}

static inline void answer(struct bench *bench, uint32_t total_bytes)
{
    const struct jtp_answering answering = {
        .bytes = bench->owner.bytes[3], .total_bytes = total_bytes, .slot = 4};
    CU_ASSERT_EQUAL(jtp_server_answer(bench->server, bench->owner.ref, &answering, bench->now_ns),
                    0);
}

#endif
