/* Tests of dataplane/proto/client*.c by single datagrams: what the client does with each. */
#include "dataplane/proto/client.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define S (1000 * JTP_MS)

struct bench {
    struct jtp_client *client;
    uint64_t now_ns, next_number, connection;
    uint8_t message[100000], answer[4000], bytes[2000];
    struct jtp_datagram out;
    struct jtp_packet packet; /* the last one from the client */
    uint64_t first_number, last_number; /* of the last pump */
    uint64_t most_bytes; /* the end of the data seen */
};

static struct bench *begin_many(uint32_t max_requests)
{
    struct jtp_client_config config;
    struct bench *bench = calloc(1, sizeof(*bench));
    jtp_client_config_default(&config);
    config.seed = 5;
    config.max_requests = max_requests;
    bench->now_ns = 100 * S;
    bench->client = jtp_client_init(malloc(jtp_client_bytes(&config)), &config);
    for (size_t i = 0; i < sizeof(bench->message); i++)
        bench->message[i] = (uint8_t)(i * 7);
    return bench;
}

static struct bench *begin(void)
{
    return begin_many(3);
}

static void end(struct bench *bench)
{
    free(bench->client);
    free(bench);
}

static uint32_t submit(struct bench *bench, uint32_t bytes, uint64_t deadline_ns)
{
    uint32_t request = 0;
    struct jtp_submission submission = {.bytes = bench->message,
                                        .answer = bench->answer,
                                        .answer_capacity = sizeof(bench->answer),
                                        .deadline_ns = deadline_ns,
                                        .user = bench};
    submission.open = (struct jtp_open){.to = 3, .rows = 1, .total_bytes = bytes};
    CU_ASSERT_EQUAL(jtp_client_submit(bench->client, &submission, bench->now_ns, &request), 0);
    return request;
}

/* Takes all that leaves now; how many datagrams. */
static int pump(struct bench *bench)
{
    int count = 0;
    while (jtp_client_next_datagram(bench->client, bench->now_ns, &bench->out)) {
        size_t bytes = jtp_datagram_join(&bench->out, bench->bytes);
        CU_ASSERT_EQUAL(jtp_packet_read(bench->bytes, bytes, &bench->packet), 0);
        CU_ASSERT(bytes <= 1472);
        bench->connection = bench->packet.header.connection;
        CU_ASSERT_EQUAL(jtp_peek_connection(bench->bytes), bench->connection);
        CU_ASSERT_EQUAL(jtp_client_connection(bench->client), bench->connection);
        bench->last_number = bench->packet.header.packet_number;
        if (count++ == 0)
            bench->first_number = bench->last_number;
        const struct jtp_data *data = &bench->packet.data;
        if (bench->packet.has_data && data->offset + data->length > bench->most_bytes)
            bench->most_bytes = data->offset + data->length;
        if (bench->packet.has_data)
            CU_ASSERT_EQUAL(memcmp(data->payload, bench->message + data->offset, data->length), 0);
    }
    return count;
}

static int wait(struct bench *bench, uint64_t ns)
{
    int count = 0;
    uint64_t until_ns = bench->now_ns + ns;
    for (int turn = 0; turn < 100000; turn++) {
        uint64_t next_ns = jtp_client_timeout_ns(bench->client, bench->now_ns);
        if (next_ns > until_ns)
            break;
        bench->now_ns = next_ns;
        jtp_client_on_timeout(bench->client, bench->now_ns);
        count += pump(bench);
    }
    bench->now_ns = until_ns;
    return count;
}

