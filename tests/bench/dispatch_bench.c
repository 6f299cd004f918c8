/* Times the dispatcher's decisions: dispatch_bench [DECISIONS [ROW]], 200,000 of each row by
 * default.
 *
 * A steady state with so many requests queued: a worker ends its batch, the dispatcher decides what
 * it runs next, and as many new requests come. Each call is timed by itself, on one core, with
 * caches as they are ("warm") or after 8 MiB of other memory were read ("cold"). The virtual time
 * of the server passes as its batches take.
 *
 * With deadlines near, a request has two to so many times what it takes alone. Then some are
 * refused, dropped, or join what runs, whose first part the worker has begun; and where few of one
 * model wait, each submit is tried on paper. Two full batches come for each that goes, up to so
 * many queued. */
#include "scheduler/dispatch/dispatch.h"
#include "tests/unit/shm_random.h"

#include <string.h>
#include <time.h>

enum {
    CUTS = 20,
    MOST_WORKERS = 64,
    MOST_RUNS = 4, /* of a worker: some go before others */
    MOST_REQUESTS = 20000,
    BATCH = 8,
    OTHER_BYTES = 8 << 20,
    LINE_BYTES = 64,
};

struct row {
    const char *name;
    uint32_t queued;
    uint32_t models, workers; /* 0: one */
    bool is_one_bucket, is_cold, is_per_cut;
    uint64_t target_ns; /* of the median decision; 0: none */
    uint32_t near_times; /* deadlines: up to so many times what one takes alone; 0: far away */
    bool lets_all_in;
};

static const struct row table[] = {
    {.name = "1,000 queued, 8 models, 20 cuts", .queued = 1000, .models = 8, .target_ns = 5000},
    {.name = "the same, batches of one cut", .queued = 1000, .models = 8, .is_per_cut = true},
    {.name = "the same, cold", .queued = 1000, .models = 8, .is_cold = true},
    {.name = "the same, 16 workers", .queued = 1000, .models = 8, .workers = 16, .target_ns = 5000},
    {.name = "the same, 64 workers", .queued = 1000, .models = 8, .workers = 64, .target_ns = 5000},
    {.name = "1,000 queued in one bucket",
     .queued = 1000,
     .is_one_bucket = true,
     .target_ns = 5000},
    {.name = "10,000 queued, 8 models, 20 cuts", .queued = 10000, .models = 8},
    {.name = "10,000 queued in one bucket", .queued = 10000, .is_one_bucket = true},
    {.name = "10 queued, 1 model", .queued = 10},
    {.name = "up to 16 queued, deadlines near", .queued = 16, .near_times = 8},
    {.name = "up to 31 queued, deadlines near", .queued = 31, .near_times = 16},
    {.name = "200 queued, near, all let in", .queued = 200, .near_times = 60, .lets_all_in = true},
    {.name = "1,000 queued, 8 models, near, all let in",
     .queued = 1000,
     .models = 8,
     .near_times = 250,
     .lets_all_in = true},
};

/* Of calls, as many as there is room for. */
struct times {
    uint64_t *ns;
    uint32_t count, most;
};

/* What a worker was given and has not answered. */
struct held {
    struct dispatch_action runs[MOST_RUNS];
    uint32_t count;
    uint64_t ends_ns;
};

struct bench {
    const struct row *row;
    uint32_t models, workers;
    struct dispatch *dispatch;
    struct shm_random random;
    uint64_t now_ns, clock_ns; /* what reading the clock takes */
    uint32_t free_slots[MOST_REQUESTS], free_count, queued;
    struct held held[MOST_WORKERS];
    uint16_t from[MOST_REQUESTS]; /* by slot */
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
    if (times->count < times->most)
        times->ns[times->count++] = ns > bench->clock_ns ? ns - bench->clock_ns : 0;
}

static void make_cold(struct bench *bench)
{
    for (uint32_t i = 0; bench->row->is_cold && i < OTHER_BYTES; i += LINE_BYTES)
        bench->sum += bench->other[i]++;
}

static uint64_t deadline_ns(struct bench *bench, const struct dispatch_request *request)
{
    const uint64_t alone_ns =
        dispatch_predict_ns(bench->dispatch, request->model, request->from, request->to, 1);
    if (!bench->row->near_times)
        return bench->now_ns + UINT64_C(1000000000000) +
               shm_random_below(&bench->random, 1000000000);
    return bench->now_ns + 2 * alone_ns +
           alone_ns * shm_random_below(&bench->random, 100 * (bench->row->near_times - 2)) / 100;
}

