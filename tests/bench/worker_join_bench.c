/* What a stop costs a worker, and what merging saves: AlexNet, eight rows that enter at five cuts,
 * merged into one dispatch or each cut by itself; in processor time of the worker, in turns. And
 * how long an urgent dispatch waits that comes while eight rows run. */
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 8u
#define ROUNDS 15u
#define ENTRIES 5u

/* Rows that enter at a cut. */
struct entry {
    const char *layer; /* the cut after it; NULL: cut 0 */
    uint32_t rows;
};

static const struct entry entries[ENTRIES] = {
    {NULL, 2}, {"pool1", 2}, {"pool2", 1}, {"pool5", 1}, {"fc6", 2}};

struct bench {
    struct worker_host host;
    struct worker_peer peer;
    clockid_t clock; /* of the worker */
    uint32_t number, segments;
    uint32_t cut[ENTRIES];
};

static double cpu_ns(const struct bench *bench)
{
    struct timespec used;
    clock_gettime(bench->clock, &used);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

static uint32_t cut_after(const struct worker_host *host, const char *layer)
{
    for (uint32_t k = 0; layer && k < host->cut_count; k++)
        if (strcmp(engine_model_cut(host->model, k)->name, layer) == 0)
            return k;
    CU_ASSERT_PTR_NULL(layer);
    return 0;
}

static void add_row(struct bench *bench, uint32_t slot, uint32_t from)
{
    const struct message_row row =
        dispatch_row(&bench->host, bench->number, slot, from, bench->host.cut_count - 1);
    worker_peer_say(&bench->peer, &(union message){.row = row});
}

static void begin(struct bench *bench, uint32_t from, uint32_t rows, uint64_t stops)
{
    worker_peer_say(&bench->peer,
                    &(union message){.run = {.kind = MESSAGE_RUN,
                                             .dispatch = ++bench->number,
                                             .model = HOST_MODEL,
                                             .from = (uint16_t)from,
                                             .to = (uint16_t)(bench->host.cut_count - 1),
                                             .row_count = (uint16_t)rows,
                                             .stops = {stops}}});
}

static void finish(struct bench *bench)
{
    union message message;
    do
        message = worker_peer_hear(&bench->peer);
    while (message.kind != MESSAGE_RUN_DONE);
    CU_ASSERT_EQUAL(message.run_done.status, MESSAGE_OK);
    bench->segments = message.run_done.segment_count;
}

/* A batch from cut 0. */
static void run_whole(struct bench *bench, uint32_t rows, uint64_t stops)
{
    begin(bench, 0, rows, stops);
    for (uint32_t r = 0; r < rows; r++)
        add_row(bench, r, 0);
    finish(bench);
}

static void without_stops(struct bench *bench)
{
    run_whole(bench, BATCH, 0);
}

static void with_all_stops(struct bench *bench)
{
    run_whole(bench, BATCH, UINT64_MAX);
}

static void half_without_stops(struct bench *bench)
{
    run_whole(bench, BATCH / 2, 0);
}

static void half_with_all_stops(struct bench *bench)
{
    run_whole(bench, BATCH / 2, UINT64_MAX);
}

static void merged(struct bench *bench)
{
    uint32_t slot = 0;
    begin(bench, 0, BATCH, 0);
    for (uint32_t e = 0; e < ENTRIES; e++)
        for (uint32_t r = 0; r < entries[e].rows; r++)
            add_row(bench, slot++, bench->cut[e]);
    finish(bench);
}

static void each_cut_by_itself(struct bench *bench)
{
    uint32_t slot = 0;
    for (uint32_t e = 0; e < ENTRIES; e++) {
        begin(bench, bench->cut[e], entries[e].rows, 0);
        for (uint32_t r = 0; r < entries[e].rows; r++)
            add_row(bench, slot++, bench->cut[e]);
        finish(bench);
    }
}

static void each_row_by_itself(struct bench *bench)
{
    for (uint32_t e = 0; e < ENTRIES; e++)
        for (uint32_t r = 0; r < entries[e].rows; r++) {
            begin(bench, bench->cut[e], 1, 0);
            add_row(bench, r, bench->cut[e]);
            finish(bench);
        }
}

static const struct way {
    const char *name;
    void (*run)(struct bench *bench);
} ways[] = {{"8 rows from cut 0", without_stops},
            {"8 rows from cut 0, a stop at each cut", with_all_stops},
            {"8 rows from five cuts, merged", merged},
            {"the same, each cut by itself", each_cut_by_itself},
            {"the same, each row by itself", each_row_by_itself},
            {"4 rows from cut 0", half_without_stops},
            {"4 rows from cut 0, a stop at each cut", half_with_all_stops}};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void joins_against_runs(void)
{
    static struct bench bench;
    double ns[WAYS][ROUNDS];
    uint32_t segments[WAYS];
    worker_host_init(&bench.host, "alexnet", 1, 0, BATCH, 1, UINT64_C(20) << 20);
    CU_ASSERT_TRUE_FATAL(BATCH * bench.host.place_bytes <= UINT64_C(20) << 20);
    for (uint32_t e = 0; e < ENTRIES; e++)
        bench.cut[e] = cut_after(&bench.host, entries[e].layer);
    worker_peer_init(&bench.peer);
    worker_peer_start(&bench.peer, &bench.host);
    CU_ASSERT_EQUAL_FATAL(clock_getcpuclockid(bench.peer.pid, &bench.clock), 0);
    for (size_t w = 0; w < WAYS; w++)
        ways[w].run(&bench);
    for (uint32_t round = 0; round < ROUNDS; round++)
        for (size_t w = 0; w < WAYS; w++) {
            const double before_ns = cpu_ns(&bench);
            ways[w].run(&bench);
            ns[w][round] = cpu_ns(&bench) - before_ns;
            segments[w] = bench.segments;
        }
    printf(
        "\nalexnet, processor time of the worker  median ms   middle half       best  segments\n");
    for (size_t w = 0; w < WAYS; w++) {
        qsort(ns[w], ROUNDS, sizeof(ns[w][0]), by_value);
        printf("%-38s %8.2f   %6.2f to %6.2f  %6.2f  %4u\n", ways[w].name, ns[w][ROUNDS / 2] / 1e6,
               ns[w][ROUNDS / 4] / 1e6, ns[w][3 * ROUNDS / 4] / 1e6, ns[w][0] / 1e6, segments[w]);
    }
    const double stops = segments[1] - segments[0];
    printf("a stop where nobody has come, of %.0f, with 8 rows: %.0f us in the median, %.0f by the "
           "best times; with 4 rows: %.0f and %.0f\n",
           stops, (ns[1][ROUNDS / 2] - ns[0][ROUNDS / 2]) / 1e3 / stops,
           (ns[1][0] - ns[0][0]) / 1e3 / stops,
           (ns[6][ROUNDS / 2] - ns[5][ROUNDS / 2]) / 1e3 / stops,
           (ns[6][0] - ns[5][0]) / 1e3 / stops);
    printf("merged over each cut by itself: %.2f times the throughput in the median, %.2f best\n",
           ns[3][ROUNDS / 2] / ns[2][ROUNDS / 2], ns[3][0] / ns[2][0]);
    worker_peer_stop(&bench.peer);
    worker_host_fini(&bench.host);
}

#define URGENT_ROUNDS 300u

static void pause_ms(double ms)
{
    const struct timespec time = {.tv_nsec = (long)(ms * 1e6)};
    nanosleep(&time, NULL);
}

/* Eight patient rows run; after a while of up to 60 ms one comes that goes before. */
static void urgent_against_patient(void)
{
    static struct bench bench;
    struct shm_random random = shm_random_start();
    double start_us[URGENT_ROUNDS], took_ms[URGENT_ROUNDS];
    uint32_t count = 0;
    worker_host_init(&bench.host, "alexnet", 1, 0, BATCH, 1, UINT64_C(20) << 20);
    worker_peer_init(&bench.peer);
    worker_peer_start(&bench.peer, &bench.host);
    run_whole(&bench, BATCH, 0);
    const uint32_t last = bench.host.cut_count - 1;
    for (uint32_t round = 0; round < URGENT_ROUNDS; round++) {
        begin(&bench, 0, BATCH, 0);
        const uint32_t patient = bench.number;
        for (uint32_t r = 0; r < BATCH; r++)
            add_row(&bench, r, 0);
        pause_ms(1 + shm_random_below(&random, 60000) / 1e3);
        struct timespec said;
        union message run = {.run = {.kind = MESSAGE_RUN,
                                     .urgency = 1,
                                     .dispatch = ++bench.number,
                                     .model = HOST_MODEL,
                                     .from = (uint16_t)(last - 5),
                                     .to = (uint16_t)last,
                                     .row_count = 1}};
        worker_peer_say(&bench.peer, &run);
        add_row(&bench, 0, last - 5);
        clock_gettime(CLOCK_MONOTONIC, &said);
        const uint64_t said_ns = (uint64_t)said.tv_sec * 1000000000u + (uint64_t)said.tv_nsec;
        bool was_inside = true;
        for (uint32_t open = 2; open > 0;) {
            const union message message = worker_peer_hear(&bench.peer);
            if (message.kind == MESSAGE_RUN_DONE) {
                open--;
                was_inside &= message.run_done.dispatch != patient || open == 0;
            }
            if (message.kind == MESSAGE_SEGMENT_DONE && message.segment.dispatch != patient) {
                start_us[count] = ((double)message.segment.started_ns - (double)said_ns) / 1e3;
                took_ms[count] =
                    (double)(message.segment.ended_ns - message.segment.started_ns) / 1e6;
            }
        }
        count += was_inside;
    }
    qsort(start_us, count, sizeof(start_us[0]), by_value);
    qsort(took_ms, count, sizeof(took_ms[0]), by_value);
    CU_ASSERT_TRUE_FATAL(count > URGENT_ROUNDS / 2);
    printf(
        "\none row of the last five layers while 8 rows of all run, %u of %u times inside: begins "
        "after %.0f us in the median, %.0f in 90, %.0f in 99 of 100, %.0f at most; takes %.2f ms "
        "in the median\n",
        count, URGENT_ROUNDS, start_us[count / 2], start_us[count * 9 / 10],
        start_us[count * 99 / 100], start_us[count - 1], took_ms[count / 2]);
    worker_peer_stop(&bench.peer);
    worker_host_fini(&bench.host);
}

const struct cunit_test tests[] = {
    {"how long an urgent dispatch waits", urgent_against_patient},
    {"what stops cost, and what merging saves", joins_against_runs},
    {NULL, NULL},
};