/* A server's packet with an ACK of all up to acked, unless that is UINT64_MAX, and one frame. */
static void give(struct bench *bench, uint64_t acked, const struct jtp_control *control,
                 const struct jtp_answer *answer, const struct jtp_data *data)
{
    struct jtp_writer writer;
    uint8_t bytes[2000];
    const struct jtp_header header = {
        .kind = JTP_SERVER, .connection = bench->connection, .packet_number = bench->next_number++};
    const struct jtp_ack ack = {.count = 1, .ranges = {{0, acked}}};
    jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
    if (acked != UINT64_MAX)
        jtp_write_ack(&writer, &ack);
    if (control)
        jtp_write_control(&writer, control);
    if (answer)
        jtp_write_answer(&writer, answer);
    if (data)
        jtp_write_data(&writer, data);
    jtp_writer_finish(&writer, data ? data->payload : NULL, data ? data->length : 0);
    if (data)
        memcpy(bytes + writer.count, data->payload, data->length);
    jtp_client_on_datagram(bench->client, bytes, writer.count + (data ? data->length : 0),
                           bench->now_ns);
}

static struct jtp_event event(struct bench *bench)
{
    struct jtp_event event = {0};
    CU_ASSERT(jtp_client_next_event(bench->client, &event));
    CU_ASSERT_PTR_EQUAL(event.user, bench);
    return event;
}

static bool has_event(struct bench *bench)
{
    struct jtp_event event;
    return jtp_client_next_event(bench->client, &event);
}

static void retry(struct bench *bench, uint64_t number)
{
    uint8_t bytes[JTP_RETRY_BYTES];
    const struct jtp_header to = {.connection = bench->connection, .packet_number = number};
    const struct jtp_cookie cookie = {12, 34};
    size_t count = jtp_write_retry(bytes, &to, &cookie);
    jtp_client_on_datagram(bench->client, bytes, count, bench->now_ns);
}

static void refuse(struct bench *bench, enum jtp_reason reason)
{
    uint8_t bytes[JTP_REFUSE_BYTES];
    const struct jtp_header to = {.connection = bench->connection, .packet_number = 0};
    const struct jtp_load load = {.queued = 9};
    size_t count = jtp_write_refuse(bytes, &to, reason, 777, &load);
    jtp_client_on_datagram(bench->client, bytes, count, bench->now_ns);
}

static void shows_its_address_before_it_sends_more(void)
{
    struct bench *bench = begin();
    submit(bench, 50000, 0);
    CU_ASSERT_EQUAL(pump(bench), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_FIRST);
    CU_ASSERT(bench->packet.has_open && !bench->packet.has_cookie);
    retry(bench, 0);
    /* With a cookie: the unscheduled part, all of it with OPEN and cookie, in no burst over ten. */
    CU_ASSERT_EQUAL(pump(bench), JTP_BURST_DATAGRAMS - 1);
    CU_ASSERT(bench->packet.has_open && bench->packet.has_cookie);
    CU_ASSERT_EQUAL(bench->packet.cookie.signature, 34);
    retry(bench, 0); /* a late twin */
    CU_ASSERT_EQUAL(jtp_client_stats(bench->client)->retries, 1);
    CU_ASSERT(bench->most_bytes <= 16384);
    end(bench);
}

static void sends_no_more_than_granted(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 100000, 0);
    pump(bench);
    give(bench, 0, NULL, NULL, NULL);
    wait(bench, 50 * JTP_MS);
    for (int i = 0; i < 30; i++) {
        give(bench, bench->last_number, NULL, NULL, NULL);
        wait(bench, 50 * JTP_MS);
    }
    CU_ASSERT_EQUAL(bench->most_bytes, 16384);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_CLIENT);
    const struct jtp_control grant = {.type = JTP_GRANT, .request = request, .value = 40000};
    for (int i = 0; i < 30; i++) {
        give(bench, bench->last_number, &grant, NULL, NULL);
        wait(bench, 50 * JTP_MS);
    }
    CU_ASSERT_EQUAL(bench->most_bytes, 40000);
    end(bench);
}

