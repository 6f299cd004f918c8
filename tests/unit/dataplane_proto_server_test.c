/* Tests of dataplane/proto/server*.c by single datagrams: what each one makes the server do. */
#include "tests/unit/dataplane_proto_server_bench.h"

static void keeps_nothing_for_addresses_that_prove_nothing(void)
{
    struct bench *bench = begin(true, 4);
    struct jtp_open open = open_of(1, 10);
    struct parts first = {.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10};
    CU_ASSERT_EQUAL(offer(bench, &first), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_RETRY);
    CU_ASSERT_EQUAL(bench->packet.header.connection, CONNECTION);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->clients, 0);
    struct jtp_cookie cookie = bench->packet.cookie;
    first.cookie = &cookie;
    bench->client.port++; /* someone else's cookie */
    CU_ASSERT_EQUAL(offer(bench, &first), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_RETRY);
    bench->client.port--;
    CU_ASSERT_EQUAL(bench->owner.reserved, 0);
    CU_ASSERT_EQUAL(offer(bench, &first), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_SERVER);
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static uint64_t retries_for(struct bench *bench, uint32_t datagrams)
{
    const uint64_t before = jtp_server_stats(bench->server)->retries;
    struct jtp_open open = open_of(1, 10);
    for (uint32_t i = 0; i < datagrams; i++) {
        bench->client.port++;
        offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    }
    return jtp_server_stats(bench->server)->retries - before;
}

/* 20,000 a second, a fourth of them at once. */
static void a_flood_of_strangers_gets_few_replies(void)
{
    struct bench *bench = begin(true, 4);
    const uint32_t burst = 5000;
    CU_ASSERT_EQUAL(retries_for(bench, 3 * burst), burst + 1);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->unreplied, 2 * burst - 1);
    CU_ASSERT_EQUAL(retries_for(bench, 10), 0);
    bench->now_ns += S / 20;
    CU_ASSERT_EQUAL(retries_for(bench, burst), 1000);
    bench->now_ns += 100 * S;
    CU_ASSERT_EQUAL(retries_for(bench, 3 * burst), burst + 1);
    /* A client whose datagram had no reply comes again, and those that are known are heard. */
    bench->now_ns += S;
    struct jtp_open open = open_of(1, 10);
    struct parts first = {.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10};
    offer(bench, &first);
    struct jtp_cookie cookie = bench->packet.cookie;
    first.cookie = &cookie;
    const struct jtp_address known = bench->client;
    retries_for(bench, 3 * burst);
    bench->client = known;
    CU_ASSERT_EQUAL(offer(bench, &first), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_SERVER);
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static void refusals_are_as_few(void)
{
    struct bench *bench = begin(false, 4);
    uint32_t count = 0;
    for (uint32_t i = 0; i < 15000; i++) {
        bench->client.port++;
        count += (uint32_t)offer(bench, &(struct parts){.request = 1, .length = 10});
    }
    CU_ASSERT_EQUAL(count, 5001);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->refusals, 5001);
    end(bench);
}

static void probes_are_answered_without_state(void)
{
    struct bench *bench = begin(true, 4);
    uint8_t probe[JTP_PROBE_BYTES];
    jtp_write_probe(probe, 1234);
    CU_ASSERT(jtp_server_on_datagram(bench->server, &bench->client, probe, sizeof(probe),
                                     bench->now_ns, &bench->out));
    CU_ASSERT_EQUAL(bench->out.head_bytes, sizeof(probe));
    CU_ASSERT_EQUAL(jtp_packet_read(bench->out.head, bench->out.head_bytes, &bench->packet), 0);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_LOAD);
    CU_ASSERT_EQUAL(bench->packet.header.connection, 1234);
    CU_ASSERT_EQUAL(bench->packet.load.queued, 5);
    CU_ASSERT_EQUAL(bench->packet.boot, 42);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->clients, 0);
    end(bench);
}

