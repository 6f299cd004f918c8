/* Tests of dataplane/proto/loss.c against RFC 9002, section 6. */
#include "dataplane/proto/loss.h"
#include "tests/unit/cunit_main.h"

#define RECORDS 64

struct flight {
    struct jtp_sent memory[RECORDS];
    struct jtp_sent_pool pool;
    struct jtp_loss loss;
    struct jtp_rtt rtt;
};

/* Packets 0 .. count - 1, one each millisecond from 1,000 ms on; the round trip takes 40 ms. */
static void begin(struct flight *flight, uint32_t count)
{
    jtp_sent_pool_init(&flight->pool, flight->memory, RECORDS);
    jtp_loss_init(&flight->loss);
    jtp_rtt_init(&flight->rtt, 100 * JTP_MS);
    jtp_rtt_update(&flight->rtt, 40 * JTP_MS, 0);
    for (uint32_t i = 0; i < count; i++) {
        const struct jtp_sent sent = {
            .number = i, .sent_ns = (1000 + i) * JTP_MS, .bytes = 1000, .request = i};
        jtp_loss_sent(&flight->loss, &flight->pool, &sent);
    }
}

/* A bit for each number in the list, which is freed. */
static uint64_t numbers(struct flight *flight, uint32_t head)
{
    struct jtp_sent record;
    uint64_t bits = 0, last = 0;
    while (jtp_sent_pool_take(&flight->pool, &head, &record)) {
        CU_ASSERT(bits == 0 || record.number > last);
        CU_ASSERT_EQUAL(record.request, record.number);
        last = record.number;
        bits |= UINT64_C(1) << record.number;
    }
    return bits;
}

static uint64_t ack(struct flight *flight, const struct jtp_ack *ack, uint64_t now_ms,
                    uint64_t *lost)
{
    struct jtp_acked acked;
    jtp_loss_take_acked(&flight->loss, &flight->pool, ack, now_ms * JTP_MS, &acked);
    *lost = numbers(
        flight, jtp_loss_take_lost(&flight->loss, &flight->pool, &flight->rtt, now_ms * JTP_MS));
    return numbers(flight, acked.head);
}

static void acknowledges_every_range(void)
{
    struct flight flight;
    struct jtp_acked acked;
    uint64_t lost;
    begin(&flight, 12);
    /* Numbers that a 64-bit mask shows: 0-1, 4, 8-9. */
    const struct jtp_ack first = {.count = 3, .ranges = {{8, 9}, {4, 4}, {0, 1}}};
    CU_ASSERT_EQUAL(ack(&flight, &first, 1045, &lost), 0x313);
    CU_ASSERT_EQUAL(lost, 0x06c); /* 2, 3, 5, 6: three below 9 or more */
    CU_ASSERT_EQUAL(flight.loss.count, 3); /* 7, 10, 11 */
    CU_ASSERT_EQUAL(flight.loss.bytes_in_flight, 3000);
    CU_ASSERT_EQUAL(flight.pool.free_count, RECORDS - 3);
    const struct jtp_ack second = {.count = 2, .ranges = {{7, 11}, {0, 4}}};
    jtp_loss_take_acked(&flight.loss, &flight.pool, &second, 1053 * JTP_MS, &acked);
    CU_ASSERT(acked.has_sample);
    CU_ASSERT_EQUAL(acked.sample_ns, 42 * JTP_MS);
    CU_ASSERT_EQUAL(acked.bytes, 3000);
    CU_ASSERT_EQUAL(numbers(&flight, acked.head), 0xc80);
    CU_ASSERT_EQUAL(flight.loss.count, 0);
    CU_ASSERT_EQUAL(flight.loss.head, JTP_NO_RECORD);
    CU_ASSERT_EQUAL(flight.loss.tail, JTP_NO_RECORD);
}

static void three_later_numbers_make_a_packet_lost(void)
{
    struct flight flight;
    uint64_t lost;
    begin(&flight, 6);
    const struct jtp_ack two = {.count = 1, .ranges = {{1, 2}}};
    CU_ASSERT_EQUAL(ack(&flight, &two, 1041, &lost), 0x6);
    CU_ASSERT_EQUAL(lost, 0);
    /* 9/8 of 40 ms after 1,000 ms, if nothing else happens. */
    CU_ASSERT_EQUAL(flight.loss.loss_ns, 1045 * JTP_MS);
    const struct jtp_ack three = {.count = 1, .ranges = {{1, 3}}};
    CU_ASSERT_EQUAL(ack(&flight, &three, 1042, &lost), 0x8);
    CU_ASSERT_EQUAL(lost, 0x1);
    CU_ASSERT_EQUAL(flight.loss.loss_ns, JTP_NEVER);
}

