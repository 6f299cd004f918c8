/* Real worker processes over real shared memory: every tensor is to the bit what the engine
 * computes in this process, wherever rows enter, join and leave. */
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_BATCH 4u
#define LATE_ROUNDS                                                                                \
    500 /* at most: on a busy machine the dispatch is over before a row is said                    \
         */
#define LATE_JOINED 50u

static const struct small {
    const char *name;
    uint32_t width_divisor, input_size;
} networks[] = {{"lenet", 1, 0}, {"resnet50", 8, 33}, {"googlenet", 8, 64}};

static void add_stops(const struct worker_host *host, struct shm_random *random,
                      struct message_run *run)
{
    const uint32_t share = shm_random_below(random, 4);
    for (uint32_t k = 0; k < host->cut_count; k++)
        if (shm_random_below(random, 3) < share)
            message_set_stop(run, k);
}

static void host_of(struct worker_host *host, const struct small *small)
{
    worker_host_init(host, small->name, small->width_divisor, small->input_size, MAX_BATCH, 1,
                     UINT64_C(16) << 20);
    CU_ASSERT_TRUE_FATAL(host->place_bytes * DISPATCH_ROWS <= UINT64_C(16) << 20);
}

/* Both ends of a range: any pair, in order. */
static void range_of(struct shm_random *random, uint32_t first, uint32_t last, uint32_t *from,
                     uint32_t *to)
{
    *from = first + shm_random_below(random, last - first);
    *to = *from + 1 + shm_random_below(random, last - *from);
}

static void whole_batches_agree(void)
{
    struct shm_random random = shm_random_start();
    for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
        struct worker_host host;
        struct worker_peer peer;
        host_of(&host, &networks[n]);
        worker_peer_init(&peer);
        worker_peer_start(&peer, &host);
        for (uint32_t round = 0; round < 60; round++) {
            struct worker_dispatch dispatch = {0};
            uint32_t from, to;
            range_of(&random, 0, host.cut_count - 1, &from, &to);
            const uint32_t rows = 1 + shm_random_below(&random, MAX_BATCH);
            add_stops(&host, &random, &dispatch.run);
            dispatch_say_run(&peer, &dispatch, round, from, to, rows);
            for (uint32_t r = 0; r < rows; r++) {
                dispatch_fill(&host, &random, r);
                const struct message_row row = dispatch_row(&host, round, r, from, to);
                dispatch_say_row(&peer, &dispatch, &row);
            }
            dispatch_finish(&peer, &dispatch);
            dispatch_check_by_one_run(&host, &dispatch);
        }
        worker_peer_stop(&peer);
        worker_host_fini(&host);
    }
}

static void mixed_paths_agree(void)
{
    struct shm_random random = shm_random_start();
    for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
        struct worker_host host;
        struct worker_peer peer;
        uint32_t full = 0;
        host_of(&host, &networks[n]);
        worker_peer_init(&peer);
        worker_peer_start(&peer, &host);
        for (uint32_t round = 0; round < 60; round++) {
            struct worker_dispatch dispatch = {0};
            uint32_t from, to;
            range_of(&random, 0, host.cut_count - 1, &from, &to);
            const uint32_t rows = 1 + shm_random_below(&random, DISPATCH_ROWS);
            add_stops(&host, &random, &dispatch.run);
            dispatch_say_run(&peer, &dispatch, round, from, to, rows);
            for (uint32_t r = 0; r < rows; r++) {
                uint32_t enter, leave;
                range_of(&random, from, to, &enter, &leave);
                dispatch_fill(&host, &random, r);
                const struct message_row row = dispatch_row(&host, round, r, enter, leave);
                dispatch_say_row(&peer, &dispatch, &row);
            }
            dispatch_finish(&peer, &dispatch);
            for (uint32_t r = 0; r < rows; r++)
                full += dispatch.status[r] == MESSAGE_FULL;
            dispatch_check_by_segments(&host, &dispatch);
        }
        printf(" (%s: %u rows found the batch full) ", networks[n].name, full);
        worker_peer_stop(&peer);
        worker_host_fini(&host);
    }
}