static void says_that_state_is_lost(void)
{
    struct bench *bench = begin(false, 4);
    CU_ASSERT_EQUAL(offer(bench, &(struct parts){.request = 1, .length = 10}), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_REFUSE);
    CU_ASSERT_EQUAL(bench->packet.reason, JTP_UNKNOWN_CONNECTION);
    deliver_one(bench, 1, 0);
    CU_ASSERT_EQUAL(offer(bench, &(struct parts){.request = 2, .length = 10}), 1);
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    CU_ASSERT_EQUAL(bench->packet.controls[0].request, 2);
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 3}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    end(bench);
}

static void refuses_sizes_before_memory_is_taken(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 4001);
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    CU_ASSERT_EQUAL(first_control(bench), JTP_REJECT);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_BAD_SIZE);
    CU_ASSERT_EQUAL(bench->packet.controls[0].load.credits, 3);
    open = open_of(2, 0);
    offer(bench, &(struct parts){.open = &open, .request = 2, .length = 10});
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_BAD_SIZE);
    open = open_of(3, 10);
    open.to = open.from;
    offer(bench, &(struct parts){.open = &open, .request = 3, .length = 10});
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_BAD_RANGE);
    CU_ASSERT_EQUAL(bench->owner.reserved, 0);
    /* Data beyond the message is dropped, and not acknowledged. */
    open = open_of(4, 15);
    offer(bench, &(struct parts){.open = &open, .request = 4, .length = 10});
    CU_ASSERT_EQUAL(first_control(bench), JTP_GRANT);
    CU_ASSERT_EQUAL(bench->packet.controls[0].value, 15);
    CU_ASSERT_EQUAL(offer(bench, &(struct parts){.request = 4, .offset = 10, .length = 6}), 0);
    CU_ASSERT_EQUAL(bench->owner.delivered, 0);
    offer(bench, &(struct parts){.request = 4, .offset = 10, .length = 5});
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static void runs_a_repeated_request_once(void)
{
    struct bench *bench = begin(false, 4);
    deliver_one(bench, 1, 0);
    deliver_one(bench, 1, 0);
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    answer(bench, 20);
    CU_ASSERT_EQUAL(wait(bench, 1), 0);
    deliver_one(bench, 1, 0); /* while the answer leaves */
    CU_ASSERT(bench->packet.has_answer && bench->packet.has_data);
    offer(bench, &(struct parts){.has_ack = true, .acked = bench->packet.header.packet_number});
    CU_ASSERT_EQUAL(bench->owner.sent, 1);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->open_requests, 0);
    deliver_one(bench, 1, 0); /* after its end */
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    CU_ASSERT_EQUAL(bench->owner.reserved, 1);
    end(bench);
}

static void an_unacknowledged_answer_is_given_again(void)
{
    struct bench *bench = begin(false, 4);
    deliver_one(bench, 1, JTP_ONCE);
    answer(bench, 20);
    int left = wait(bench, 5 * JTP_MS);
    deliver_one(bench, 1, JTP_ONCE);
    CU_ASSERT(bench->packet.has_answer);
    CU_ASSERT_EQUAL(bench->packet.data.length, 20);
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    CU_ASSERT_EQUAL(bench->owner.sent, 0);
    wait(bench, 100 * JTP_MS);
    CU_ASSERT(left <= 1); /* never repeated by itself: an ACK at most */
    wait(bench, 2 * S); /* then it is forgotten, and not run again either */
    CU_ASSERT_EQUAL(bench->owner.sent, 1);
    deliver_one(bench, 1, JTP_ONCE);
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static void repeats_an_answer_within_a_second_and_then_gives_up(void)
{
    struct bench *bench = begin(false, 4);
    deliver_one(bench, 1, 0);
    answer(bench, 20);
    uint64_t sent_before = jtp_server_stats(bench->server)->datagrams_out;
    CU_ASSERT(jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out));
    CU_ASSERT_FALSE(jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out));
    CU_ASSERT(wait(bench, 320 * JTP_MS) >= 1); /* 100 + 4 * 50 + 5 */
    CU_ASSERT(bench->has_answered);
    wait(bench, 30 * S);
    CU_ASSERT_EQUAL(bench->owner.sent, 1);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->given_up, 1);
    CU_ASSERT(jtp_server_stats(bench->server)->datagrams_out - sent_before < 40);
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 1}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    end(bench);
}