static void begins_anew_once_when_told(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 2000, 0);
    pump(bench);
    const struct jtp_control waiting = {
        .type = JTP_PROGRESS, .detail = JTP_WAITING, .request = request};
    give(bench, 0, &waiting, NULL, NULL);
    CU_ASSERT_EQUAL(pump(bench), 0);
    const struct jtp_control grant = {
        .type = JTP_GRANT, .detail = JTP_RESTART, .request = request, .value = 2000};
    bench->most_bytes = 0;
    give(bench, UINT64_MAX, &grant, NULL, NULL);
    give(bench, UINT64_MAX, &grant, NULL, NULL); /* a twin */
    give(bench, UINT64_MAX, &waiting, NULL, NULL); /* an old one */
    wait(bench, JTP_MS);
    CU_ASSERT_EQUAL(bench->most_bytes, 2000);
    uint64_t first = bench->first_number;
    give(bench, bench->last_number, NULL, NULL, NULL);
    wait(bench, 20 * JTP_MS);
    CU_ASSERT(bench->last_number - first <= 6); /* and not again */
    end(bench);
}

static void takes_an_answer_in_any_order(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 100, 0);
    pump(bench);
    const struct jtp_answer answer = {.request = request, .total_bytes = 300, .queue_us = 5};
    const struct jtp_data first = {.request = request, .length = 200, .payload = bench->message};
    const struct jtp_data second = {
        .request = request, .offset = 150, .length = 150, .payload = bench->message + 150};
    const struct jtp_data beyond = {
        .request = request, .offset = 299, .length = 2, .payload = bench->message};
    give(bench, 0, NULL, NULL, &second); /* before ANSWER: it cannot be kept */
    CU_ASSERT_EQUAL(pump(bench), 0);
    give(bench, 0, NULL, &answer, &second);
    give(bench, 0, NULL, &answer, &second);
    give(bench, 0, NULL, NULL, &beyond);
    CU_ASSERT_FALSE(has_event(bench));
    give(bench, 0, NULL, NULL, &first);
    struct jtp_event answered = event(bench);
    CU_ASSERT_EQUAL(answered.end, JTP_ANSWERED);
    CU_ASSERT_EQUAL(answered.answer.queue_us, 5);
    CU_ASSERT_EQUAL(memcmp(bench->answer, bench->message, 300), 0);
    CU_ASSERT(pump(bench) >= 1);
    CU_ASSERT(bench->packet.has_ack);
    CU_ASSERT_EQUAL(bench->packet.ack.ranges[0].last, 4);
    CU_ASSERT_FALSE(has_event(bench));
    end(bench);
}

static void an_answer_that_is_too_large_is_not_taken(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 100, 0);
    pump(bench);
    const struct jtp_answer answer = {.request = request, .total_bytes = 4001};
    give(bench, 0, NULL, &answer, NULL);
    CU_ASSERT_EQUAL(event(bench).end, JTP_BROKEN);
    pump(bench);
    CU_ASSERT_EQUAL(bench->packet.controls[0].type, JTP_CANCEL);
    end(bench);
}

static void every_end_comes_through(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 100, 0);
    pump(bench);
    const struct jtp_control reject = {.type = JTP_REJECT,
                                       .detail = JTP_OVERLOADED,
                                       .request = request,
                                       .value = 5000,
                                       .load = {.queued = 7}};
    give(bench, 0, &reject, NULL, NULL);
    struct jtp_event rejected = event(bench);
    CU_ASSERT_EQUAL(rejected.end, JTP_REJECTED);
    CU_ASSERT_EQUAL(rejected.reason, JTP_OVERLOADED);
    CU_ASSERT_EQUAL(rejected.retry_after_us, 5000);
    CU_ASSERT_EQUAL(rejected.load.queued, 7);
    request = submit(bench, 100, 0);
    pump(bench);
    const struct jtp_control unknown = {.type = JTP_UNKNOWN, .request = request};
    give(bench, bench->last_number, &unknown, NULL, NULL);
    CU_ASSERT_EQUAL(event(bench).end, JTP_LOST);
    request = submit(bench, 100, 0);
    pump(bench);
    CU_ASSERT_EQUAL(jtp_client_cancel(bench->client, request, bench->now_ns), 0);
    CU_ASSERT_EQUAL(jtp_client_cancel(bench->client, request, bench->now_ns), -ENOENT);
    CU_ASSERT_EQUAL(event(bench).end, JTP_CANCELLED);
    CU_ASSERT_EQUAL(pump(bench), 1);
    CU_ASSERT_EQUAL(bench->packet.controls[0].type, JTP_CANCEL);
    CU_ASSERT_EQUAL(bench->packet.controls[0].request, request);
    end(bench);
}

