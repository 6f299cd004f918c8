/* Tests of scheduler/loadtest/lane*.c over a port of memory, with the protocol's server behind it:
 * no sockets, no threads, and a link that loses datagrams as it is told. */
#include "scheduler/loadtest/clock.h"
#include "scheduler/loadtest/lane.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/memory_port.h"

#include <errno.h>
#include <stdlib.h>

#define MESSAGE_BYTES MEMORY_PORT_MESSAGE_BYTES
#define ANSWER_BYTES MEMORY_PORT_ANSWER_BYTES
#define MS UINT64_C(1000000)

/* A lane, its plan, and what is behind its port. */
struct bench {
    struct memory_port port;
    struct loadtest_model model;
    struct loadtest_mix mix;
    struct loadtest_messages messages;
    struct loadtest_schedule schedule;
    struct loadtest_plan plan;
    struct loadtest_lane *lane;
    struct loadtest_lane_result result;
};

static struct bench *make(uint32_t clients, uint64_t duration_ms)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    memory_port_init(&bench->port);
    bench->model = (struct loadtest_model){
        .name_crc = MEMORY_PORT_MODEL, .last_cut = MEMORY_PORT_TO, .answer_bytes = ANSWER_BYTES};
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&bench->mix, MEMORY_PORT_FROM), 0);
    bench->messages = (struct loadtest_messages){
        .tensor_count = 4, .count = 1, .pools = calloc(1, sizeof(struct loadtest_message_pool))};
    bench->messages.pools[0] = (struct loadtest_message_pool){
        .bytes = MESSAGE_BYTES, .memory = malloc((size_t)4 * MESSAGE_BYTES)};
    for (uint32_t t = 0; t < 4; t++)
        for (uint32_t i = 0; i < MESSAGE_BYTES; i++)
            bench->messages.pools[0].memory[t * MESSAGE_BYTES + i] = (uint8_t)(t * 50 + i);
    bench->plan = loadtest_plan_default();
    bench->plan.server = bench->port.server_address;
    bench->plan.model = &bench->model;
    bench->plan.mix = &bench->mix;
    bench->plan.messages = &bench->messages;
    bench->plan.client_count = clients;
    bench->plan.requests_per_client = 64; /* however long this program is held up */
    bench->plan.warmup_ns = 0;
    bench->plan.duration_ns = duration_ms * MS;
    return bench;
}

static void make_open(struct bench *bench, double rate)
{
    const struct loadtest_schedule_config config = {.seed = 4,
                                                    .rate_per_s = rate,
                                                    .duration_ns = bench->plan.duration_ns +
                                                                   bench->plan.warmup_ns,
                                                    .client_count = bench->plan.client_count,
                                                    .tensor_count = 4,
                                                    .mix = &bench->mix};
    CU_ASSERT_EQUAL_FATAL(loadtest_schedule_init(&bench->schedule, &config), 0);
    bench->plan.schedule = &bench->schedule;
}

static void begin(struct bench *bench)
{
    CU_ASSERT_EQUAL_FATAL(
        loadtest_lane_create(&bench->lane, &bench->plan, &bench->port.port, 0, 0, 1), 0);
    loadtest_lane_begin(bench->lane, loadtest_clock_ns());
}

static uint64_t sum_of_ends(const struct loadtest_tally *tally)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < LOADTEST_END_COUNT; i++)
        sum += tally->ends[i];
    return sum;
}

static const struct loadtest_tally *finish(struct bench *bench)
{
    while (loadtest_lane_turn(bench->lane))
        ;
    loadtest_lane_result(bench->lane, &bench->result);
    const struct loadtest_tally *tally = bench->result.tally;
    CU_ASSERT_EQUAL(sum_of_ends(tally), tally->offered);
    CU_ASSERT_EQUAL(tally->latency.count, loadtest_tally_answered(tally));
    CU_ASSERT_EQUAL(bench->port.wrong, 0);
    return tally;
}