static void waits_for_memory_and_begins_anew(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 20), second = open_of(2, 20);
    bench->owner.reserve_status = -ENOMEM;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 20});
    CU_ASSERT_EQUAL(first_control(bench), JTP_PROGRESS);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_WAITING);
    offer(bench, &(struct parts){.open = &second, .request = 2, .length = 20});
    CU_ASSERT_EQUAL(first_control(bench), JTP_REJECT); /* one may wait here */
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_NO_MEMORY);
    CU_ASSERT_EQUAL(bench->packet.controls[0].value, 20000);
    bench->owner.reserve_status = 0;
    jtp_server_memory_freed(bench->server, bench->now_ns);
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 1}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_GRANT);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_RESTART);
    CU_ASSERT_EQUAL(bench->owner.delivered, 0);
    offer(bench, &(struct parts){.request = 1, .length = 20});
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static void what_stops_arriving_gives_its_memory_back(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 20), patient = open_of(2, 20);
    patient.deadline_us = 0;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    offer(bench, &(struct parts){.open = &patient, .request = 2, .length = 10});
    CU_ASSERT_EQUAL(bench->owner.reserved, 2);
    wait(bench, 600 * JTP_MS); /* the deadline of the first */
    CU_ASSERT_EQUAL(bench->owner.released, 1);
    wait(bench, 1500 * JTP_MS); /* two seconds without a byte */
    CU_ASSERT_EQUAL(bench->owner.released, 2);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->stalled, 1);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->granted_bytes, 0);
    end(bench);
}

static void what_is_held_is_granted_when_its_owner_says_so(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 20);
    bench->owner.holds = true;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    CU_ASSERT_EQUAL(first_control(bench), 0);
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 1}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_PROGRESS);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_RECEIVING);
    CU_ASSERT_EQUAL(jtp_server_grant(bench->server, bench->owner.ref, bench->now_ns), 0);
    offer(bench, &(struct parts){.open = &open});
    CU_ASSERT_EQUAL(first_control(bench), JTP_GRANT);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, 0); /* what came with OPEN was kept */
    CU_ASSERT_EQUAL(bench->packet.controls[0].value, 20);
    CU_ASSERT_EQUAL(jtp_server_grant(bench->server, bench->owner.ref, bench->now_ns), -ENOENT);
    offer(bench, &(struct parts){.request = 1, .offset = 10, .length = 10});
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    end(bench);
}

static void what_is_held_may_be_refused_or_whole_before(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open first = open_of(1, 20), second = open_of(2, 20);
    bench->owner.holds = true;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &first, .request = 1, .length = 10});
    CU_ASSERT_EQUAL(
        jtp_server_reject(bench->server, bench->owner.ref, JTP_DEADLINE, 77, bench->now_ns), 0);
    CU_ASSERT_EQUAL(bench->owner.released, 1);
    offer(bench, &(struct parts){.open = &first});
    CU_ASSERT_EQUAL(first_control(bench), JTP_REJECT);
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_DEADLINE);
    CU_ASSERT_EQUAL(bench->packet.controls[0].value, 77);
    offer(bench, &(struct parts){.open = &second, .request = 2, .length = 20});
    CU_ASSERT_EQUAL(bench->owner.delivered, 1);
    CU_ASSERT_EQUAL(jtp_server_grant(bench->server, bench->owner.ref, bench->now_ns), -ENOENT);
    end(bench);
}

/* The client could send nothing until then. */
static void what_was_held_for_long_does_not_count_as_stalled(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 20);
    open.deadline_us = 0;
    bench->owner.holds = true;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    wait(bench, 1900 * JTP_MS);
    CU_ASSERT_EQUAL(jtp_server_grant(bench->server, bench->owner.ref, bench->now_ns), 0);
    wait(bench, 1500 * JTP_MS);
    CU_ASSERT_EQUAL(bench->owner.released, 0);
    wait(bench, 600 * JTP_MS);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->stalled, 1);
    end(bench);
}