static void late_rows_join(void)
{
    struct shm_random random = shm_random_start();
    struct worker_host host;
    struct worker_peer peer;
    uint32_t joined = 0, missed = 0;
    host_of(&host, &(struct small){"resnet50", 4, 97}); /* so that a dispatch takes a while */
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    const uint32_t last = host.cut_count - 1;
    for (uint32_t round = 0; round < LATE_ROUNDS && joined < LATE_JOINED; round++) {
        struct worker_dispatch dispatch = {0};
        for (uint32_t k = 1; k < last; k++)
            message_set_stop(&dispatch.run, k);
        for (uint32_t r = 0; r < 2; r++)
            dispatch_fill(&host, &random, r);
        dispatch_say_run(&peer, &dispatch, round, 0, last, 1);
        const struct message_row first = dispatch_row(&host, round, 0, 0, last);
        dispatch_say_row(&peer, &dispatch, &first);
        /* Every other time it is seen to run; else it may just have begun. */
        if (round % 2) {
            const union message started = worker_peer_hear(&peer);
            CU_ASSERT_EQUAL_FATAL(started.kind, MESSAGE_SEGMENT_STARTED);
        }
        const uint32_t enter = 1 + shm_random_below(&random, last - 1);
        const struct message_row second = dispatch_row(&host, round, 1, enter, last);
        dispatch_say_row(&peer, &dispatch, &second);
        bool is_second_done = false;
        for (bool is_open = true; is_open; is_second_done = dispatch.is_done[1]) {
            const union message message = worker_peer_hear(&peer);
            is_open = dispatch_note(&dispatch, &message);
        }
        if (!is_second_done) { /* the dispatch was over before the row came */
            const union message message = worker_peer_hear(&peer);
            dispatch_note(&dispatch, &message);
        }
        CU_ASSERT_TRUE_FATAL(dispatch.is_done[0] && dispatch.is_done[1]);
        CU_ASSERT_EQUAL(dispatch.status[0], MESSAGE_OK);
        joined += dispatch.status[1] == MESSAGE_OK;
        missed += dispatch.status[1] == MESSAGE_MISSED;
        dispatch_check_by_segments(&host, &dispatch);
    }
    CU_ASSERT_TRUE(joined > 0);
    printf(" (%u joined, %u came too late) ", joined, missed);
    worker_peer_stop(&peer);
    worker_host_fini(&host);
}

static bool is_there(void *arg, uint32_t cut)
{
    return cut == *(const uint32_t *)arg;
}

/* Some rows from cut 0, ended at a cut by answering that it should, to the bit a run to there. */
static void end_at(struct worker_host *host, uint32_t cut, uint32_t rows)
{
    unsigned char *wanted[MAX_BATCH], *got[MAX_BATCH];
    const unsigned char *in[MAX_BATCH];
    for (uint32_t r = 0; r < rows; r++) {
        in[r] = region_at(&host->request, r * host->place_bytes, host->place_bytes);
        wanted[r] = malloc(host->place_bytes);
        got[r] = malloc(host->place_bytes);
    }
    worker_host_run(host, 0, cut, rows, in, wanted);
    void *outputs[2 * MAX_BATCH]; /* at most two tensors */
    const struct engine_cut *view = engine_model_cut(host->model, cut);
    for (uint32_t i = 0; i < view->tensor_count * rows; i++)
        outputs[i] = got[i % rows] + (i < rows ? 0 : view->tensors[0].bytes);
    struct engine_error error;
    const struct engine_run run = {.to = host->cut_count - 1,
                                   .rows = rows,
                                   .inputs = (const void *const *)in,
                                   .outputs = outputs,
                                   .wants_end = is_there,
                                   .wants_end_arg = &cut};
    CU_ASSERT_EQUAL(engine_context_run(host->context, &run, &error), 0);
    for (uint32_t r = 0; r < rows; r++) {
        CU_ASSERT_EQUAL(memcmp(wanted[r], got[r], host->cut_bytes[cut]), 0);
        free(wanted[r]);
        free(got[r]);
    }
}

static void a_run_ends_where_it_is_told(void)
{
    struct shm_random random = shm_random_start();
    for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
        struct worker_host host;
        uint32_t ends = 0;
        host_of(&host, &networks[n]);
        for (uint32_t r = 0; r < MAX_BATCH; r++)
            dispatch_fill(&host, &random, r);
        for (uint32_t rows = 1; rows <= MAX_BATCH; rows++)
            for (uint32_t cut = 1; cut + 1 < host.cut_count; cut++)
                if (engine_model_can_pause(host.model, rows, cut)) {
                    end_at(&host, cut, rows);
                    ends++;
                }
        printf(" (%s: at %u of %u cuts) ", networks[n].name, ends,
               MAX_BATCH * (host.cut_count - 2));
        CU_ASSERT_TRUE(ends > 0);
        worker_host_fini(&host);
    }
}

#define AT_ONCE 3u
#define SLOTS_EACH DISPATCH_ROWS

static struct worker_dispatch *find(struct worker_dispatch *dispatches, uint32_t number)
{
    for (uint32_t d = 0; d < AT_ONCE; d++)
        if (dispatches[d].run.dispatch == number)
            return &dispatches[d];
    CU_FAIL_FATAL("of no dispatch");
    return NULL;
}

static uint32_t dispatch_of(const union message *message)
{
    return message->kind == MESSAGE_RUN_DONE   ? message->run_done.dispatch
           : message->kind == MESSAGE_ROW_DONE ? message->row_done.dispatch
                                               : message->segment.dispatch;
}

