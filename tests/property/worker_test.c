/* Real worker processes over real shared memory: every tensor is to the bit what the engine
 * computes in this process, wherever rows enter, join and leave. */
#include "tests/property/worker_host.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ROWS 8u
#define MAX_BATCH 4u
#define LATE_ROUNDS                                                                                \
    500 /* at most: on a busy machine the dispatch is over before a row is said                    \
         */
#define LATE_JOINED 50u

/* One dispatch as the test knows it: its rows in the order in which they were said. */
struct dispatch {
    struct message_run run;
    uint32_t row_count;
    struct message_row row[ROWS];
    bool is_done[ROWS];
    uint8_t status[ROWS];
    uint32_t segment_count;
    struct message_segment segment[512];
};

static const struct small {
    const char *name;
    uint32_t width_divisor, input_size;
} networks[] = {{"lenet", 1, 0}, {"resnet50", 8, 33}, {"googlenet", 8, 64}};

static unsigned char *in_of(const struct worker_host *host, uint32_t slot)
{
    return region_at(&host->request, slot * host->place_bytes, host->place_bytes);
}

static unsigned char *out_of(const struct worker_host *host, uint32_t slot)
{
    return region_at(&host->response, slot * host->place_bytes, host->place_bytes);
}

static void fill(const struct worker_host *host, struct shm_random *random, uint32_t slot)
{
    float *numbers = (float *)in_of(host, slot);
    for (uint64_t i = 0; i < host->place_bytes / sizeof(float); i++)
        numbers[i] = (float)shm_random_below(random, 2001) / 1000 - 1;
    memset(out_of(host, slot), 0xee, host->place_bytes);
}

static struct message_row row_of(const struct worker_host *host, uint32_t dispatch, uint32_t slot,
                                 uint32_t from, uint32_t to)
{
    return (struct message_row){.kind = MESSAGE_ROW,
                                .in_region = 0,
                                .out_region = 1,
                                .dispatch = dispatch,
                                .slot = slot,
                                .generation = dispatch + 7,
                                .model = HOST_MODEL,
                                .from = (uint16_t)from,
                                .to = (uint16_t)to,
                                .in_offset = slot * host->place_bytes,
                                .in_bytes = host->cut_bytes[from],
                                .out_offset = slot * host->place_bytes,
                                .out_bytes = host->cut_bytes[to]};
}

static void say_row(struct worker_peer *peer, struct dispatch *dispatch,
                    const struct message_row *row)
{
    dispatch->row[dispatch->row_count++] = *row;
    worker_peer_say(peer, &(union message){.row = *row});
}

static void say_run(struct worker_peer *peer, struct dispatch *dispatch, uint32_t number,
                    uint32_t from, uint32_t to, uint32_t row_count)
{
    dispatch->run.kind = MESSAGE_RUN;
    dispatch->run.dispatch = number;
    dispatch->run.model = HOST_MODEL;
    dispatch->run.from = (uint16_t)from;
    dispatch->run.to = (uint16_t)to;
    dispatch->run.row_count = (uint16_t)row_count;
    worker_peer_say(peer, &(union message){.run = dispatch->run});
}

/* False once the dispatch is closed. */
static bool note(struct dispatch *dispatch, const union message *message)
{
    if (message->kind == MESSAGE_RUN_DONE) {
        CU_ASSERT_EQUAL_FATAL(message->run_done.status, MESSAGE_OK);
        return false;
    }
    if (message->kind == MESSAGE_SEGMENT_DONE) {
        CU_ASSERT_TRUE(message->segment.ended_ns >= message->segment.started_ns);
        dispatch->segment[dispatch->segment_count++] = message->segment;
        return true;
    }
    if (message->kind == MESSAGE_SEGMENT_STARTED)
        return true;
    CU_ASSERT_EQUAL_FATAL(message->kind, MESSAGE_ROW_DONE);
    const struct message_row_done *done = &message->row_done;
    uint32_t i = 0;
    while (i < dispatch->row_count && dispatch->row[i].slot != done->slot)
        i++;
    CU_ASSERT_TRUE_FATAL(i < dispatch->row_count && !dispatch->is_done[i]);
    CU_ASSERT_EQUAL(done->generation, dispatch->row[i].generation);
    dispatch->is_done[i] = true;
    dispatch->status[i] = done->status;
    return true;
}

static void finish(struct worker_peer *peer, struct dispatch *dispatch)
{
    union message message;
    do
        message = worker_peer_hear(peer);
    while (note(dispatch, &message));
}