static void a_client_busy_with_another_request_stalls_none(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open first = open_of(1, 20), second = open_of(2, 20);
    first.deadline_us = second.deadline_us = 0;
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &first, .request = 1, .length = 10});
    offer(bench, &(struct parts){.open = &second, .request = 2, .length = 1});
    for (uint32_t i = 1; i < 4; i++) {
        wait(bench, 1500 * JTP_MS);
        offer(bench, &(struct parts){.request = 2, .offset = i, .length = 1});
    }
    CU_ASSERT_EQUAL(bench->owner.released, 0);
    wait(bench, 2100 * JTP_MS);
    CU_ASSERT_EQUAL(bench->owner.released, 2);
    end(bench);
}

static void a_cancelled_request_gives_its_memory_back(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open = open_of(1, 20);
    offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = 1, .length = 10});
    offer(bench, &(struct parts){.control = {.type = JTP_CANCEL, .request = 1}});
    CU_ASSERT_EQUAL(bench->owner.released, 1);
    deliver_one(bench, 2, 0);
    offer(bench, &(struct parts){.control = {.type = JTP_CANCEL, .request = 2}});
    CU_ASSERT_EQUAL(bench->owner.cancelled, 1);
    const struct jtp_answering late = {.bytes = bench->owner.bytes[0], .total_bytes = 5, .slot = 1};
    CU_ASSERT_EQUAL(jtp_server_answer(bench->server, bench->owner.ref, &late, bench->now_ns),
                    -ENOENT);
    end(bench);
}

static void a_full_server_says_so(void)
{
    struct bench *bench = begin(false, 2);
    for (uint32_t i = 0; i < 2; i++) {
        bench->client.port = (uint16_t)(2000 + i);
        deliver_one(bench, 1, 0);
    }
    bench->client.port = 3000;
    deliver_one(bench, 1, 0);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_REFUSE);
    CU_ASSERT_EQUAL(bench->packet.reason, JTP_FULL);
    CU_ASSERT_EQUAL(bench->packet.retry_after_us, 20000);
    CU_ASSERT_EQUAL(bench->owner.delivered, 2);
    /* One of them ends: idle clients make room for new ones. */
    bench->client.port = 2001;
    offer(bench, &(struct parts){.control = {.type = JTP_CANCEL, .request = 1}});
    bench->client.port = 3000;
    deliver_one(bench, 1, 0);
    CU_ASSERT_EQUAL(bench->owner.delivered, 3);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->evicted, 1);
    end(bench);
}

static void one_client_gets_no_more_than_its_share(void)
{
    struct bench *bench = begin(false, 4);
    struct jtp_open open;
    for (uint32_t i = 1; i <= 4; i++) {
        open = open_of(i, 20);
        offer(bench, &(struct parts){.kind = JTP_FIRST, .open = &open, .request = i, .length = 10});
    }
    CU_ASSERT_EQUAL(bench->packet.controls[0].detail, JTP_TOO_MANY);
    CU_ASSERT_EQUAL(bench->owner.reserved, 3);
    end(bench);
}

static void a_forged_acknowledgement_is_ignored(void)
{
    struct bench *bench = begin(false, 4);
    deliver_one(bench, 1, 0);
    answer(bench, 20);
    CU_ASSERT(jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out));
    CU_ASSERT_EQUAL(offer(bench, &(struct parts){.has_ack = true, .acked = 99}), 0);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->malformed, 1);
    CU_ASSERT_EQUAL(bench->owner.sent, 0);
    end(bench);
}

/* Each client sends a request, gets its answer, and stays. */
static void knows_ten_thousand_clients_at_once(void)
{
    uint32_t clients = 10000;
    struct bench *bench = begin(false, clients);
    for (uint32_t i = 0; i < clients; i++) {
        bench->client.ip[14] = (uint8_t)(i >> 8);
        bench->client.ip[13] = (uint8_t)i;
        bench->next_number = 0;
        deliver_one(bench, 1, 0);
        answer(bench, 20);
        while (jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out))
            ;
        offer(bench, &(struct parts){.has_ack = true, .acked = 1});
        release(&bench->owner, bench->owner.slot);
    }
    CU_ASSERT_EQUAL(bench->owner.delivered, clients);
    CU_ASSERT_EQUAL(bench->owner.sent, clients);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->clients, clients);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->evicted, 0);
    bench->client.ip[13] = bench->client.ip[14] = 0; /* the first one is still known */
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 9}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    wait(bench, 61 * S);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->clients, 0);
    end(bench);
}

