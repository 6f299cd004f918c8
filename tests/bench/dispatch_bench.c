/* Times the dispatcher's decisions: dispatch_bench [DECISIONS], 200,000 by default.
 *
 * A steady state with so many requests queued: a worker ends its batch, the dispatcher decides what
 * it runs next, and as many new requests come. Each call is timed by itself, on one core, with
 * caches as they are ("warm") or after 8 MiB of other memory were read ("cold"). The virtual time
 * of the server passes as its batches take. */
#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/shm_random.h"

#include <string.h>
#include <time.h>

enum {
    CUTS = 20,
    MOST_MODELS = 8,
    MOST_WORKERS = 64,
    MOST_REQUESTS = 20000,
    BATCH = 8,
    OTHER_BYTES = 8 << 20,
    LINE_BYTES = 64,
};

struct row {
    const char *name;
    uint32_t queued, models, workers;
    bool is_one_bucket, is_cold;
    enum dispatch_mode mode;
    uint64_t target_ns; /* of the median decision; 0: none */
};

static const struct row rows[] = {
    {"1,000 queued, 8 models, 20 cuts", 1000, 8, 1, false, false, DISPATCH_ACROSS, 5000},
    {"the same, batches of one cut", 1000, 8, 1, false, false, DISPATCH_PER_CUT, 0},
    {"the same, cold", 1000, 8, 1, false, true, DISPATCH_ACROSS, 0},
    {"the same, 16 workers", 1000, 8, 16, false, false, DISPATCH_ACROSS, 5000},
    {"the same, 64 workers", 1000, 8, 64, false, false, DISPATCH_ACROSS, 5000},
    {"1,000 queued in one bucket", 1000, 1, 1, true, false, DISPATCH_ACROSS, 5000},
    {"10,000 queued, 8 models, 20 cuts", 10000, 8, 1, false, false, DISPATCH_ACROSS, 0},
    {"10,000 queued in one bucket", 10000, 1, 1, true, false, DISPATCH_ACROSS, 0},
    {"10 queued, 1 model", 10, 1, 1, false, false, DISPATCH_ACROSS, 0},
};

struct times {
    uint64_t *ns;
    uint32_t count;
};

struct bench {
    const struct row *row;
    struct dispatch *dispatch;
    struct shm_random random;
    uint64_t now_ns, clock_ns; /* what reading the clock takes */
    uint32_t free_slots[MOST_REQUESTS], free_count;
    struct dispatch_action running[MOST_WORKERS];
    uint64_t ends_ns[MOST_WORKERS];
    struct times decisions, submits, answers, timeouts;
    unsigned char *other;
    uint64_t sum; /* of what was read there, so that it is */
};

static uint64_t clock_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void note(const struct bench *bench, struct times *times, uint64_t began_ns)
{
    const uint64_t ns = clock_now() - began_ns;
    times->ns[times->count++] = ns > bench->clock_ns ? ns - bench->clock_ns : 0;
}

static void make_cold(struct bench *bench)
{
    for (uint32_t i = 0; bench->row->is_cold && i < OTHER_BYTES; i += LINE_BYTES)
        bench->sum += bench->other[i]++;
}

static void submit(struct bench *bench, bool is_timed)
{
    const uint32_t from =
        bench->row->is_one_bucket ? 0 : shm_random_below(&bench->random, CUTS - 1);
    const struct dispatch_request request = {
        .slot = bench->free_slots[--bench->free_count],
        .model = (uint16_t)shm_random_below(&bench->random, bench->row->models),
        .from = (uint16_t)from,
        .to = CUTS - 1,
        .rows = 1,
        .arrived_ns = bench->now_ns,
        .deadline_ns =
            bench->now_ns + UINT64_C(1000000000000) + shm_random_below(&bench->random, 1000000000),
    };
    const uint64_t began_ns = clock_now();
    const enum dispatch_verdict verdict = dispatch_submit(bench->dispatch, &request, bench->now_ns);
    if (is_timed)
        note(bench, &bench->submits, began_ns);
    if (verdict != DISPATCH_QUEUED)
        abort();
}

static int bench_init(struct bench *bench, const struct row *row, uint32_t decisions)
{
    const struct dispatch_class class = {1, MOST_REQUESTS, UINT64_MAX};
    struct dispatch_config config = dispatch_config_default();
    config.max_requests = config.max_queued = MOST_REQUESTS;
    config.mode = row->mode;
    config.max_workers = row->workers;
    config.max_models = 256; /* as many as a worker could have */
    config.class_count = 1;
    config.classes = &class;
    *bench = (struct bench){.row = row, .random = {1}, .now_ns = 1000000000};
    bench->clock_ns = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        const uint64_t began_ns = clock_now(), ns = clock_now() - began_ns;
        bench->clock_ns = ns < bench->clock_ns ? ns : bench->clock_ns;
    }
    bench->decisions.ns = calloc(decisions, sizeof(uint64_t));
    bench->submits.ns = calloc((size_t)decisions * BATCH, sizeof(uint64_t));
    bench->answers.ns = calloc(decisions, sizeof(uint64_t));
    bench->timeouts.ns = calloc(decisions, sizeof(uint64_t));
    bench->other = calloc(1, OTHER_BYTES);
    if (!bench->timeouts.ns || !bench->decisions.ns || !bench->submits.ns || !bench->answers.ns ||
        !bench->other)
        return -1;
    const uint32_t sizes[] = {1, BATCH};
    uint64_t ns[2][CUTS];
    bool has_rows[CUTS];
    for (uint32_t i = 0; i < CUTS; i++) {
        ns[0][i] = UINT64_C(1000000) * (CUTS - 1 - i);
        ns[1][i] = UINT64_C(4000000) * (CUTS - 1 - i);
        has_rows[i] = true;
    }
    const struct dispatch_model facts = {CUTS, BATCH, 2, sizes, ns[0], has_rows};
    if (dispatch_create(&config, &bench->dispatch))
        return -1;
    for (uint32_t model = 0; model < row->models; model++) {
        if (dispatch_add_model(bench->dispatch, model, &facts))
            return -1;
        for (uint32_t worker = 0; worker < row->workers; worker++)
            dispatch_worker_has(bench->dispatch, worker, model);
    }
    for (uint32_t i = 0; i < MOST_REQUESTS; i++)
        bench->free_slots[bench->free_count++] = i;
    return 0;
}