static void submit(struct bench *bench, bool is_timed)
{
    const uint32_t from =
        bench->row->is_one_bucket ? 0 : shm_random_below(&bench->random, CUTS - 1);
    struct dispatch_request request = {
        .slot = bench->free_slots[bench->free_count - 1],
        .model = (uint16_t)shm_random_below(&bench->random, bench->models),
        .from = (uint16_t)from,
        .to = CUTS - 1,
        .rows = 1,
        .arrived_ns = bench->now_ns,
    };
    request.deadline_ns = deadline_ns(bench, &request);
    const uint64_t began_ns = clock_now();
    const enum dispatch_verdict verdict = dispatch_submit(bench->dispatch, &request, bench->now_ns);
    if (is_timed)
        note(bench, &bench->submits, began_ns);
    if (verdict != DISPATCH_QUEUED && !bench->row->near_times)
        abort();
    bench->from[request.slot] = request.from;
    bench->free_count -= verdict == DISPATCH_QUEUED;
    bench->queued += verdict == DISPATCH_QUEUED;
}

static bool times_init(struct times *times, uint32_t most)
{
    *times = (struct times){.ns = calloc(most, sizeof(uint64_t)), .most = most};
    return times->ns;
}

static int bench_init(struct bench *bench, const struct row *row, uint32_t decisions)
{
    const struct dispatch_class class = {1, MOST_REQUESTS, UINT64_MAX};
    struct dispatch_config config = dispatch_config_default();
    *bench = (struct bench){.row = row,
                            .models = row->models ? row->models : 1,
                            .workers = row->workers ? row->workers : 1,
                            .random = {1},
                            .now_ns = 1000000000,
                            .clock_ns = UINT64_MAX};
    config.max_requests = config.max_queued = MOST_REQUESTS;
    config.mode = row->is_per_cut ? DISPATCH_PER_CUT : DISPATCH_ACROSS;
    config.max_workers = bench->workers;
    config.max_models = 256; /* as many as a worker could have */
    config.class_count = 1;
    config.classes = &class;
    config.has_admission = !row->lets_all_in;
    for (int i = 0; i < 1000; i++) {
        const uint64_t began_ns = clock_now(), ns = clock_now() - began_ns;
        bench->clock_ns = ns < bench->clock_ns ? ns : bench->clock_ns;
    }
    bench->other = calloc(1, OTHER_BYTES);
    if (!times_init(&bench->decisions, decisions) || !times_init(&bench->timeouts, decisions) ||
        !times_init(&bench->submits, decisions * BATCH) ||
        !times_init(&bench->answers, decisions) || !bench->other)
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
    for (uint32_t model = 0; model < bench->models; model++) {
        if (dispatch_add_model(bench->dispatch, model, &facts))
            return -1;
        for (uint32_t worker = 0; worker < bench->workers; worker++)
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

/* All that the worker said of a batch, timed as one. */
static void end_run(struct bench *bench, const struct dispatch_action *run, bool is_timed)
{
    const uint64_t compute_ns =
        dispatch_predict_ns(bench->dispatch, run->model, run->from, run->to, run->row_count);
    const uint64_t began_ns = clock_now();
    for (uint32_t i = 0; i < run->row_count; i++)
        if (!dispatch_row_done(bench->dispatch, run->worker, run->number, run->rows[i].slot, 0,
                               true, bench->now_ns))
            abort();
    if (dispatch_run_done(bench->dispatch, run->worker, run->number, compute_ns, bench->now_ns))
        abort();
    if (is_timed)
        note(bench, &bench->answers, began_ns);
    for (uint32_t i = 0; i < run->row_count; i++)
        bench->free_slots[bench->free_count++] = run->rows[i].slot;
}

static void end_all(struct bench *bench, struct held *held)
{
    bench->now_ns = held->ends_ns;
    for (uint32_t i = 0; i < held->count; i++)
        end_run(bench, &held->runs[i], !i);
    held->count = 0;
}

/* The worker has begun with the first part. */
static void begin_run(struct bench *bench, const struct dispatch_action *run)
{
    uint32_t to = run->from + 1u, row_count = 0;
    while (to < run->to && !(run->stops[to / 64] >> to % 64 & 1))
        to++;
    for (uint32_t i = 0; i < run->row_count; i++)
        row_count += bench->from[run->rows[i].slot] < to;
    if (dispatch_segment(bench->dispatch, run->worker, run->number, run->from, to, row_count,
                         bench->now_ns, 0, bench->now_ns))
        abort();
}

static void take(struct bench *bench, const struct dispatch_action *action)
{
    struct held *held = &bench->held[action->worker];
    bench->queued -= action->row_count;
    for (uint32_t i = 0; action->kind == DISPATCH_JOIN && i < held->count; i++) {
        struct dispatch_action *run = &held->runs[i];
        if (run->number != action->number)
            continue;
        memcpy(&run->rows[run->row_count], action->rows, action->row_count * sizeof(run->rows[0]));
        run->row_count += action->row_count;
    }
    if (action->kind != DISPATCH_RUN)
        return;
    held->runs[held->count++] = *action;
    if (held->count > 1)
        return;
    held->ends_ns =
        bench->now_ns + dispatch_predict_ns(bench->dispatch, action->model, action->from,
                                            action->to, action->row_count);
    if (bench->row->near_times)
        begin_run(bench, action);
}

/* The next thing to be done is. Rows that went. */
static uint32_t decide(struct bench *bench, bool is_timed)
{
    struct dispatch_action action;
    for (;;) {
        const uint64_t began_ns = clock_now();
        const bool is_any = dispatch_next(bench->dispatch, bench->now_ns, &action);
        if (is_timed && is_any && action.kind == DISPATCH_RUN)
            note(bench, &bench->decisions, began_ns);
        if (!is_any)
            return 0;
        if (action.kind != DISPATCH_DROP)
            break;
        bench->free_slots[bench->free_count++] = action.slot;
        bench->queued--;
    }
    take(bench, &action);
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

static double us(struct times *times, uint32_t per_mille)
{
    return (double)quantile(times, per_mille) / 1e3;
}

static void print(struct bench *bench, uint64_t row_count)
{
    const struct row *row = bench->row;
    const double decision = us(&bench->decisions, 500), submit = us(&bench->submits, 500);
    printf("| %s | %.1f | %.2f | %.2f | %.1f | %.2f | %.2f | %.2f | %.2f | %s |\n", row->name,
           (double)row_count / bench->decisions.count, decision, us(&bench->decisions, 990),
           (double)bench->decisions.ns[bench->decisions.count - 1] / 1e3, submit,
           us(&bench->submits, 990), us(&bench->answers, 500), us(&bench->timeouts, 500),
           !row->target_ns                   ? ""
           : decision * 1e3 < row->target_ns ? "under 5: yes"
                                             : "under 5: no");
}

/* The first worker that is done is, and gets what is next; as many come as went, or more. */
static uint32_t go_on(struct bench *bench)
{
    const struct row *row = bench->row;
    uint32_t first = 0, sum = 0;
    for (uint32_t worker = 1; worker < bench->workers; worker++)
        first = bench->held[worker].ends_ns < bench->held[first].ends_ns ? worker : first;
    make_cold(bench);
    end_all(bench, &bench->held[first]);
    make_cold(bench);
    for (uint32_t gone; (gone = decide(bench, true)) > 0; sum += gone)
        ;
    const uint64_t began_ns = clock_now();
    bench->sum += dispatch_timeout_ns(bench->dispatch);
    note(bench, &bench->timeouts, began_ns);
    make_cold(bench);
    if (!row->near_times && !sum)
        abort();
    const uint32_t offered = row->near_times ? 2 * BATCH : sum;
    for (uint32_t i = 0; i < offered && bench->queued < row->queued; i++) {
        submit(bench, true);
        for (uint32_t gone; row->near_times && (gone = decide(bench, true)) > 0; sum += gone)
            ;
    }
    return sum;
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
    while (bench.decisions.count < decisions)
        row_count += go_on(&bench);
    print(&bench, row_count);
    bench_fini(&bench);
    return 0;
}

int main(int argc, char **argv)
{
    const size_t row_count = sizeof(table) / sizeof(table[0]);
    const unsigned long decisions = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    const unsigned long only = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (!decisions || decisions > 10000000 || only > row_count) {
        fprintf(stderr,
                "dispatch_bench: DECISIONS is a number from 1 to 10,000,000, ROW one from "
                "1 to %zu\n",
                row_count);
        return 2;
    }
    printf(
        "| steady state | rows a batch | decision, us | its p99 | its longest | one submit, us | "
        "its p99 | words of a batch, us | timeout, us | |\n|---|---|---|---|---|---|---|---|---|"
        "---|\n");
    for (size_t i = only ? only - 1 : 0; i < (only ? only : row_count); i++)
        if (run(&table[i], (uint32_t)(table[i].is_cold ? decisions / 50 + 1 : decisions))) {
            fprintf(stderr, "dispatch_bench: no memory\n");
            return 1;
        }
    return 0;
}