static void time_makes_a_packet_lost(void)
{
    struct flight flight;
    uint64_t lost;
    begin(&flight, 3);
    const struct jtp_ack one = {.count = 1, .ranges = {{1, 1}}};
    ack(&flight, &one, 1044, &lost);
    CU_ASSERT_EQUAL(lost, 0);
    uint32_t head = jtp_loss_take_lost(&flight.loss, &flight.pool, &flight.rtt, 1045 * JTP_MS);
    CU_ASSERT_EQUAL(numbers(&flight, head), 0x1);
    /* Number 2 is above the largest acknowledged: only the probe timeout can find that out. */
    head = jtp_loss_take_lost(&flight.loss, &flight.pool, &flight.rtt, 9999 * JTP_MS);
    CU_ASSERT_EQUAL(numbers(&flight, head), 0);
    CU_ASSERT_EQUAL(flight.loss.count, 1);
}

static void probe_timeouts_double_and_stay_below_their_limit(void)
{
    struct flight flight;
    struct jtp_loss none;
    jtp_loss_init(&none);
    begin(&flight, 3);
    CU_ASSERT_EQUAL(jtp_loss_probe_ns(&none, &flight.rtt), JTP_NEVER);
    /* From the last one on: 40 + 4 * 20 + 5 = 125 ms. */
    uint64_t last_ns = 1002 * JTP_MS;
    CU_ASSERT_EQUAL(jtp_loss_probe_ns(&flight.loss, &flight.rtt), last_ns + 125 * JTP_MS);
    flight.loss.probe_timeouts = 1;
    CU_ASSERT_EQUAL(jtp_loss_probe_ns(&flight.loss, &flight.rtt), last_ns + 250 * JTP_MS);
    flight.loss.probe_timeouts = 3;
    CU_ASSERT_EQUAL(jtp_loss_probe_ns(&flight.loss, &flight.rtt), last_ns + 1000 * JTP_MS);
    for (uint32_t i = 5; i < 100; i++) {
        flight.loss.probe_timeouts = i;
        CU_ASSERT_EQUAL(jtp_loss_probe_ns(&flight.loss, &flight.rtt),
                        last_ns + JTP_MAX_PROBE_TIMEOUT_NS);
    }
}

static void an_old_acknowledgement_changes_nothing(void)
{
    struct flight flight;
    struct jtp_acked acked;
    uint64_t lost;
    begin(&flight, 5);
    const struct jtp_ack all = {.count = 1, .ranges = {{0, 4}}};
    CU_ASSERT_EQUAL(ack(&flight, &all, 1045, &lost), 0x1f);
    const struct jtp_ack old = {.count = 1, .ranges = {{0, 2}}};
    jtp_loss_take_acked(&flight.loss, &flight.pool, &old, 1050 * JTP_MS, &acked);
    CU_ASSERT_EQUAL(acked.head, JTP_NO_RECORD);
    CU_ASSERT_FALSE(acked.has_sample);
    CU_ASSERT_EQUAL(flight.loss.end_acked, 5);
}

static void forgetting_frees_every_record(void)
{
    struct flight flight;
    begin(&flight, 10);
    CU_ASSERT_EQUAL(numbers(&flight, jtp_loss_take_all(&flight.loss)), 0x3ff);
    CU_ASSERT_EQUAL(flight.pool.free_count, RECORDS);
    CU_ASSERT_EQUAL(flight.loss.bytes_in_flight, 0);
}

const struct cunit_test tests[] = {
    {"every range of an ACK is acknowledged, whatever its place", acknowledges_every_range},
    {"a packet is lost when one three later has arrived", three_later_numbers_make_a_packet_lost},
    {"a packet is lost 9/8 of a round trip after it left", time_makes_a_packet_lost},
    {"probe timeouts double, up to two seconds", probe_timeouts_double_and_stay_below_their_limit},
    {"an old acknowledgement changes nothing", an_old_acknowledgement_changes_nothing},
    {"forgetting frees every record", forgetting_frees_every_record},
    {NULL, NULL},
};