/* Every 256th port has its place among those who came lately. */
static void who_came_lately_is_known_whoever_it_was(void)
{
    struct bench *bench = begin(false, 2);
    for (uint32_t turn = 0; turn < 6; turn++) {
        bench->client.port = (uint16_t)(1000 + 256 * (turn % 2));
        deliver_one(bench, 1 + turn / 2, 0);
        answer(bench, 10);
        CU_ASSERT_TRUE(jtp_server_next_datagram(bench->server, bench->now_ns, &bench->out));
        jtp_packet_read(bench->bytes, jtp_datagram_join(&bench->out, bench->bytes), &bench->packet);
        offer(bench, &(struct parts){.has_ack = true, .acked = bench->packet.header.packet_number});
        release(&bench->owner, bench->owner.slot);
    }
    CU_ASSERT_EQUAL(bench->owner.delivered, 6);
    CU_ASSERT_EQUAL(bench->owner.sent, 6);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->clients, 2);
    bench->client.port = 1512; /* takes the place of the one that was silent longest */
    deliver_one(bench, 1, 0);
    CU_ASSERT_EQUAL(jtp_server_stats(bench->server)->evicted, 1);
    bench->client.port = 1000;
    CU_ASSERT_EQUAL(offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 1}}), 1);
    CU_ASSERT_EQUAL(bench->packet.header.kind, JTP_REFUSE);
    bench->client.port = 1256;
    offer(bench, &(struct parts){.control = {.type = JTP_QUERY, .request = 77}});
    CU_ASSERT_EQUAL(first_control(bench), JTP_UNKNOWN);
    end(bench);
}

const struct cunit_test tests[] = {
    {"nothing is kept for addresses that prove nothing",
     keeps_nothing_for_addresses_that_prove_nothing},
    {"a flood of strangers gets few replies, and those that are known are heard",
     a_flood_of_strangers_gets_few_replies},
    {"refusals are as few", refusals_are_as_few},
    {"probes are answered without state", probes_are_answered_without_state},
    {"lost state is told: connection and request", says_that_state_is_lost},
    {"sizes that contradict are refused before memory is taken",
     refuses_sizes_before_memory_is_taken},
    {"a repeated request runs once", runs_a_repeated_request_once},
    {"an unacknowledged answer is given again, not computed again",
     an_unacknowledged_answer_is_given_again},
    {"an answer is repeated within a second, and given up in the end",
     repeats_an_answer_within_a_second_and_then_gives_up},
    {"a request waits for memory, and begins anew", waits_for_memory_and_begins_anew},
    {"what stops arriving gives its memory back", what_stops_arriving_gives_its_memory_back},
    {"what is held is granted when its owner says so",
     what_is_held_is_granted_when_its_owner_says_so},
    {"what is held may be refused, or whole before", what_is_held_may_be_refused_or_whole_before},
    {"what was held for long does not count as stalled",
     what_was_held_for_long_does_not_count_as_stalled},
    {"a client that is busy with another request stalls none",
     a_client_busy_with_another_request_stalls_none},
    {"a cancelled request gives its memory back", a_cancelled_request_gives_its_memory_back},
    {"a full server says so, idle clients make room", a_full_server_says_so},
    {"one client gets no more than its share", one_client_gets_no_more_than_its_share},
    {"a forged acknowledgement is ignored", a_forged_acknowledgement_is_ignored},
    {"ten thousand clients are known at once, and forgotten after a minute",
     knows_ten_thousand_clients_at_once},
    {"who came lately is known, whoever it was", who_came_lately_is_known_whoever_it_was},
    {NULL, NULL},
};