static void a_silent_server_makes_it_late_not_stuck(void)
{
    struct bench *bench = begin();
    submit(bench, 100, 3 * S);
    pump(bench);
    int sent = wait(bench, 400 * JTP_MS);
    CU_ASSERT(sent >= 1 && sent <= 2); /* after 305 ms, not after seconds */
    sent += wait(bench, 2599 * JTP_MS);
    CU_ASSERT(sent <= 10); /* backs off */
    CU_ASSERT_FALSE(has_event(bench));
    wait(bench, 2 * JTP_MS);
    CU_ASSERT_EQUAL(event(bench).end, JTP_LATE);
    end(bench);
}

static void asks_about_what_it_hears_nothing_of(void)
{
    struct bench *bench = begin();
    uint32_t request = submit(bench, 100, 9 * S);
    pump(bench);
    give(bench, 0, NULL, NULL, NULL);
    CU_ASSERT_EQUAL(wait(bench, 99 * JTP_MS), 0);
    CU_ASSERT_EQUAL(wait(bench, 2 * JTP_MS), 1);
    CU_ASSERT_EQUAL(bench->packet.controls[0].type, JTP_QUERY);
    CU_ASSERT_EQUAL(bench->packet.controls[0].request, request);
    end(bench);
}

static void lost_connections_lose_only_what_was_accepted(void)
{
    struct bench *bench = begin();
    uint32_t accepted = submit(bench, 100, 0);
    pump(bench);
    give(bench, 0, NULL, NULL, NULL);
    uint32_t fresh = submit(bench, 100, 0);
    pump(bench);
    uint64_t before = bench->connection;
    refuse(bench, JTP_UNKNOWN_CONNECTION);
    struct jtp_event lost = event(bench);
    CU_ASSERT_EQUAL(lost.end, JTP_LOST);
    CU_ASSERT_EQUAL(lost.request, accepted);
    CU_ASSERT_FALSE(has_event(bench));
    CU_ASSERT_EQUAL(pump(bench), 1);
    CU_ASSERT_NOT_EQUAL(bench->connection, before);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_FIRST);
    CU_ASSERT_EQUAL(bench->packet.header.packet_number, 0);
    CU_ASSERT_EQUAL(bench->packet.open.request, fresh);
    refuse(bench, JTP_FULL);
    struct jtp_event rejected = event(bench);
    CU_ASSERT_EQUAL(rejected.end, JTP_REJECTED);
    CU_ASSERT_EQUAL(rejected.reason, JTP_FULL);
    CU_ASSERT_EQUAL(rejected.retry_after_us, 777);
    end(bench);
}

static void a_small_request_overtakes_a_large_one(void)
{
    struct bench *bench = begin();
    submit(bench, 100000, 0);
    pump(bench);
    uint32_t small = submit(bench, 50, 0);
    give(bench, 0, NULL, NULL, NULL);
    CU_ASSERT(jtp_client_next_datagram(bench->client, bench->now_ns, &bench->out));
    size_t bytes = jtp_datagram_join(&bench->out, bench->bytes);
    CU_ASSERT_EQUAL(jtp_packet_read(bench->bytes, bytes, &bench->packet), 0);
    CU_ASSERT_EQUAL(bench->packet.data.request, small);
    end(bench);
}

static void strangers_change_nothing(void)
{
    struct bench *bench = begin();
    submit(bench, 100, 0);
    pump(bench);
    bench->connection ^= 1;
    refuse(bench, JTP_FULL);
    retry(bench, 0);
    give(bench, 0, NULL, NULL, NULL);
    CU_ASSERT_EQUAL(jtp_client_stats(bench->client)->dropped, 3);
    bench->connection ^= 1;
    give(bench, 50, NULL, NULL, NULL); /* acknowledges what was never sent */
    CU_ASSERT_EQUAL(jtp_client_stats(bench->client)->dropped, 4);
    CU_ASSERT_FALSE(has_event(bench));
    end(bench);
}