static void bench_fini(struct bench *bench)
{
    dispatch_destroy(bench->dispatch);
    free(bench->decisions.ns);
    free(bench->submits.ns);
    free(bench->answers.ns);
    free(bench->timeouts.ns);
    free(bench->other);
}

/* All that the worker said of its batch, timed as one. */
static void end_run(struct bench *bench, uint32_t worker)
{
    const struct dispatch_action *run = &bench->running[worker];
    bench->now_ns = bench->ends_ns[worker];
    const uint64_t compute_ns =
        dispatch_predict_ns(bench->dispatch, run->model, run->from, run->to, run->row_count);
    const uint64_t began_ns = clock_now();
    for (uint32_t i = 0; i < run->row_count; i++)
        if (!dispatch_row_done(bench->dispatch, worker, run->number, run->rows[i].slot, 0, true,
                               bench->now_ns))
            abort();
    if (dispatch_run_done(bench->dispatch, worker, run->number, compute_ns, bench->now_ns))
        abort();
    note(bench, &bench->answers, began_ns);
    for (uint32_t i = 0; i < run->row_count; i++)
        bench->free_slots[bench->free_count++] = run->rows[i].slot;
}

/* Whoever can be given something is. Rows that went. */
static uint32_t decide(struct bench *bench, bool is_timed)
{
    struct dispatch_action action;
    const uint64_t began_ns = clock_now();
    const bool is_any = dispatch_next(bench->dispatch, bench->now_ns, &action);
    if (is_timed)
        note(bench, &bench->decisions, began_ns);
    if (!is_any)
        return 0;
    if (action.kind != DISPATCH_RUN)
        abort();
    bench->running[action.worker] = action;
    bench->ends_ns[action.worker] =
        bench->now_ns + dispatch_predict_ns(bench->dispatch, action.model, action.from, action.to,
                                            action.row_count);
    return action.row_count;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t quantile(struct times *times, uint32_t per_mille)
{
    qsort(times->ns, times->count, sizeof(*times->ns), compare);
    return times->ns[(uint64_t)times->count * per_mille / 1000];
}

static int run(const struct row *row, uint32_t decisions)
{
    static struct bench bench;
    if (bench_init(&bench, row, decisions))
        return -1;
    for (uint32_t i = 0; i < row->queued; i++)
        submit(&bench, false);
    for (uint32_t gone; (gone = decide(&bench, false)) > 0;)
        for (uint32_t i = 0; i < gone; i++)
            submit(&bench, false);
    uint64_t row_count = 0;
    for (uint32_t i = 0; i < decisions; i++) {
        uint32_t first = 0;
        for (uint32_t worker = 1; worker < row->workers; worker++)
            first = bench.ends_ns[worker] < bench.ends_ns[first] ? worker : first;
        make_cold(&bench);
        end_run(&bench, first);
        make_cold(&bench);
        const uint32_t gone = decide(&bench, true);
        if (!gone)
            abort();
        row_count += gone;
        const uint64_t began_ns = clock_now();
        bench.sum += dispatch_timeout_ns(bench.dispatch);
        note(&bench, &bench.timeouts, began_ns);
        make_cold(&bench);
        for (uint32_t k = 0; k < gone; k++)
            submit(&bench, true);
    }
    const uint64_t median_ns = quantile(&bench.decisions, 500);
    printf("| %s | %.1f | %.2f | %.2f | %.2f | %.2f | %.2f | %s |\n", row->name,
           (double)row_count / decisions, (double)median_ns / 1e3,
           (double)quantile(&bench.decisions, 990) / 1e3,
           (double)quantile(&bench.submits, 500) / 1e3, (double)quantile(&bench.answers, 500) / 1e3,
           (double)quantile(&bench.timeouts, 500) / 1e3,
           !row->target_ns              ? ""
           : median_ns < row->target_ns ? "under 5: yes"
                                        : "under 5: no");
    bench_fini(&bench);
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long decisions = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    if (!decisions || decisions > 10000000) {
        fprintf(stderr, "dispatch_bench: DECISIONS is a number from 1 to 10,000,000\n");
        return 2;
    }
    printf("| steady state | rows a batch | decision, us | its p99 | one submit, us | "
           "words of a batch, us | timeout, us | |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (run(&rows[i], (uint32_t)(rows[i].is_cold ? decisions / 50 + 1 : decisions))) {
            fprintf(stderr, "dispatch_bench: no memory\n");
            return 1;
        }
    return 0;
}