static void destroy(struct bench *bench)
{
    loadtest_lane_destroy(bench->lane);
    loadtest_schedule_fini(&bench->schedule);
    loadtest_messages_fini(&bench->messages);
    loadtest_mix_fini(&bench->mix);
    memory_port_fini(&bench->port);
    free(bench);
}

static void every_scheduled_request_is_offered_once(void)
{
    struct bench *bench = make(300, 500);
    make_open(bench, 2000);
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->offered, bench->schedule.count);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_IN_TIME], bench->schedule.count);
    CU_ASSERT_EQUAL(bench->port.delivered, bench->schedule.count);
    CU_ASSERT_EQUAL(tally->batches[3], bench->schedule.count);
    CU_ASSERT_EQUAL(tally->wait_us.least, 700);
    CU_ASSERT_EQUAL(tally->utilization_permille.most, 400);
    CU_ASSERT_EQUAL(tally->compute.max_ns, 2 * MS);
    CU_ASSERT_EQUAL(bench->result.stray, 0);
    destroy(bench);
}

static void a_link_that_loses_delays_but_loses_no_request(void)
{
    struct bench *bench = make(50, 500);
    make_open(bench, 200);
    bench->port.drop_each = 10;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_IN_TIME], bench->schedule.count);
    CU_ASSERT(bench->result.stats.lost + bench->result.stats.probe_timeouts > 0);
    destroy(bench);
}

static void what_is_due_in_the_warmup_does_not_count(void)
{
    struct bench *bench = make(100, 200);
    bench->plan.warmup_ns = 300 * MS;
    make_open(bench, 1000);
    uint64_t after = 0;
    for (size_t i = 0; i < bench->schedule.count; i++)
        after += bench->schedule.arrivals[i].at_ns >= 300 * MS;
    begin(bench);
    CU_ASSERT_EQUAL(finish(bench)->offered, after);
    CU_ASSERT_EQUAL(bench->port.delivered, bench->schedule.count);
    CU_ASSERT_EQUAL(bench->result.window_ns, 200 * MS);
    destroy(bench);
}

static void a_closed_loop_never_has_more_in_flight(void)
{
    struct bench *bench = make(3, 300);
    struct loadtest_lane_progress progress;
    uint64_t most = 0;
    bench->plan.requests_per_client = 4;
    bench->plan.closed_count = 7;
    begin(bench);
    while (loadtest_lane_turn(bench->lane)) {
        loadtest_lane_progress(bench->lane, &progress);
        most = progress.open > most ? progress.open : most;
    }
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(most, 7);
    CU_ASSERT(tally->offered > 7);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_IN_TIME], tally->offered);
    destroy(bench);
}

static void a_closed_loop_of_more_than_the_phones_may_have_is_refused(void)
{
    struct bench *bench = make(3, 300);
    bench->plan.requests_per_client = 4;
    bench->plan.closed_count = 13;
    CU_ASSERT_EQUAL(loadtest_lane_create(&bench->lane, &bench->plan, &bench->port.port, 0, 0, 1),
                    -EINVAL);
    destroy(bench);
}

static void rejects_are_counted_by_reason_and_pause_a_slot(void)
{
    struct bench *bench = make(10, 200);
    bench->plan.closed_count = 5;
    bench->port.reject = JTP_OVERLOADED;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->reasons[JTP_OVERLOADED], tally->offered);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_REJECTED], tally->offered);
    CU_ASSERT(tally->offered >= 5 && tally->offered <= 5 * 200 + 5);
    destroy(bench);
}

static void requests_without_an_answer_are_late_at_their_deadline(void)
{
    struct bench *bench = make(100, 200);
    bench->plan.deadline_ns = 150 * MS;
    make_open(bench, 100);
    bench->port.held_back = UINT32_MAX;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_LATE], bench->schedule.count);
    destroy(bench);
}

