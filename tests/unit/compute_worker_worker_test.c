/* Tests of the worker's role, polled by hand in this process: what it refuses, and that each RUN
 * and each ROW is answered once, whatever they say. */
#include "tests/unit/shm_random.h"
#include "tests/unit/worker_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What is said after a crowd is heard in the first pause of the segment that the poll runs. */
static void a_late_row_joins_at_its_cut(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    uint8_t status[16];
    memset(status, 0xff, sizeof(status));
    union message run = run_of(pair, 1, 1);
    message_set_stop(&run.run, 2);
    say(pair, run);
    say(pair, row_of(pair, 1, 0, 0, last));
    crowd(pair);
    say(pair, row_of(pair, 1, 1, 2, last));
    say(pair, row_of(pair, 1, 2, 1, last)); /* there is no stop */
    say(pair, row_of(pair, 1, 3, 3, last - 1));
    worker_poll(&pair->worker, 1);
    CU_ASSERT_EQUAL(pair->worker.path[0]->at, 2); /* for the second row alone it ended there */
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    CU_ASSERT_EQUAL(status[0], MESSAGE_OK);
    CU_ASSERT_EQUAL(status[1], MESSAGE_OK);
    CU_ASSERT_EQUAL(status[2], MESSAGE_MISSED);
    CU_ASSERT_EQUAL(status[3], MESSAGE_OK);
    pair_fini(pair);
}

static void say_whole(struct pair *pair, uint32_t dispatch, uint8_t urgency, uint32_t rows)
{
    union message run = run_of(pair, dispatch, rows);
    run.run.urgency = urgency;
    say(pair, run);
    for (uint32_t r = 0; r < rows; r++)
        say(pair, row_of(pair, dispatch, r, 0, pair->host.cut_count - 1));
}

/* Of three that are said while the first runs, one is more urgent and runs inside of it, and one
 * after that, as only two of a model may be under way; the least urgent waits for the first. */
static void the_most_urgent_goes_first(void)
{
    struct pair *pair = pair_with_model();
    static const uint32_t expected[] = {2, 1, 0, 3};
    const uint8_t urgency[] = {4, 5, 9, 4};
    say_whole(pair, 0, urgency[0], MAX_BATCH);
    crowd(pair);
    for (uint32_t d = 1; d < 4; d++)
        say_whole(pair, d, urgency[d], MAX_BATCH);
    worker_poll(&pair->worker, 1);
    CU_ASSERT_EQUAL(pair->worker.path_count, 1); /* all but the last */
    CU_ASSERT_EQUAL(pair->worker.counts.interruptions, 2);
    settle(pair);
    uint32_t segments = 0;
    for (uint32_t d = 0; d < 4;) {
        const union message message = hear(pair);
        if (message.kind == MESSAGE_SEGMENT_DONE) {
            const struct message_segment *segment = &message.segment;
            CU_ASSERT_TRUE(segment->paused_ns < segment->ended_ns - segment->started_ns);
            CU_ASSERT_EQUAL(segment->dispatch, expected[segments++]);
        }
        if (message.kind == MESSAGE_ROW_DONE)
            CU_ASSERT_EQUAL(message.row_done.status, MESSAGE_OK);
        if (message.kind == MESSAGE_RUN_DONE)
            CU_ASSERT_EQUAL(message.run_done.dispatch, expected[d++]);
    }
    CU_ASSERT_EQUAL(segments, 4);
    CU_ASSERT_EQUAL(pair->worker.model[HOST_MODEL].free_count, 4 * MAX_BATCH);
    CU_ASSERT_EQUAL(pair->worker.depth, 0);
    pair_fini(pair);
}

static union message cancel_of(uint32_t dispatch, uint32_t slot)
{
    return (union message){
        .order = {.kind = MESSAGE_CANCEL, .dispatch = dispatch, .slot = slot, .generation = 9}};
}