/* Runs the segments that the worker reported with the rows that must have been in them. */
static void check_by_segments(struct worker_host *host, const struct dispatch *dispatch)
{
    unsigned char *now[ROWS];
    unsigned char *next[ROWS];
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        now[i] = malloc(host->place_bytes);
        next[i] = malloc(host->place_bytes);
        memcpy(now[i], in_of(host, dispatch->row[i].slot), host->place_bytes);
    }
    for (uint32_t s = 0; s < dispatch->segment_count; s++) {
        const struct message_segment *segment = &dispatch->segment[s];
        const unsigned char *in[ROWS];
        unsigned char *out[ROWS];
        uint32_t who[ROWS];
        uint32_t count = 0;
        for (uint32_t i = 0; i < dispatch->row_count; i++)
            if (dispatch->status[i] == MESSAGE_OK && dispatch->row[i].from <= segment->from &&
                segment->from < dispatch->row[i].to) {
                in[count] = now[i];
                out[count] = next[i];
                who[count++] = i;
            }
        CU_ASSERT_EQUAL_FATAL(count, segment->row_count);
        worker_host_run(host, segment->from, segment->to, count, in, out);
        for (uint32_t c = 0; c < count; c++) {
            unsigned char *swap = now[who[c]];
            now[who[c]] = next[who[c]];
            next[who[c]] = swap;
        }
    }
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        if (dispatch->status[i] == MESSAGE_OK)
            CU_ASSERT_EQUAL(memcmp(now[i], out_of(host, dispatch->row[i].slot),
                                   host->cut_bytes[dispatch->row[i].to]),
                            0);
        free(now[i]);
        free(next[i]);
    }
}

/* Without the worker's word: one run of all rows, which all go the whole way. */
static void check_by_one_run(struct worker_host *host, const struct dispatch *dispatch)
{
    const unsigned char *in[ROWS];
    unsigned char *out[ROWS];
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        in[i] = in_of(host, dispatch->row[i].slot);
        out[i] = malloc(host->place_bytes);
    }
    worker_host_run(host, dispatch->run.from, dispatch->run.to, dispatch->row_count, in, out);
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        CU_ASSERT_EQUAL(dispatch->status[i], MESSAGE_OK);
        CU_ASSERT_EQUAL(
            memcmp(out[i], out_of(host, dispatch->row[i].slot), host->cut_bytes[dispatch->run.to]),
            0);
        free(out[i]);
    }
}

static void stop_worker(struct worker_peer *peer)
{
    worker_peer_say(peer, &(union message){.order = {.kind = MESSAGE_DRAIN}});
    CU_ASSERT_EQUAL(worker_peer_hear(peer).kind, MESSAGE_DRAINED);
    CU_ASSERT_EQUAL(worker_peer_wait(peer), 0);
    worker_peer_fini(peer);
}

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
    worker_host_init(host, small->name, small->width_divisor, small->input_size, MAX_BATCH,
                     UINT64_C(16) << 20);
    CU_ASSERT_TRUE_FATAL(host->place_bytes * ROWS <= UINT64_C(16) << 20);
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
            struct dispatch dispatch = {0};
            uint32_t from, to;
            range_of(&random, 0, host.cut_count - 1, &from, &to);
            const uint32_t rows = 1 + shm_random_below(&random, MAX_BATCH);
            add_stops(&host, &random, &dispatch.run);
            say_run(&peer, &dispatch, round, from, to, rows);
            for (uint32_t r = 0; r < rows; r++) {
                fill(&host, &random, r);
                const struct message_row row = row_of(&host, round, r, from, to);
                say_row(&peer, &dispatch, &row);
            }
            finish(&peer, &dispatch);
            check_by_one_run(&host, &dispatch);
        }
        stop_worker(&peer);
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
            struct dispatch dispatch = {0};
            uint32_t from, to;
            range_of(&random, 0, host.cut_count - 1, &from, &to);
            const uint32_t rows = 1 + shm_random_below(&random, ROWS);
            add_stops(&host, &random, &dispatch.run);
            say_run(&peer, &dispatch, round, from, to, rows);
            for (uint32_t r = 0; r < rows; r++) {
                uint32_t enter, leave;
                range_of(&random, from, to, &enter, &leave);
                fill(&host, &random, r);
                const struct message_row row = row_of(&host, round, r, enter, leave);
                say_row(&peer, &dispatch, &row);
            }
            finish(&peer, &dispatch);
            for (uint32_t r = 0; r < rows; r++)
                full += dispatch.status[r] == MESSAGE_FULL;
            check_by_segments(&host, &dispatch);
        }
        printf(" (%s: %u rows found the batch full) ", networks[n].name, full);
        stop_worker(&peer);
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
        struct dispatch dispatch = {0};
        for (uint32_t k = 1; k < last; k++)
            message_set_stop(&dispatch.run, k);
        for (uint32_t r = 0; r < 2; r++)
            fill(&host, &random, r);
        say_run(&peer, &dispatch, round, 0, last, 1);
        const struct message_row first = row_of(&host, round, 0, 0, last);
        say_row(&peer, &dispatch, &first);
        union message message = worker_peer_hear(&peer);
        CU_ASSERT_EQUAL_FATAL(message.kind, MESSAGE_SEGMENT_STARTED);
        /* It runs now; the second row comes while it does. */
        const uint32_t enter = 1 + shm_random_below(&random, last - 1);
        const struct message_row second = row_of(&host, round, 1, enter, last);
        say_row(&peer, &dispatch, &second);
        bool is_second_done = false;
        for (bool is_open = true; is_open; is_second_done = dispatch.is_done[1]) {
            message = worker_peer_hear(&peer);
            is_open = note(&dispatch, &message);
        }
        if (!is_second_done) { /* the dispatch was over before the row came */
            message = worker_peer_hear(&peer);
            note(&dispatch, &message);
        }
        CU_ASSERT_TRUE_FATAL(dispatch.is_done[0] && dispatch.is_done[1]);
        CU_ASSERT_EQUAL(dispatch.status[0], MESSAGE_OK);
        joined += dispatch.status[1] == MESSAGE_OK;
        missed += dispatch.status[1] == MESSAGE_MISSED;
        check_by_segments(&host, &dispatch);
    }
    CU_ASSERT_TRUE(joined > 0);
    printf(" (%u joined, %u came too late) ", joined, missed);
    stop_worker(&peer);
    worker_host_fini(&host);
}