/* A reject at once, and what was given up long after all of it was there, are told apart. */
static void what_the_server_took_on_is_told_apart(void)
{
    struct bench *bench = make(100, 200);
    bench->plan.deadline_ns = 150 * MS;
    bench->plan.has_records = true;
    make_open(bench, 100);
    bench->port.held_back = UINT32_MAX;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->given_up, bench->schedule.count);
    CU_ASSERT_EQUAL(loadtest_tally_admitted(tally), tally->offered);
    CU_ASSERT_EQUAL(loadtest_tally_missed_share(tally), 1);
    CU_ASSERT_TRUE(bench->result.records->items[0].is_admitted);
    destroy(bench);
    bench = make(100, 200);
    bench->plan.has_records = true;
    make_open(bench, 100);
    bench->port.reject = JTP_DEADLINE;
    begin(bench);
    tally = finish(bench);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_REJECTED], tally->offered);
    CU_ASSERT_EQUAL(loadtest_tally_admitted(tally), 0);
    CU_ASSERT_EQUAL(bench->result.records->count, tally->offered);
    CU_ASSERT_EQUAL(bench->result.records->items[0].reason, JTP_DEADLINE);
    CU_ASSERT_FALSE(bench->result.records->items[0].is_admitted);
    destroy(bench);
}

static void deadlines_may_differ_by_cut(void)
{
    static const uint64_t deadlines_ns[] = {150 * MS};
    struct bench *bench = make(100, 200);
    bench->plan.deadlines_ns = deadlines_ns;
    bench->plan.deadline_ns = 9000 * MS;
    make_open(bench, 100);
    bench->port.held_back = UINT32_MAX;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_LATE], bench->schedule.count);
    destroy(bench);
}

static void each_request_that_counts_has_a_record(void)
{
    struct bench *bench = make(30, 300);
    bench->plan.has_records = true;
    bench->plan.warmup_ns = 100 * MS;
    make_open(bench, 300);
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    const struct loadtest_records *records = bench->result.records;
    CU_ASSERT_EQUAL_FATAL(records->count, tally->offered);
    CU_ASSERT_EQUAL(records->missing, 0);
    for (uint32_t i = 0; i < records->count; i++) {
        const struct loadtest_record *record = &records->items[i];
        CU_ASSERT(record->due_ns < 300 * MS && record->phone < 30);
        CU_ASSERT(record->end == LOADTEST_IN_TIME && record->is_admitted);
        CU_ASSERT(record->queue_us == 1000 && record->compute_us == 2000 && record->batch == 3);
        CU_ASSERT_EQUAL(record->told_wait_us, 700); /* the warm-up's replies told it */
    }
    destroy(bench);
}

static void a_phone_with_too_many_open_leaves_the_rest_unsent(void)
{
    struct bench *bench = make(1, 300);
    bench->plan.requests_per_client = 4;
    bench->plan.deadline_ns = 5000 * MS;
    make_open(bench, 200);
    bench->port.held_back = UINT32_MAX;
    begin(bench);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_LATE], 4);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_UNSENT], bench->schedule.count - 4);
    destroy(bench);
}

static void silence_ends_the_lane_and_nothing_more_is_sent(void)
{
    struct bench *bench = make(50, 60000);
    bench->plan.silence_ns = 200 * MS;
    make_open(bench, 300);
    begin(bench);
    for (uint64_t end_ns = loadtest_clock_ns() + 100 * MS; loadtest_clock_ns() < end_ns;)
        CU_ASSERT_TRUE(loadtest_lane_turn(bench->lane));
    bench->port.is_dead = true;
    const struct loadtest_tally *tally = finish(bench);
    const uint64_t sent = bench->port.from_lane;
    CU_ASSERT_TRUE(bench->result.is_silent);
    CU_ASSERT_FALSE(bench->result.is_interrupted);
    CU_ASSERT(tally->ends[LOADTEST_LOST] > 0);
    CU_ASSERT_FALSE(loadtest_lane_turn(bench->lane));
    CU_ASSERT_EQUAL(bench->port.from_lane, sent);
    destroy(bench);
}

