/* kill -9 and SIGSTOP of joint-worker at random moments: every request is answered, rightly, or
 * quarantined, and no slot is left behind. The test's process is what jointd will be. */
#include "shm/slab.h"
#include "shm/slot_table.h"
#include "tests/property/worker_host.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KILLS 200u
#define STOPS 20u
#define SLOTS 32u
#define PEER 1u
#define MAX_BATCH 4u
#define PAYLOAD (UINT64_C(4) << 20)
#define INPUTS 8u /* different inputs; the answers to each are known */

struct request {
    uint32_t number;
    uint32_t input;
    uint32_t generation;
};

struct server {
    struct worker_host host;
    struct worker_peer peer;
    struct slab *slab; /* request and answer of a slot lie at the same offset of their slabs */
    struct slot_table *table;
    struct request request_of[SLOTS];
    struct slab_ref ref_of[SLOTS];
    unsigned char *input[INPUTS];
    unsigned char *answer[INPUTS][MAX_BATCH]; /* by the batch that it was in, less one */
    uint8_t *ended; /* by request: how often */
    uint32_t request_count, request_capacity;
    uint32_t open_runs; /* told to the worker, not answered */
    uint32_t dispatch;
    uint32_t quarantined, requeued, answered;
    uint32_t depth; /* segments under way, as the worker said */
    uint32_t nested, nested_deaths; /* segments inside of others; workers that died in one */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t last_cut(const struct server *server)
{
    return server->host.cut_count - 1;
}

/* The answer to each input in each size of batch, by the engine in this process. */
static void know_answers(struct server *server, struct shm_random *random)
{
    const uint64_t bytes = server->host.place_bytes;
    for (uint32_t i = 0; i < INPUTS; i++) {
        server->input[i] = malloc(bytes);
        for (uint64_t f = 0; f < bytes / sizeof(float); f++)
            ((float *)server->input[i])[f] = (float)shm_random_below(random, 2001) / 1000 - 1;
        for (uint32_t b = 1; b <= MAX_BATCH; b++) {
            const unsigned char *in[MAX_BATCH];
            unsigned char *out[MAX_BATCH];
            for (uint32_t r = 0; r < b; r++) {
                in[r] = server->input[i];
                out[r] = malloc(bytes);
            }
            worker_host_run(&server->host, 0, last_cut(server), b, in, out);
            for (uint32_t r = 1; r < b; r++) { /* a row's place in the batch does not matter */
                CU_ASSERT_EQUAL(memcmp(out[0], out[r], server->host.cut_bytes[last_cut(server)]),
                                0);
                free(out[r]);
            }
            server->answer[i][b - 1] = out[0];
        }
    }
}

static struct server *server_init(struct shm_random *random)
{
    struct server *server = calloc(1, sizeof(*server));
    worker_host_init(&server->host, "lenet", 1, 0, MAX_BATCH, 1, PAYLOAD);
    const struct slab_config slab = {.payload_bytes = PAYLOAD,
                                     .max_tensor_bytes = server->host.place_bytes,
                                     .slot_count = SLOTS};
    const struct slot_table_config table = {.slot_count = SLOTS, .owner_count = 2};
    CU_ASSERT_EQUAL_FATAL(slab_create(&slab, &server->slab), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_create(&table, &server->table), 0);
    worker_peer_init(&server->peer);
    server->request_capacity = 1u << 20;
    server->ended = calloc(server->request_capacity, 1);
    know_answers(server, random);
    return server;
}

static void server_fini(struct server *server)
{
    for (uint32_t i = 0; i < INPUTS; i++) {
        free(server->input[i]);
        for (uint32_t b = 0; b < MAX_BATCH; b++)
            free(server->answer[i][b]);
    }
    slab_destroy(server->slab);
    slot_table_destroy(server->table);
    worker_peer_fini(&server->peer);
    worker_host_fini(&server->host);
    free(server->ended);
    free(server);
}

/* A new request, queued. False if there is no place. */
static bool admit(struct server *server, struct shm_random *random)
{
    struct slab_ref ref;
    if (server->request_count == server->request_capacity ||
        slab_alloc(server->slab, server->host.place_bytes, &ref))
        return false;
    const struct request request = {.number = server->request_count++,
                                    .input = shm_random_below(random, INPUTS),
                                    .generation = ref.generation};
    server->request_of[ref.slot] = request;
    server->ref_of[ref.slot] = ref;
    memcpy(region_at(&server->host.request, ref.offset, ref.bytes), server->input[request.input],
           server->host.cut_bytes[0]);
    memset(region_at(&server->host.response, ref.offset, ref.bytes), 0xee, ref.bytes);
    CU_ASSERT_EQUAL_FATAL(slot_table_fill(server->table, ref.slot, ref.generation, PEER, 0), 0);
    CU_ASSERT_EQUAL_FATAL(slot_table_queue(server->table, ref.slot, ref.generation, PEER), 0);
    return true;
}

static void end_request(struct server *server, uint32_t slot)
{
    const struct request *request = &server->request_of[slot];
    server->ended[request->number]++;
    CU_ASSERT_EQUAL_FATAL(
        slot_table_release(server->table, slot, request->generation, SLOT_OWNER_JOINTD), 0);
    CU_ASSERT_EQUAL_FATAL(slab_free(server->slab, slot, request->generation), 0);
}

static uint32_t queued_slots(const struct server *server, uint32_t *slots, uint32_t capacity)
{
    uint32_t count = 0;
    for (uint32_t slot = slot_table_first(server->table, SLOT_OWNER_JOINTD);
         slot != SLOT_NONE && count < capacity; slot = slot_table_next(server->table, slot)) {
        struct slot_view view;
        CU_ASSERT_EQUAL_FATAL(slot_table_view(server->table, slot, &view), 0);
        CU_ASSERT_EQUAL_FATAL(view.state, SLOT_QUEUED);
        slots[count++] = slot;
        if (view.kills > 0) { /* its batch may have died of it: alone */
            slots[0] = slot;
            return 1;
        }
    }
    return count;
}

static union message row_of(const struct server *server, uint32_t slot)
{
    const struct slab_ref *ref = &server->ref_of[slot];
    const uint32_t to = last_cut(server);
    return (union message){.row = {.kind = MESSAGE_ROW,
                                   .in_region = 0,
                                   .out_region = 1,
                                   .dispatch = server->dispatch,
                                   .slot = slot,
                                   .generation = ref->generation,
                                   .model = HOST_MODEL,
                                   .to = (uint16_t)to,
                                   .in_offset = ref->offset,
                                   .in_bytes = (uint32_t)server->host.cut_bytes[0],
                                   .out_offset = ref->offset,
                                   .out_bytes = (uint32_t)server->host.cut_bytes[to],
                                   .rows = 1}};
}

/* One dispatch of what is queued, if the worker can take another. */
static void dispatch(struct server *server, struct shm_random *random)
{
    if (server->open_runs == MESSAGE_MAX_DISPATCHES)
        return;
    uint32_t slots[MAX_BATCH];
    const uint32_t count = queued_slots(server, slots, 1 + shm_random_below(random, MAX_BATCH));
    if (count == 0)
        return;
    server->dispatch++;
    union message run = {.run = {.kind = MESSAGE_RUN,
                                 .dispatch = server->dispatch,
                                 .model = HOST_MODEL,
                                 .urgency = (uint8_t)shm_random_below(random, 4),
                                 .to = (uint16_t)last_cut(server),
                                 .row_count = (uint16_t)count}};
    for (uint32_t k = 1; k < last_cut(server); k++)
        if (shm_random_below(random, 2))
            message_set_stop(&run.run, k);
    worker_peer_say(&server->peer, &run);
    server->open_runs++;
    for (uint32_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL_FATAL(slot_table_run(server->table, slots[i],
                                             server->request_of[slots[i]].generation, PEER, 0),
                              0);
        const union message row = row_of(server, slots[i]);
        worker_peer_say(&server->peer, &row);
    }
}

/* Its batch is known by any of the answers that its input has. */
static bool is_right(const struct server *server, uint32_t slot)
{
    const struct slab_ref *ref = &server->ref_of[slot];
    const unsigned char *out = region_at(&server->host.response, ref->offset, ref->bytes);
    const uint64_t bytes = server->host.cut_bytes[last_cut(server)];
    for (uint32_t b = 0; b < MAX_BATCH; b++)
        if (memcmp(out, server->answer[server->request_of[slot].input][b], bytes) == 0)
            return true;
    return false;
}

static int take_answers(struct server *server)
{
    int count = 0;
    union message message;
    for (; channel_pop(&server->peer.channel, &message, 1) == 1; count++) {
        server->open_runs -= message.kind == MESSAGE_RUN_DONE;
        server->nested += message.kind == MESSAGE_SEGMENT_STARTED && server->depth > 0;
        server->depth += message.kind == MESSAGE_SEGMENT_STARTED;
        server->depth -= message.kind == MESSAGE_SEGMENT_DONE;
        if (message.kind != MESSAGE_ROW_DONE)
            continue;
        const struct message_row_done *done = &message.row_done;
        CU_ASSERT_EQUAL_FATAL(done->status, MESSAGE_OK);
        CU_ASSERT_EQUAL_FATAL(
            slot_table_complete(server->table, done->slot, done->generation, PEER), 0);
        CU_ASSERT_TRUE(is_right(server, done->slot));
        server->answered++;
        end_request(server, done->slot);
    }
    return count;
}

/* After the death: what it had said, then what it still had; then memory anew for the next. */
static void recover(struct server *server)
{
    while (take_answers(server) > 0)
        continue;
    struct slot_recovered recovered;
    while (slot_table_recover(server->table, PEER, &recovered)) {
        if (recovered.fate == SLOT_QUARANTINED) {
            end_request(server, recovered.slot); /* it is answered as failed */
            server->quarantined++;
        } else {
            CU_ASSERT_EQUAL_FATAL(recovered.fate, SLOT_REQUEUED);
            server->requeued++;
        }
    }
    CU_ASSERT_EQUAL_FATAL(slot_table_owned(server->table, PEER), 0);
    server->open_runs = 0;
    server->nested_deaths += server->depth > 1;
    server->depth = 0;
    CU_ASSERT_EQUAL_FATAL(channel_renew(&server->peer.channel), 0);
}

static void check_nothing_left(struct server *server)
{
    for (uint32_t i = 0; i < server->request_count; i++)
        if (server->ended[i] != 1)
            CU_FAIL_FATAL("a request was not answered once");
    struct slab_use use;
    slab_measure(server->slab, &use);
    CU_ASSERT_EQUAL(use.slots_taken, 0);
    CU_ASSERT_EQUAL(use.stale_count, 0);
    struct slot_table_counts counts;
    slot_table_count(server->table, &counts);
    CU_ASSERT_EQUAL(counts.stale + counts.wrong_state, 0);
}

static void serve_for(struct server *server, struct shm_random *random, uint64_t ns)
{
    for (const uint64_t end = now_ns() + ns; now_ns() < end;) {
        while (shm_random_below(random, 3) && admit(server, random))
            continue;
        dispatch(server, random);
        if (take_answers(server) == 0)
            sched_yield();
    }
}

static void finish(struct server *server, struct shm_random *random)
{
    worker_peer_start(&server->peer, &server->host);
    const time_t end = time(NULL) + 60;
    while (slot_table_owned(server->table, PEER) + slot_table_owned(server->table, 0) > 0) {
        dispatch(server, random);
        if (take_answers(server) == 0)
            sched_yield();
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
    }
    worker_peer_kill(&server->peer);
    check_nothing_left(server);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void live_and_die(struct server *server, struct shm_random *random, uint64_t *ready_ns,
                         uint64_t *back_ns)
{
    const uint64_t begun_ns = now_ns();
    worker_peer_start(&server->peer, &server->host);
    *ready_ns = now_ns() - begun_ns;
    serve_for(server, random, shm_random_below(random, 8000000));
    kill(server->peer.pid, SIGKILL);
    const uint64_t killed_ns = now_ns();
    worker_peer_kill(&server->peer);
    recover(server);
    *back_ns = now_ns() - killed_ns;
}

static void killed_workers_lose_nothing(void)
{
    struct shm_random random = shm_random_start();
    struct server *server = server_init(&random);
    uint64_t back_ns[KILLS], ready_ns[KILLS];
    for (uint32_t round = 0; round < KILLS; round++)
        live_and_die(server, &random, &ready_ns[round], &back_ns[round]);
    /* On a busy machine all may be over before we are on a core to say more. */
    for (const time_t end = time(NULL) + 60; server->nested == 0 && time(NULL) < end;)
        live_and_die(server, &random, &ready_ns[0], &back_ns[0]);
    finish(server, &random);
    CU_ASSERT_TRUE(server->answered > 0 && server->requeued > 0);
    qsort(back_ns, KILLS, sizeof(back_ns[0]), by_value);
    qsort(ready_ns, KILLS, sizeof(ready_ns[0]), by_value);
    CU_ASSERT_TRUE(server->nested > 0);
    printf(" (%u requests: %u answered, %u quarantined, %u times requeued; %u segments inside of "
           "others, %u deaths there; slots back %.2f ms after the kill, %.2f at worst; the next is "
           "ready %.1f ms after its start, %.1f at worst) ",
           server->request_count, server->answered, server->quarantined, server->requeued,
           server->nested, server->nested_deaths, (double)back_ns[KILLS / 2] / 1e6,
           (double)back_ns[KILLS - 1] / 1e6, (double)ready_ns[KILLS / 2] / 1e6,
           (double)ready_ns[KILLS - 1] / 1e6);
    server_fini(server);
}

/* A worker may also die while it starts or loads. */
static void killed_while_they_start(void)
{
    struct shm_random random = shm_random_start();
    struct server *server = server_init(&random);
    for (uint32_t round = 0; round < KILLS / 4; round++) {
        worker_peer_begin(&server->peer, &server->host);
        for (uint32_t i = 0; i < 3 && admit(server, &random); i++)
            dispatch(server, &random);
        for (const uint64_t end = now_ns() + shm_random_below(&random, 6000000); now_ns() < end;)
            sched_yield();
        worker_peer_kill(&server->peer);
        recover(server);
    }
    finish(server, &random);
    server_fini(server);
}

/* Its heartbeat stands still while it should be working; nothing else is looked at. */
static void await_silence(struct server *server)
{
    uint64_t task;
    uint64_t beat_ns = channel_peer_beat(&server->peer.channel, &task);
    uint64_t since_ns = now_ns();
    while (now_ns() - since_ns < 100000000) {
        const uint64_t beat = channel_peer_beat(&server->peer.channel, &task);
        if (beat != beat_ns)
            since_ns = now_ns();
        beat_ns = beat;
        sched_yield();
    }
}

static void stopped_workers_lose_nothing(void)
{
    struct shm_random random = shm_random_start();
    struct server *server = server_init(&random);
    for (uint32_t round = 0; round < STOPS; round++) {
        worker_peer_start(&server->peer, &server->host);
        serve_for(server, &random, shm_random_below(&random, 5000000));
        kill(server->peer.pid, SIGSTOP);
        await_silence(server);
        worker_peer_kill(&server->peer);
        recover(server);
    }
    finish(server, &random);
    server_fini(server);
}

const struct cunit_test tests[] = {
    {"200 workers killed while they serve: each request is answered rightly or quarantined",
     killed_workers_lose_nothing},
    {"50 workers killed while they start lose nothing", killed_while_they_start},
    {"20 stopped workers are noticed by their heartbeat, and lose nothing",
     stopped_workers_lose_nothing},
    {NULL, NULL},
};