/* While a segment runs: rows stay where they are until it is over; a dispatch too. */
static void what_runs_is_cancelled_after_its_segment(void)
{
    struct pair *pair = pair_with_model();
    uint8_t status[16];
    memset(status, 0xff, sizeof(status));
    say_whole(pair, 1, 0, 3);
    crowd(pair);
    say(pair, cancel_of(1, 1));
    say(pair, order(MESSAGE_UNLOAD));
    settle(pair);
    CU_ASSERT_EQUAL(hear(pair).kind, MESSAGE_SEGMENT_STARTED);
    CU_ASSERT_EQUAL(hear(pair).model.error, -EBUSY);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    CU_ASSERT_EQUAL(status[0], MESSAGE_OK);
    CU_ASSERT_EQUAL(status[1], MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(status[2], MESSAGE_OK);
    say_whole(pair, 2, 0, 2);
    crowd(pair);
    say_whole(pair, 3, 1, 1); /* in between; of the same slot, whose answer is then of no matter */
    say(pair, cancel_of(2, MESSAGE_WHOLE_DISPATCH));
    say(pair, row_of(pair, 2, 5, pair->host.cut_count - 2, pair->host.cut_count - 1));
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    CU_ASSERT_EQUAL(status[0], MESSAGE_OK);
    CU_ASSERT_EQUAL(status[5], MESSAGE_MISSED); /* no row joins what is cancelled */
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_CANCELLED);
    CU_ASSERT_TRUE(status[0] == MESSAGE_CANCELLED && status[1] == MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(pair->worker.path_count, 0);
    CU_ASSERT_EQUAL(pair->worker.model[HOST_MODEL].free_count, 4 * MAX_BATCH);
    pair_fini(pair);
}

/* As long as nobody comes, a dispatch with stops is one run; segments are told all the same. */
static void nobody_at_a_stop_is_no_interruption(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    union message run = run_of(pair, 1, 1);
    memset(run.run.stops, 0xff, sizeof(run.run.stops));
    say(pair, run);
    say(pair, row_of(pair, 1, 0, 0, last));
    CU_ASSERT_TRUE(worker_poll(&pair->worker, 1) > 0);
    CU_ASSERT_EQUAL(pair->worker.path_count, 0);
    for (uint32_t cut = 0; cut < last; cut++) {
        const union message started = hear(pair);
        const union message done = hear(pair);
        CU_ASSERT_EQUAL(started.kind, MESSAGE_SEGMENT_STARTED);
        CU_ASSERT_EQUAL(started.segment.from, cut);
        CU_ASSERT_EQUAL(done.kind, MESSAGE_SEGMENT_DONE);
        CU_ASSERT_TRUE(done.segment.from == cut && done.segment.to == cut + 1);
    }
    CU_ASSERT_EQUAL(hear(pair).row_done.segment_count, last);
    CU_ASSERT_EQUAL(hear(pair).run_done.segment_count, last);
    pair_fini(pair);
}

static void too_many_rows_are_refused_one_by_one(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    uint8_t status[16];
    memset(status, 0xff, sizeof(status));
    say(pair, run_of(pair, 1, MAX_BATCH + 2));
    for (uint32_t i = 0; i < MAX_BATCH + 2; i++)
        say(pair, row_of(pair, 1, i, 0, last));
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    for (uint32_t i = 0; i < MAX_BATCH + 2; i++)
        CU_ASSERT_EQUAL(status[i], i < MAX_BATCH ? MESSAGE_OK : MESSAGE_FULL);
    for (uint32_t i = 0; i <= MESSAGE_MAX_DISPATCHES; i++)
        say(pair, run_of(pair, 10 + i, 1));
    settle(pair);
    CU_ASSERT_EQUAL(hear(pair).run_done.status, MESSAGE_FULL);
    pair_fini(pair);
}

static void late_and_cancelled_rows_are_not_run(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    uint8_t status[16];
    memset(status, 0xff, sizeof(status));
    say(pair, run_of(pair, 1, 3));
    union message late = row_of(pair, 1, 0, 0, last);
    late.row.deadline_ns = 1; /* long ago */
    say(pair, late);
    say(pair, row_of(pair, 1, 1, 0, last));
    union message cancel = order(MESSAGE_CANCEL);
    cancel.order.dispatch = 1;
    cancel.order.slot = 1;
    cancel.order.generation = 8; /* another one's */
    say(pair, cancel);
    cancel.order.generation = 9;
    say(pair, cancel);
    union message early = row_of(pair, 1, 2, 0, last);
    early.row.deadline_ns = UINT64_MAX;
    say(pair, early);
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    CU_ASSERT_EQUAL(status[0], MESSAGE_LATE);
    CU_ASSERT_EQUAL(status[1], MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(status[2], MESSAGE_OK);
    say(pair, run_of(pair, 2, 2));
    say(pair, row_of(pair, 2, 4, 0, last));
    cancel.order.dispatch = 2;
    cancel.order.slot = MESSAGE_WHOLE_DISPATCH;
    say(pair, cancel);
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(status[4], MESSAGE_CANCELLED);
    pair_fini(pair);
}

static void draining_ends_what_was_begun(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    uint8_t status[16];
    memset(status, 0xff, sizeof(status));
    say(pair, run_of(pair, 1, 1));
    say(pair, run_of(pair, 2, 2)); /* its second row never comes */
    say(pair, row_of(pair, 2, 2, 0, last));
    say(pair, order(MESSAGE_DRAIN));
    say(pair, row_of(pair, 1, 1, 0, last));
    say(pair, run_of(pair, 3, 1));
    settle(pair);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_DRAINING);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_OK);
    CU_ASSERT_EQUAL(hear_run(pair, status), MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(status[1], MESSAGE_OK);
    CU_ASSERT_EQUAL(status[2], MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(hear(pair).kind, MESSAGE_DRAINED);
    CU_ASSERT_TRUE(pair->worker.is_drained);
    pair_fini(pair);
}

static void bad_rows_are_refused_with_a_reason(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    const union message good = row_of(pair, 1, 0, 0, last);
    enum { BAD = 27 };
    union message bad[BAD];
    for (int i = 0; i < BAD; i++)
        bad[i] = good;
    uint8_t expected[BAD] = {
        MESSAGE_NO_MODEL,  MESSAGE_NO_MODEL,  MESSAGE_BAD_CUT,   MESSAGE_BAD_CUT,
        MESSAGE_BAD_CUT,   MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE,
        MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE,
        MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE, MESSAGE_BAD_PLACE, MESSAGE_MISSED};
    bad[0].row.model = 2;
    bad[1].row.model = UINT16_MAX;
    bad[2].row.to = (uint16_t)(last + 1);
    bad[3].row.to = 0;
    bad[4].row.from = UINT16_MAX;
    bad[5].row.in_region = 2;
    bad[6].row.out_region = 255;
    bad[7].row.out_region = 0; /* read-only here */
    bad[8].row.in_offset = 4;
    bad[9].row.in_offset = PAYLOAD - 64;
    bad[10].row.in_offset = UINT64_MAX - 63;
    bad[11].row.in_bytes -= 1;
    bad[12].row.out_bytes = UINT32_MAX;
    bad[13].row.out_offset = PAYLOAD;
    bad[14].row.in_region = 1; /* the very place of the answer */
    bad[15].row.dispatch = 5;
    bad[16].row.rows = 0;
    bad[17].row.row = 1; /* of one */
    bad[18].row.row = UINT16_MAX;
    bad[19].row.rows = 2; /* in the bytes of one */
    bad[20].row.in_encoding = MESSAGE_F16;
    bad[21].row.in_encoding = MESSAGE_ENCODINGS;
    bad[22].row.in_encoding = UINT8_MAX;
    bad[23].row.out_encoding = MESSAGE_U8;
    bad[24].row.out_encoding = UINT8_MAX;
    bad[25].row.rows = UINT16_MAX;
    bad[26].row.rows = 2;
    bad[26].row.in_bytes *= 2;
    for (int i = 16; i < BAD; i++)
        expected[i] = MESSAGE_BAD_PLACE;
    say(pair, run_of(pair, 1, MESSAGE_MAX_ROWS));
    for (int i = 0; i < BAD; i++) {
        say(pair, bad[i]);
        settle(pair);
        const union message answer = hear(pair);
        CU_ASSERT_EQUAL_FATAL(answer.kind, MESSAGE_ROW_DONE);
        CU_ASSERT_EQUAL(answer.row_done.status, expected[i]);
    }
    pair_fini(pair);
}

static void models_come_and_go(void)
{
    struct pair *pair = pair_init();
    say(pair, order(MESSAGE_LOAD)); /* and nothing over the socket */
    settle(pair);
    CU_ASSERT_EQUAL(hear(pair).model.error, -EAGAIN);
    const struct message_model_file whole = pair->host.file;
    struct message_model_file *file = &pair->host.file;
    const struct {
        uint32_t model, threads, max_batch;
        uint64_t weights_bytes;
        int error;
    } cases[] = {
        {HOST_MODEL, 0, MAX_BATCH, whole.weights_bytes, -EINVAL},
        {HOST_MODEL, 1, 0, whole.weights_bytes, -EINVAL},
        {HOST_MODEL, 1, MESSAGE_MAX_ROWS + 1, whole.weights_bytes, -EINVAL},
        {HOST_MODEL, 1, MAX_BATCH, whole.weights_bytes - 1, -EINVAL},
        {HOST_MODEL, 1, MAX_BATCH, UINT64_MAX, -EBADMSG},
        {HOST_MODEL + 1, 1, MAX_BATCH, whole.weights_bytes, -EBADMSG},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        file->model = cases[i].model;
        file->threads = cases[i].threads;
        file->max_batch = cases[i].max_batch;
        file->weights_bytes = cases[i].weights_bytes;
        worker_host_send_model(&pair->host, pair->sockets[0]);
        say(pair, order(MESSAGE_LOAD));
        settle(pair);
        const union message answer = hear(pair);
        CU_ASSERT_EQUAL(answer.kind, MESSAGE_FAILED);
        CU_ASSERT_EQUAL(answer.model.error, cases[i].error);
    }
    *file = whole;
    memset(file->path, 'x', sizeof(file->path)); /* no end */
    worker_host_send_model(&pair->host, pair->sockets[0]);
    *file = whole;
    for (int i = 0; i < 3; i++) /* the second finds it there already */
        worker_host_send_model(&pair->host, pair->sockets[0]);
    const int expected[] = {-EINVAL, 0, -EEXIST};
    for (int i = 0; i < 3; i++) {
        say(pair, order(MESSAGE_LOAD));
        settle(pair);
        CU_ASSERT_EQUAL(hear(pair).model.error, expected[i]);
    }
    say(pair, run_of(pair, 1, 1));
    const enum message_kind orders[] = {MESSAGE_UNLOAD, MESSAGE_CANCEL, MESSAGE_UNLOAD,
                                        MESSAGE_UNLOAD};
    for (int i = 0; i < 4; i++) {
        union message message = order(orders[i]);
        message.order.dispatch = 1;
        message.order.slot = MESSAGE_WHOLE_DISPATCH;
        say(pair, message);
    }
    say(pair, order(MESSAGE_LOAD)); /* again, in the same place */
    settle(pair);
    CU_ASSERT_EQUAL(hear(pair).model.error, -EBUSY);
    CU_ASSERT_EQUAL(hear(pair).run_done.status, MESSAGE_CANCELLED);
    CU_ASSERT_EQUAL(hear(pair).kind, MESSAGE_UNLOADED);
    CU_ASSERT_EQUAL(hear(pair).model.error, -ENOENT);
    CU_ASSERT_EQUAL(hear(pair).kind, MESSAGE_READY);
    pair_fini(pair);
}

/* Random values that are often at an edge. */
static uint64_t extreme(struct shm_random *random)
{
    const uint64_t edges[] = {0, 1, UINT64_MAX, UINT32_MAX, UINT16_MAX, 64, PAYLOAD, INT64_MAX};
    const uint32_t pick = shm_random_below(random, 12);
    return pick < 8 ? edges[pick] : shm_random_next(random);
}

/* A row of a larger request in any encoding, rightly measured; its numbers are whatever lies there.
 */
static void make_rows(const struct pair *pair, struct shm_random *random, struct message_row *row)
{
    row->rows = (uint16_t)(1 + shm_random_below(random, 3));
    row->row = (uint16_t)shm_random_below(random, row->rows);
    row->in_encoding = (uint8_t)shm_random_below(random, MESSAGE_ENCODINGS);
    row->out_encoding = (uint8_t)shm_random_below(random, MESSAGE_ENCODINGS);
    row->in_bytes = (uint32_t)row_place_message_bytes(engine_model_cut(pair->host.model, row->from),
                                                      row->rows, row->in_encoding);
    row->out_bytes = (uint32_t)row_place_message_bytes(engine_model_cut(pair->host.model, row->to),
                                                       row->rows, row->out_encoding);
}

static union message hostile(struct pair *pair, struct shm_random *random)
{
    const uint32_t cuts = pair->host.cut_count;
    union message message;
    for (int w = 0; w < 8; w++)
        message.entry.word[w] = extreme(random);
    const uint32_t pick = shm_random_below(random, 10);
    const uint32_t dispatch = shm_random_below(random, 4);
    if (pick == 0)
        return message;
    if (pick < 4) {
        const union message run = run_of(pair, dispatch, 1 + shm_random_below(random, 5));
        message.run = run.run;
        message.run.urgency = (uint8_t)extreme(random);
        if (shm_random_below(random, 2))
            message.run.stops[0] = shm_random_next(random);
        if (shm_random_below(random, 2))
            message.run.to = (uint16_t)extreme(random);
    } else if (pick < 9) {
        const uint32_t from = shm_random_below(random, cuts - 1);
        message = row_of(pair, dispatch, (uint32_t)shm_random_next(random), from,
                         from + 1 + shm_random_below(random, cuts - 1 - from));
        make_rows(pair, random, &message.row);
    } else {
        message.kind = (uint8_t)shm_random_below(random, MESSAGE_DRAIN); /* draining ends it all */
    }
    if (shm_random_below(random, 3) == 0) /* one part of it anything */
        ((uint16_t *)&message)[shm_random_below(random, 32)] = (uint16_t)extreme(random);
    return message;
}

/* Dispatches whose rows will never come fill the list in time, and then nothing computes. */
static void cancel_all(struct pair *pair)
{
    for (uint32_t i = 0; i < pair->worker.path_count && spsc_queue_room(&pair->owner.out) > 0;
         i++) {
        union message cancel = order(MESSAGE_CANCEL);
        cancel.order.dispatch = pair->worker.path[i]->said.dispatch;
        cancel.order.slot = MESSAGE_WHOLE_DISPATCH;
        say(pair, cancel);
    }
}

static void hostile_descriptors_are_answered(void)
{
    struct shm_random random = shm_random_start();
    struct pair *pair = pair_with_model();
    uint64_t said[256] = {0}, heard[256] = {0}; /* by kind */
    uint64_t good = 0;
    bool is_crowded = false; /* more is in the ring than a poll takes: the rest comes in pauses */
    for (int i = 0; i < 60000 || (pair->worker.counts.interruptions <= 20 && i < 600000); i++) {
        if (i % 500 == 0)
            is_crowded = !is_crowded;
        if (i % 5000 == 4999)
            cancel_all(pair);
        const union message message = hostile(pair, &random);
        if (message.kind == MESSAGE_DRAIN || message.kind == MESSAGE_UNLOAD)
            continue;
        say(pair, message);
        said[message.kind]++;
        if (is_crowded ? spsc_queue_waiting(&pair->worker.channel.in) > 250
                       : shm_random_below(&random, 4) == 0)
            worker_poll(&pair->worker, 1);
        union message answer;
        while (channel_pop(&pair->owner, &answer, 1) == 1) {
            heard[answer.kind]++;
            good += answer.kind == MESSAGE_ROW_DONE && answer.row_done.status == MESSAGE_OK;
        }
        CU_ASSERT_EQUAL_FATAL(pair->worker.failure, 0);
        if (spsc_queue_room(&pair->owner.out) == 0)
            settle(pair);
    }
    say(pair, order(MESSAGE_DRAIN));
    bool is_drained = false;
    for (int polls = 0; !is_drained && polls < 100000; polls++) {
        worker_poll(&pair->worker, 1);
        union message answer;
        while (channel_pop(&pair->owner, &answer, 1) == 1) {
            heard[answer.kind]++;
            is_drained |= answer.kind == MESSAGE_DRAINED;
        }
    }
    CU_ASSERT_TRUE(is_drained);
    CU_ASSERT_TRUE(good > 100);
    CU_ASSERT_TRUE(pair->worker.counts.interruptions > 20);
    CU_ASSERT_EQUAL(pair->worker.model[HOST_MODEL].free_count, 4 * MAX_BATCH);
    CU_ASSERT_EQUAL(heard[MESSAGE_RUN_DONE], said[MESSAGE_RUN]);
    CU_ASSERT_EQUAL(heard[MESSAGE_ROW_DONE], said[MESSAGE_ROW]);
    printf(" (%llu runs, %llu rows, %llu of them computed, %llu interruptions) ",
           (unsigned long long)said[MESSAGE_RUN], (unsigned long long)said[MESSAGE_ROW],
           (unsigned long long)good, (unsigned long long)pair->worker.counts.interruptions);
    pair_fini(pair);
}

static void unread_answers_stop_the_worker(void)
{
    struct pair *pair = pair_with_model();
    const uint32_t last = pair->host.cut_count - 1;
    uint32_t said = 0, heard = 0;
    for (; said < 4000; said++) {
        const union message row = row_of(pair, 77, said, 0, last);
        if (channel_push(&pair->owner, &row, 1) != 1)
            break;
        worker_poll(&pair->worker, 1);
    }
    CU_ASSERT_EQUAL(worker_poll(&pair->worker, 1), 0);
    CU_ASSERT_EQUAL(pair->worker.failure, 0);
    union message answer;
    for (int quiet = 0; quiet < 2; quiet++)
        while (worker_poll(&pair->worker, 1) + channel_pop(&pair->owner, &answer, 1) > 0) {
            heard += answer.kind == MESSAGE_ROW_DONE && answer.row_done.slot == heard;
            answer.kind = MESSAGE_NONE;
        }
    CU_ASSERT_EQUAL(heard, said);
    CU_ASSERT_TRUE(said > 1024);
    pair_fini(pair);
}

const struct cunit_test tests[] = {
    {"a row that comes while a segment runs joins ahead, and misses behind",
     a_late_row_joins_at_its_cut},
    {"stops where nobody has come do not interrupt a run", nobody_at_a_stop_is_no_interruption},
    {"more urgent dispatches run inside of a segment, the most urgent first",
     the_most_urgent_goes_first},
    {"what is cancelled while it runs leaves after the segment",
     what_runs_is_cancelled_after_its_segment},
    {"rows over the largest batch and dispatches over the list are refused",
     too_many_rows_are_refused_one_by_one},
    {"rows whose deadline passed and cancelled ones are answered and not run",
     late_and_cancelled_rows_are_not_run},
    {"draining ends what was begun and refuses what is new", draining_ends_what_was_begun},
    {"each field of a row is checked, and the reason is said", bad_rows_are_refused_with_a_reason},
    {"models are loaded and unloaded, or it is said why not", models_come_and_go},
    {"hostile descriptors: each RUN and each ROW is answered once, and nothing breaks",
     hostile_descriptors_are_answered},
    {"a worker whose answers are not read stops, and loses nothing",
     unread_answers_stop_the_worker},
    {NULL, NULL},
};