static void a_stop_cancels_what_is_open(void)
{
    struct bench *bench = make(50, 60000);
    make_open(bench, 100);
    bench->port.held_back = UINT32_MAX;
    begin(bench);
    while (bench->port.delivered < 5)
        CU_ASSERT_TRUE(loadtest_lane_turn(bench->lane));
    loadtest_lane_stop(bench->lane);
    const struct loadtest_tally *tally = finish(bench);
    CU_ASSERT_TRUE(bench->result.is_interrupted);
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_CANCELLED], tally->offered);
    CU_ASSERT(jtp_server_stats(bench->port.server)->cancelled >= 5);
    destroy(bench);
}

static void samples_hold_what_the_server_answered(void)
{
    struct bench *bench = make(20, 300);
    bench->plan.sample_count = 10;
    make_open(bench, 500);
    begin(bench);
    finish(bench);
    CU_ASSERT_EQUAL_FATAL(bench->result.sample_count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        const struct loadtest_sample *sample = &bench->result.samples[i];
        CU_ASSERT_TRUE(sample->is_kept);
        /* The answer is the message's first bytes. */
        CU_ASSERT_EQUAL(
            memcmp(sample->answer,
                   loadtest_messages_bytes(&bench->messages, sample->entry, sample->tensor),
                   ANSWER_BYTES),
            0);
    }
    destroy(bench);
}

/* Two lanes of one plan share phones and schedule between them, and together offer all of it. */
static void lanes_share_the_schedule(void)
{
    struct bench *bench = make(101, 300);
    struct loadtest_lane *second;
    struct loadtest_lane_result result;
    make_open(bench, 1000);
    CU_ASSERT_EQUAL_FATAL(
        loadtest_lane_create(&bench->lane, &bench->plan, &bench->port.port, 0, 0, 2), 0);
    loadtest_lane_begin(bench->lane, loadtest_clock_ns());
    const uint64_t first = finish(bench)->offered;
    CU_ASSERT_EQUAL_FATAL(loadtest_lane_create(&second, &bench->plan, &bench->port.port, 0, 1, 2),
                          0);
    loadtest_lane_begin(second, loadtest_clock_ns());
    while (loadtest_lane_turn(second))
        ;
    loadtest_lane_result(second, &result);
    CU_ASSERT(first > 0 && result.tally->offered > 0);
    CU_ASSERT_EQUAL(first + result.tally->offered, bench->schedule.count);
    CU_ASSERT_EQUAL(result.tally->ends[LOADTEST_IN_TIME], result.tally->offered);
    loadtest_lane_destroy(second);
    destroy(bench);
}

const struct cunit_test tests[] = {
    {"every scheduled request is offered once, and counted as told",
     every_scheduled_request_is_offered_once},
    {"a link that loses datagrams loses no request", a_link_that_loses_delays_but_loses_no_request},
    {"what is due in the warm-up does not count", what_is_due_in_the_warmup_does_not_count},
    {"a closed loop never has more in flight than it may", a_closed_loop_never_has_more_in_flight},
    {"a closed loop of more than the phones may have is refused",
     a_closed_loop_of_more_than_the_phones_may_have_is_refused},
    {"rejects are counted by reason, and pause their slot",
     rejects_are_counted_by_reason_and_pause_a_slot},
    {"requests without an answer are late at their deadline",
     requests_without_an_answer_are_late_at_their_deadline},
    {"what the server took on is told apart from what it rejected",
     what_the_server_took_on_is_told_apart},
    {"deadlines may differ by cut", deadlines_may_differ_by_cut},
    {"each request that counts has a record", each_request_that_counts_has_a_record},
    {"a phone with too many open leaves the rest unsent",
     a_phone_with_too_many_open_leaves_the_rest_unsent},
    {"silence ends the lane, and nothing more is sent",
     silence_ends_the_lane_and_nothing_more_is_sent},
    {"a stop cancels what is open, and the server is told", a_stop_cancels_what_is_open},
    {"samples hold what the server answered", samples_hold_what_the_server_answered},
    {"lanes share the schedule, and together offer all of it", lanes_share_the_schedule},
    {NULL, NULL},
};