/* Each has slots of its own. */
static void say_some(struct worker_host *host, struct worker_peer *peer, struct shm_random *random,
                     struct worker_dispatch *dispatch, uint32_t number, uint32_t first_slot)
{
    const uint32_t last = host->cut_count - 1;
    const uint32_t rows = 1 + shm_random_below(random, MAX_BATCH);
    *dispatch = (struct worker_dispatch){.run.urgency = (uint8_t)shm_random_below(random, 4)};
    add_stops(host, random, &dispatch->run);
    if (first_slot == 0) { /* the others are put before this one */
        memset(dispatch->run.stops, 0xff, sizeof(dispatch->run.stops));
        dispatch->run.urgency = 0;
    }
    dispatch_say_run(peer, dispatch, number, 0, last, rows);
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t from, to;
        range_of(random, 0, last, &from, &to);
        dispatch_fill(host, random, first_slot + r);
        const struct message_row row = dispatch_row(host, number, first_slot + r, from, to);
        dispatch_say_row(peer, dispatch, &row);
    }
}

/* What is under way in a worker: one dispatch, and others inside of its segment. */
struct nest {
    uint32_t open[AT_ONCE];
    uint32_t depth;
    uint32_t between, inside; /* how often another went on before, or inside of, the last */
};

static void note_nesting(struct nest *nest, const union message *message)
{
    if (message->kind == MESSAGE_SEGMENT_STARTED) {
        nest->inside += nest->depth;
        CU_ASSERT_TRUE_FATAL(nest->depth < 2);
        nest->open[nest->depth++] = message->segment.dispatch;
    }
    if (message->kind != MESSAGE_SEGMENT_DONE)
        return;
    CU_ASSERT_TRUE_FATAL(nest->depth > 0);
    CU_ASSERT_EQUAL(nest->open[--nest->depth], message->segment.dispatch);
    CU_ASSERT_TRUE(message->segment.paused_ns <=
                   message->segment.ended_ns - message->segment.started_ns);
}

/* Dispatches that are put before each other, at cuts and inside of layers, touch nothing of each
 * other's. */
static void urgent_ones_go_between(uint32_t threads)
{
    struct shm_random random = shm_random_start();
    struct nest nest = {0};
    struct worker_host host;
    struct worker_peer peer;
    struct worker_dispatch dispatches[AT_ONCE];
    uint32_t number = 0;
    worker_host_init(&host, "resnet50", 4, 97, MAX_BATCH, threads, UINT64_C(16) << 20);
    CU_ASSERT_TRUE_FATAL(host.place_bytes * AT_ONCE * SLOTS_EACH <= UINT64_C(16) << 20);
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    /* On a busy machine a dispatch may be over before we are on a core to say the next one. */
    const time_t end = time(NULL) + 120;
    for (uint32_t round = 0;
         round < 40 || ((nest.between == 0 || nest.inside == 0) && time(NULL) < end); round++) {
        uint32_t last = UINT32_MAX;
        for (uint32_t d = 0; d < AT_ONCE; d++) {
            say_some(&host, &peer, &random, &dispatches[d], number++, d * SLOTS_EACH);
            if (d == 0) {
                const union message started = worker_peer_hear(&peer);
                CU_ASSERT_EQUAL_FATAL(started.kind, MESSAGE_SEGMENT_STARTED);
                note_nesting(&nest, &started);
                last = started.segment.dispatch;
            }
        }
        for (uint32_t open = AT_ONCE; open > 0;) {
            const union message message = worker_peer_hear(&peer);
            const uint32_t from = dispatch_of(&message);
            note_nesting(&nest, &message);
            nest.between +=
                message.kind == MESSAGE_SEGMENT_STARTED && last != UINT32_MAX && last != from;
            last = message.kind == MESSAGE_RUN_DONE          ? UINT32_MAX
                   : message.kind == MESSAGE_SEGMENT_STARTED ? from
                                                             : last;
            open -= !dispatch_note(find(dispatches, from), &message);
        }
        for (uint32_t d = 0; d < AT_ONCE; d++)
            dispatch_check_by_segments(&host, &dispatches[d]);
    }
    worker_peer_stop(&peer);
    worker_host_fini(&host);
    printf(" (%u threads: %u times in between, %u inside) ", threads, nest.between, nest.inside);
    CU_ASSERT_TRUE(nest.between > 0 && nest.inside > 0);
}

static void urgent_ones_go_between_tasks(void)
{
    for (uint32_t threads = 1; threads <= 3; threads++)
        urgent_ones_go_between(threads);
}

const struct cunit_test tests[] = {
    {"batches over any range, with any stops, are to the bit one run of the engine",
     whole_batches_agree},
    {"rows that enter, join and leave anywhere are to the bit what the engine gives",
     mixed_paths_agree},
    {"a run that is told at a cut to end there leaves what a run to there does",
     a_run_ends_where_it_is_told},
    {"dispatches that more urgent ones interrupt are to the bit what the engine gives",
     urgent_ones_go_between_tasks},
    {"a row that comes while a dispatch runs joins it, or is told that it missed", late_rows_join},
    {NULL, NULL},
};
