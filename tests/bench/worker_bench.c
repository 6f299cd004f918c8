/* What joint-worker serves against what the engine does in this process, in turns in one run:
 * AlexNet, batch 8, one thread, whole and from its last pooling layer, in each encoding, without
 * and with stops; and how long a worker takes to start. */
#include "compute/worker/row_place.h"
#include "shm/idle.h"
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 8u
#define UNDER_WAY 2u /* dispatches: the next waits when one ends */
#define ROUNDS 15u

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How each row goes: to the end. */
struct path {
    const char *name;
    uint32_t from;
    uint8_t encoding;
    bool has_stops;
};

struct bench {
    struct worker_host host;
    struct worker_peer peer;
    struct idle idle;
    uint32_t dispatch;
};

/* Rows of dispatch n lie in the slots of n modulo UNDER_WAY. */
static void say(struct bench *bench, const struct path *path)
{
    const uint32_t last = bench->host.cut_count - 1;
    union message run = {.run = {.kind = MESSAGE_RUN,
                                 .dispatch = ++bench->dispatch,
                                 .model = HOST_MODEL,
                                 .from = (uint16_t)path->from,
                                 .to = (uint16_t)last,
                                 .row_count = BATCH}};
    for (uint32_t k = 0; path->has_stops && k < last; k++)
        message_set_stop(&run.run, k);
    worker_peer_say(&bench->peer, &run);
    for (uint32_t r = 0; r < BATCH; r++) {
        const uint32_t slot = bench->dispatch % UNDER_WAY * BATCH + r;
        struct message_row row =
            dispatch_row(&bench->host, bench->dispatch, slot, path->from, last);
        row.in_encoding = path->encoding;
        row.out_encoding = path->encoding;
        row.in_bytes = (uint32_t)row_place_message_bytes(
            engine_model_cut(bench->host.model, path->from), 1, path->encoding);
        row.out_bytes = (uint32_t)row_place_message_bytes(engine_model_cut(bench->host.model, last),
                                                          1, path->encoding);
        worker_peer_say(&bench->peer, &(union message){.row = row});
    }
}

/* Nanoseconds for a number of batches, by the worker. Asleep in between: it has one core, we
 * should not take another's. */
static double serve(struct bench *bench, const struct path *path, uint32_t count)
{
    const uint64_t begun_ns = now_ns();
    uint32_t said = 0;
    for (uint32_t done = 0; done < count;) {
        for (; said < count && said < done + UNDER_WAY; said++)
            say(bench, path);
        union message message;
        idle_arm(&bench->idle);
        uint32_t heard = 0;
        for (; channel_pop(&bench->peer.channel, &message, 1) == 1; heard++)
            done += message.kind == MESSAGE_RUN_DONE;
        if (heard == 0)
            idle_sleep(&bench->idle, UINT64_C(1000000000));
        idle_disarm(&bench->idle);
    }
    return (double)(now_ns() - begun_ns);
}

static double run_here(struct bench *bench, uint32_t from, uint32_t count)
{
    const unsigned char *in[BATCH];
    unsigned char *out[BATCH];
    for (uint32_t r = 0; r < BATCH; r++) {
        in[r] = region_at(&bench->host.request, r * bench->host.place_bytes, 1);
        out[r] = region_at(&bench->host.response, r * bench->host.place_bytes, 1);
    }
    const uint64_t begun_ns = now_ns();
    for (uint32_t i = 0; i < count; i++)
        worker_host_run(&bench->host, from, bench->host.cut_count - 1, BATCH, in, out);
    return (double)(now_ns() - begun_ns);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(values[0]), by_value);
    return values[ROUNDS / 2];
}

/* Of a process, whatever the others do meanwhile. */
static double cpu_ns(clockid_t clock)
{
    struct timespec used;
    clock_gettime(clock, &used);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

static void compare(struct bench *bench, const struct path *path)
{
    double ratio[ROUNDS], cpu_ratio[ROUNDS];
    double here_ns = 1e18;
    double served_ns = 1e18;
    clockid_t worker_clock;
    CU_ASSERT_EQUAL_FATAL(clock_getcpuclockid(bench->peer.pid, &worker_clock), 0);
    const uint32_t count = 1 + (uint32_t)(200e6 / run_here(bench, path->from, 1));
    serve(bench, path, 2);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const double begun_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
        const double here = run_here(bench, path->from, count) / count;
        const double between_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
        const double worker_ns = cpu_ns(worker_clock);
        const double served = serve(bench, path, count) / count;
        ratio[round] = here / served;
        cpu_ratio[round] = (between_ns - begun_ns) / (cpu_ns(worker_clock) - worker_ns);
        here_ns = here < here_ns ? here : here_ns;
        served_ns = served < served_ns ? served : served_ns;
    }
    qsort(ratio, ROUNDS, sizeof(ratio[0]), by_value);
    printf("%-30s %8.2f ms %8.2f ms   %.3f  %.3f (%.3f to %.3f)  %.3f\n", path->name, here_ns / 1e6,
           served_ns / 1e6, here_ns / served_ns, ratio[ROUNDS / 2], ratio[ROUNDS / 4],
           ratio[3 * ROUNDS / 4], median(cpu_ratio));
}

