/* Tests of dataplane/proto/path.c: what acknowledgements and silence do to window and size. */
#include "dataplane/proto/path.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>

#define RECORDS 256

struct bench {
    struct jtp_path path;
    struct jtp_sent_pool pool;
    struct jtp_sent memory[RECORDS];
    uint64_t now_ns;
};

static struct bench *begin(void)
{
    struct jtp_path_config config;
    struct bench *bench = calloc(1, sizeof(*bench));
    jtp_path_config_default(&config);
    jtp_path_init(&bench->path, &config);
    jtp_sent_pool_init(&bench->pool, bench->memory, RECORDS);
    bench->now_ns = 1000 * JTP_MS;
    return bench;
}

static void send(struct bench *bench, uint32_t count, uint16_t bytes, uint8_t flags)
{
    for (uint32_t i = 0; i < count; i++, bench->now_ns += JTP_MS) {
        struct jtp_sent record = {.bytes = bytes, .flags = flags};
        jtp_path_sent(&bench->path, &bench->pool, &record, bench->now_ns);
    }
}

static uint32_t drain(struct bench *bench, uint32_t head)
{
    struct jtp_sent record;
    uint32_t count = 0;
    while (jtp_sent_pool_take(&bench->pool, &head, &record))
        count++;
    return count;
}

static int ack(struct bench *bench, uint64_t first, uint64_t last, uint32_t *lost)
{
    struct jtp_outcome outcome;
    const struct jtp_ack ack = {.count = 1, .ranges = {{first, last}}};
    int status = jtp_path_on_ack(&bench->path, &bench->pool, &ack, bench->now_ns, &outcome);
    drain(bench, outcome.acked);
    *lost = drain(bench, outcome.lost);
    return status;
}

/* The next timeout comes; whether it was a probe's. */
static bool expire(struct bench *bench, uint32_t *lost)
{
    struct jtp_outcome outcome;
    bench->now_ns = jtp_path_timeout_ns(&bench->path);
    bool is_probe = jtp_path_on_timeout(&bench->path, &bench->pool, bench->now_ns, &outcome);
    *lost = drain(bench, outcome.lost);
    return is_probe;
}

static void refuses_what_was_never_sent(void)
{
    struct bench *bench = begin();
    uint32_t lost;
    send(bench, 3, 1200, 0);
    CU_ASSERT_EQUAL(ack(bench, 0, 3, &lost), -EBADMSG);
    CU_ASSERT_EQUAL(bench->path.loss.count, 3);
    CU_ASSERT_EQUAL(ack(bench, 0, 2, &lost), 0);
    CU_ASSERT_EQUAL(bench->path.loss.count, 0);
    CU_ASSERT(bench->path.rtt.has_sample);
    free(bench);
}

static void the_window_holds_ten_datagrams_at_first(void)
{
    struct bench *bench = begin();
    uint32_t count = 0;
    while (jtp_path_has_room(&bench->path) && count < 100) {
        send(bench, 1, 1200, 0);
        count++;
    }
    CU_ASSERT_EQUAL(count, 10);
    free(bench);
}

static void silence_brings_probes_beyond_the_window(void)
{
    struct bench *bench = begin();
    struct jtp_sent record;
    uint32_t lost;
    send(bench, 10, 1200, 0);
    CU_ASSERT_FALSE(jtp_path_has_room(&bench->path));
    uint64_t last_ns = bench->now_ns - JTP_MS;
    CU_ASSERT(expire(bench, &lost));
    CU_ASSERT_EQUAL(bench->now_ns, last_ns + 305 * JTP_MS);
    CU_ASSERT_EQUAL(lost, 0); /* silence is no proof of loss */
    CU_ASSERT(jtp_path_oldest(&bench->path, &bench->pool, &record) && record.number == 0);
    CU_ASSERT(jtp_path_oldest(&bench->path, &bench->pool, &record) && record.number == 1);
    CU_ASSERT(jtp_path_has_room(&bench->path));
    send(bench, 2, 1200, 0);
    CU_ASSERT_FALSE(jtp_path_has_room(&bench->path));
    last_ns = bench->now_ns - JTP_MS;
    CU_ASSERT(expire(bench, &lost));
    CU_ASSERT_EQUAL(bench->now_ns, last_ns + 610 * JTP_MS);
    /* An ACK ends the back-off. */
    CU_ASSERT_EQUAL(ack(bench, 10, 11, &lost), 0);
    CU_ASSERT_EQUAL(lost, 10);
    CU_ASSERT_EQUAL(bench->path.loss.probe_timeouts, 0);
    free(bench);
}