static void requests_over_the_limit_wait_with_the_caller(void)
{
    struct bench *bench = begin();
    struct jtp_submission submission = {.bytes = bench->message};
    uint32_t request;
    CU_ASSERT_EQUAL(jtp_client_submit(bench->client, &submission, bench->now_ns, &request),
                    -EINVAL);
    submission.open.total_bytes = 5;
    for (int i = 0; i < 3; i++)
        submit(bench, 10, 0);
    CU_ASSERT_EQUAL(jtp_client_submit(bench->client, &submission, bench->now_ns, &request),
                    -EAGAIN);
    end(bench);
}

/* Takes all that leaves now; how many requests it cancels, each once. */
static uint32_t count_cancels(struct bench *bench, bool *is_cancelled, uint32_t first)
{
    uint32_t count = 0;
    while (jtp_client_next_datagram(bench->client, bench->now_ns, &bench->out)) {
        size_t bytes = jtp_datagram_join(&bench->out, bench->bytes);
        CU_ASSERT_EQUAL(jtp_packet_read(bench->bytes, bytes, &bench->packet), 0);
        for (uint32_t i = 0; i < bench->packet.control_count; i++) {
            if (bench->packet.controls[i].type != JTP_CANCEL)
                continue;
            CU_ASSERT_FALSE(is_cancelled[bench->packet.controls[i].request - first]);
            is_cancelled[bench->packet.controls[i].request - first] = true;
            count++;
        }
    }
    return count;
}

static void cancels_all_that_were_open(void)
{
    enum { MANY = 100 };
    bool is_cancelled[MANY] = {false};
    struct bench *bench = begin_many(MANY);
    uint32_t first = submit(bench, 100, 0);
    pump(bench);
    give(bench, bench->last_number, NULL, NULL, NULL); /* the server is heard */
    for (uint32_t i = 1; i < MANY; i++)
        submit(bench, 100, 0);
    for (uint32_t turn = 0; turn < MANY; turn++) { /* as the window and the pace allow */
        pump(bench);
        give(bench, bench->last_number, NULL, NULL, NULL);
        bench->now_ns += 10 * JTP_MS;
    }
    for (uint32_t i = 0; i < MANY; i++)
        CU_ASSERT_EQUAL(jtp_client_cancel(bench->client, first + i, bench->now_ns), 0);
    uint32_t count = 0;
    for (uint32_t turn = 0; turn < MANY; turn++) {
        count += count_cancels(bench, is_cancelled, first);
        give(bench, bench->packet.header.packet_number, NULL, NULL, NULL);
        bench->now_ns += 10 * JTP_MS;
    }
    CU_ASSERT_EQUAL(count, MANY);
    end(bench);
}

const struct cunit_test tests[] = {
    {"a client shows its address before it sends more", shows_its_address_before_it_sends_more},
    {"it sends no more than granted", sends_no_more_than_granted},
    {"it begins anew once when told", begins_anew_once_when_told},
    {"it takes an answer in any order, once", takes_an_answer_in_any_order},
    {"an answer that is too large is not taken", an_answer_that_is_too_large_is_not_taken},
    {"every end comes through", every_end_comes_through},
    {"a silent server makes a request late, not stuck", a_silent_server_makes_it_late_not_stuck},
    {"it asks about what it hears nothing of", asks_about_what_it_hears_nothing_of},
    {"lost connections lose only what was accepted", lost_connections_lose_only_what_was_accepted},
    {"a small request overtakes a large one", a_small_request_overtakes_a_large_one},
    {"strangers change nothing", strangers_change_nothing},
    {"requests over the limit wait with the caller", requests_over_the_limit_wait_with_the_caller},
    {"every open request can be cancelled at once", cancels_all_that_were_open},
    {NULL, NULL},
};