/* The cut after the last pooling layer. */
static uint32_t last_pool(const struct worker_host *host)
{
    for (uint32_t k = host->cut_count; k-- > 0;)
        if (strstr(engine_model_cut(host->model, k)->name, "pool"))
            return k;
    return 0;
}

static void worker_against_engine(void)
{
    static struct bench bench;
    worker_host_init(&bench.host, "alexnet", 1, 0, BATCH, 1, UINT64_C(40) << 20);
    CU_ASSERT_TRUE_FATAL(UNDER_WAY * BATCH * bench.host.place_bytes <= UINT64_C(40) << 20);
    worker_peer_init(&bench.peer);
    worker_peer_start(&bench.peer, &bench.host);
    const struct idle_config idle = idle_config_default();
    CU_ASSERT_EQUAL_FATAL(idle_init(&bench.idle, &idle), 0);
    CU_ASSERT_EQUAL_FATAL(idle_add(&bench.idle, &bench.peer.channel.wake), 0);
    const uint32_t pool = last_pool(&bench.host);
    printf("\n%-30s %11s %11s   served throughput over the engine's\n", "alexnet, a batch of 8",
           "engine", "worker");
    printf("%-30s %11s %11s   best   median (middle half)    CPU time\n", "", "best", "best");
    const struct path paths[] = {
        {.name = "from cut 0"},
        {.name = "from cut 0, f16 in and out", .encoding = MESSAGE_F16},
        {.name = "from cut 0, u8 in and out", .encoding = MESSAGE_U8},
        {.name = "from its last pooling layer", .from = pool},
        {.name = "from there, f16 in and out", .from = pool, .encoding = MESSAGE_F16},
        {.name = "from there, u8 in and out", .from = pool, .encoding = MESSAGE_U8},
        {.name = "from cut 0, a stop at each cut", .has_stops = true},
        {.name = "the last two layers", .from = bench.host.cut_count - 3},
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        compare(&bench, &paths[i]);
    idle_fini(&bench.idle);
    worker_peer_stop(&bench.peer);
    worker_host_fini(&bench.host);
}

/* Nanoseconds for one row through the whole network. */
static double answer_one(struct worker_host *host, struct worker_peer *peer, uint32_t dispatch)
{
    const uint32_t last = host->cut_count - 1;
    const uint64_t begun_ns = now_ns();
    worker_peer_say(peer, &(union message){.run = {.kind = MESSAGE_RUN,
                                                   .dispatch = dispatch,
                                                   .model = HOST_MODEL,
                                                   .to = (uint16_t)last,
                                                   .row_count = 1}});
    worker_peer_say(peer, &(union message){.row = dispatch_row(host, dispatch, 0, 0, last)});
    while (worker_peer_hear(peer).kind != MESSAGE_RUN_DONE)
        continue;
    return (double)(now_ns() - begun_ns);
}

/* From fork to READY; the first row, said at once, after it; and a row of a warm worker. */
static void time_starts(const char *network, uint32_t max_batch)
{
    struct worker_host host;
    struct worker_peer peer;
    double start_ns[ROUNDS], first_ns[ROUNDS], warm_ns[ROUNDS];
    worker_host_init(&host, network, 1, 0, max_batch, 1, UINT64_C(4) << 20);
    worker_peer_init(&peer);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint64_t begun_ns = now_ns();
        worker_peer_start(&peer, &host);
        start_ns[round] = (double)(now_ns() - begun_ns);
        first_ns[round] = answer_one(&host, &peer, 1);
        for (uint32_t i = 0; i < 4; i++)
            warm_ns[round] = answer_one(&host, &peer, 2 + i);
        worker_peer_kill(&peer);
        CU_ASSERT_EQUAL_FATAL(channel_renew(&peer.channel), 0);
    }
    printf("%-10s %9u %11.2f ms %11.2f ms %11.2f ms\n", network, max_batch, median(start_ns) / 1e6,
           median(first_ns) / 1e6, median(warm_ns) / 1e6);
    worker_peer_fini(&peer);
    worker_host_fini(&host);
}

static void from_start_to_ready(void)
{
    printf("\n%-10s %9s %14s %14s %14s   (medians of %u)\n", "network", "max_batch",
           "start to READY", "first row", "fifth row", ROUNDS);
    time_starts("lenet", 1);
    time_starts("lenet", 8);
    time_starts("alexnet", 1);
    time_starts("alexnet", 8);
    time_starts("alexnet", 64);
    time_starts("resnet50", 8);
}

const struct cunit_test tests[] = {
    {"how long a worker takes to start", from_start_to_ready},
    {"a worker against the engine", worker_against_engine},
    {NULL, NULL},
};