static void long_silence_sets_the_least_window(void)
{
    struct bench *bench = begin();
    uint32_t lost;
    send(bench, 1, 1200, 0);
    bench->now_ns += 20 * JTP_MS;
    ack(bench, 0, 0, &lost);
    send(bench, 9, 1200, 0);
    bench->now_ns += 5000 * JTP_MS;
    send(bench, 3, 1200, 0);
    bench->now_ns += 20 * JTP_MS;
    /* The first nine are lost, over 8 ms: congestion. Not persistent, which takes 3 timeouts. */
    ack(bench, 10, 12, &lost);
    CU_ASSERT_EQUAL(lost, 9);
    CU_ASSERT_DOUBLE_EQUAL(bench->path.cubic.window, 0.7 * 10 * 1200, 1e-6);
    send(bench, 1, 1200, 0);
    bench->now_ns += 5000 * JTP_MS;
    send(bench, 4, 1200, 0);
    bench->now_ns += 20 * JTP_MS;
    ack(bench, 17, 17, &lost);
    CU_ASSERT(lost >= 2);
    /* Two datagrams, and what this ACK adds in slow start. */
    CU_ASSERT_DOUBLE_EQUAL(bench->path.cubic.window, 3 * 1200, 0);
    free(bench);
}

static void a_second_silence_gives_up_large_datagrams(void)
{
    struct bench *bench = begin();
    uint32_t lost;
    send(bench, 1, 1472, JTP_SENT_SIZE_PROBE);
    bench->path.mtu.probed = 1472;
    ack(bench, 0, 0, &lost);
    CU_ASSERT_EQUAL(bench->path.mtu.current, 1472);
    CU_ASSERT_EQUAL(bench->path.cubic.segment_bytes, 1472);
    send(bench, 3, 1472, 0);
    CU_ASSERT(expire(bench, &lost));
    CU_ASSERT_EQUAL(bench->path.mtu.current, 1472);
    CU_ASSERT(expire(bench, &lost));
    CU_ASSERT_EQUAL(bench->path.mtu.current, 1200);
    free(bench);
}

static void a_lost_size_probe_is_no_congestion(void)
{
    struct bench *bench = begin();
    uint32_t lost;
    double before = bench->path.cubic.window;
    bench->path.mtu.probed = 1472;
    send(bench, 1, 1472, JTP_SENT_SIZE_PROBE);
    send(bench, 4, 100, 0);
    ack(bench, 1, 4, &lost);
    CU_ASSERT_EQUAL(lost, 1);
    CU_ASSERT(bench->path.cubic.window >= before);
    CU_ASSERT_EQUAL(bench->path.mtu.failures, 1);
    free(bench);
}

const struct cunit_test tests[] = {
    {"an ACK of what was never sent is refused", refuses_what_was_never_sent},
    {"the window holds ten datagrams at first", the_window_holds_ten_datagrams_at_first},
    {"silence brings probes beyond the window, later each time",
     silence_brings_probes_beyond_the_window},
    {"loss over a long time sets the least window", long_silence_sets_the_least_window},
    {"a second silence gives up large datagrams", a_second_silence_gives_up_large_datagrams},
    {"a lost size probe is no congestion", a_lost_size_probe_is_no_congestion},
    {NULL, NULL},
};