/* Sums of the worker's memory in KiB, from its smaps. */
struct memory_view {
    unsigned long weights_inode;
    unsigned long weights_kib; /* mapped */
    unsigned long weights_private_dirty_kib;
    unsigned long weights_writable; /* mappings */
};

static struct memory_view view_of(pid_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct memory_view view = {0};
    bool is_weights = false;
    while (fgets(line, sizeof(line), file)) {
        unsigned long from, to, inode, kib;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &from, &to, rights, &inode) == 4) {
            is_weights = strstr(line, "joint-weights") != NULL;
            if (is_weights) {
                view.weights_inode = inode;
                view.weights_kib += (to - from) / 1024;
                view.weights_writable += rights[1] == 'w';
            }
        } else if (is_weights && sscanf(line, "Private_Dirty: %lu kB", &kib) == 1) {
            view.weights_private_dirty_kib += kib;
        }
    }
    fclose(file);
    return view;
}

static void two_workers_share_weights(void)
{
    struct worker_host host;
    struct worker_peer peer[2];
    struct memory_view view[2];
    worker_host_init(&host, "lenet", 1, 0, MAX_BATCH, UINT64_C(1) << 20);
    for (int i = 0; i < 2; i++) {
        worker_peer_init(&peer[i]);
        worker_peer_start(&peer[i], &host);
    }
    const struct memory_view ours = view_of(getpid());
    for (int i = 0; i < 2; i++) {
        view[i] = view_of(peer[i].pid);
        CU_ASSERT_NOT_EQUAL(view[i].weights_inode, 0);
        CU_ASSERT_EQUAL(view[i].weights_inode, ours.weights_inode);
        CU_ASSERT_TRUE(view[i].weights_kib * 1024 >= host.file.weights_bytes);
        CU_ASSERT_EQUAL(view[i].weights_private_dirty_kib, 0);
        CU_ASSERT_EQUAL(view[i].weights_writable, 0);
    }
    printf(" (%lu KiB once) ", ours.weights_kib);
    for (int i = 0; i < 2; i++)
        stop_worker(&peer[i]);
    worker_host_fini(&host);
}

static void sigterm_ends_what_was_begun(void)
{
    struct shm_random random = shm_random_start();
    struct worker_host host;
    struct worker_peer peer;
    struct dispatch dispatch = {0};
    host_of(&host, &networks[1]);
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    fill(&host, &random, 0);
    const uint32_t last = host.cut_count - 1;
    for (uint32_t k = 1; k < last; k++)
        message_set_stop(&dispatch.run, k);
    say_run(&peer, &dispatch, 1, 0, last, 1);
    const struct message_row row = row_of(&host, 1, 0, 0, last);
    say_row(&peer, &dispatch, &row);
    union message message = worker_peer_hear(&peer);
    CU_ASSERT_EQUAL(message.kind, MESSAGE_SEGMENT_STARTED);
    kill(peer.pid, SIGTERM);
    finish(&peer, &dispatch);
    check_by_one_run(&host, &dispatch);
    CU_ASSERT_EQUAL(worker_peer_hear(&peer).kind, MESSAGE_DRAINED);
    CU_ASSERT_EQUAL(worker_peer_wait(&peer), 0);
    worker_peer_fini(&peer);
    worker_host_fini(&host);
}

static void a_worker_ends_with_its_jointd(void)
{
    struct worker_host host;
    struct worker_peer peer;
    worker_host_init(&host, "lenet", 1, 0, 1, UINT64_C(1) << 20);
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    channel_fini(&peer.channel); /* what the kernel does for one that dies */
    close(peer.socket);
    peer.socket = -1;
    CU_ASSERT_EQUAL(worker_peer_wait(&peer), 0);
    worker_host_fini(&host);
}

const struct cunit_test tests[] = {
    {"batches over any range, with any stops, are to the bit one run of the engine",
     whole_batches_agree},
    {"rows that enter, join and leave anywhere are to the bit what the engine gives",
     mixed_paths_agree},
    {"a row that comes while a dispatch runs joins it, or is told that it missed", late_rows_join},
    {"two workers map one sealed region of weights and hold no copy of their own",
     two_workers_share_weights},
    {"SIGTERM: a worker ends what was begun, says so, and exits", sigterm_ends_what_was_begun},
    {"a worker ends when its jointd is gone", a_worker_ends_with_its_jointd},
    {NULL, NULL},
};
