/* One hop through the ring of shm/ between two processes, against DPDK's ring between two threads,
 * in turns in one run: latency of one descriptor, throughput in batches, and the wake of a sleeper.
 */
#include "shm/channel.h"
#include "shm/fd_pass.h"
#include "shm/idle.h"
#ifdef HAVE_DPDK
#include "tests/bench/ring_bench_rte.h"
#endif

#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CAPACITY 1024u
#define BATCH 32u
#define BOUNCES 2000u
#define WARM_UP 200u
#define STREAMED 100000u
#define SLEEPS 300u
#define MAX_SAMPLES 2000u

enum measure { BOUNCE, STREAM, SLEEPY, MEASURES };
enum ring { JOINT, RTE_WIDE, RTE_POINTER, RINGS };

static const char *const ring_names[RINGS] = {
    "joint, 64 bytes, processes", "rte_ring, 64 bytes, threads", "rte_ring, 8 bytes, threads"};

/* One per round: nanoseconds per hop or descriptor, 0 if either side was interrupted. */
struct samples {
    double ns[MAX_SAMPLES];
};

/* What both sides of a sample see. */
struct stage {
    atomic_long helper_switches; /* times that another program took the helper's core */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How often another program has taken this thread's core. */
static long switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

static void run_on_core(int core)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    if (sched_setaffinity(0, sizeof(one), &one)) {
        perror("ring_bench: cannot run on two cores");
        exit(77);
    }
}

static void joint_bounce(struct channel *channel, bool is_helper, uint64_t rounds)
{
    struct spsc_entry entry = {0};
    for (uint64_t i = 0; i < rounds; i++) {
        if (!is_helper)
            spsc_queue_push(&channel->out, &entry, 1);
        while (spsc_queue_pop(&channel->in, &entry, 1) == 0)
            continue;
        if (is_helper)
            spsc_queue_push(&channel->out, &entry, 1);
    }
}

static uint64_t joint_stream(struct channel *channel, bool is_helper, uint64_t count)
{
    struct spsc_entry entries[BATCH] = {0};
    uint64_t sum = 0;
    for (uint64_t done = 0; done < count;) {
        const int moved = is_helper ? spsc_queue_pop(&channel->in, entries, BATCH)
                                    : spsc_queue_push(&channel->out, entries, BATCH);
        for (int i = 0; is_helper && i < moved; i++)
            sum += entries[i].word[0];
        done += (uint64_t)moved;
    }
    if (is_helper)
        spsc_queue_push(&channel->out, entries, 1);
    while (!is_helper && spsc_queue_pop(&channel->in, entries, 1) == 0)
        continue;
    return sum;
}

/* Both sides asleep until they are rung. */
static void joint_sleepy(struct channel *channel, bool is_helper, uint64_t rounds)
{
    struct spsc_entry entry = {0};
    struct idle idle;
    const struct idle_config config = {.mode = IDLE_ADAPTIVE};
    if (idle_init(&idle, &config) || idle_add(&idle, &channel->wake))
        exit(1);
    for (uint64_t i = 0; i < rounds; i++) {
        if (!is_helper)
            channel_push(channel, &entry, 1);
        for (bool is_here = false; !is_here;) {
            idle_arm(&idle);
            is_here = channel_pop(channel, &entry, 1) == 1;
            if (!is_here)
                idle_sleep(&idle, 1000000000u);
            idle_disarm(&idle);
        }
        if (is_helper)
            channel_push(channel, &entry, 1);
    }
    idle_remove(&idle, &channel->wake);
    idle_fini(&idle);
}

static void joint_run(struct channel *channel, enum measure measure, bool is_helper, uint64_t count)
{
    if (measure == BOUNCE)
        joint_bounce(channel, is_helper, count);
    else if (measure == STREAM)
        joint_stream(channel, is_helper, count);
    else
        joint_sleepy(channel, is_helper, count);
}

static const uint64_t counts[MEASURES] = {BOUNCES, STREAMED, SLEEPS};
/* Hops that one count stands for. */
static const double hops[MEASURES] = {2, 1, 2};

static double joint_sample(enum measure measure, struct stage *stage)
{
    struct channel channel;
    struct channel_config config = channel_config_default();
    int sockets[2];
    config.to_peer_capacity = config.from_peer_capacity = CAPACITY;
    if (channel_init(&channel, &config) || fd_pass_pair(sockets))
        exit(1);
    const pid_t child = fork();
    if (child == 0) {
        struct channel peer;
        run_on_core(1);
        if (channel_accept(&peer, sockets[1]))
            _exit(1);
        joint_bounce(&peer, true, WARM_UP);
        const long before = switches();
        joint_run(&peer, measure, true, counts[measure]);
        atomic_store(&stage->helper_switches, switches() - before);
        _exit(0);
    }
    if (channel_offer(&channel, sockets[0], NULL, 0) || channel_settle(&channel, sockets[0]))
        exit(1);
    joint_bounce(&channel, false, WARM_UP);
    const long before = switches();
    const uint64_t start_ns = now_ns();
    joint_run(&channel, measure, false, counts[measure]);
    const uint64_t end_ns = now_ns();
    const bool is_disturbed = switches() != before;
    int status;
    waitpid(child, &status, 0);
    close(sockets[0]);
    close(sockets[1]);
    channel_fini(&channel);
    if (is_disturbed || atomic_load(&stage->helper_switches))
        return 0;
    return (double)(end_ns - start_ns) / ((double)counts[measure] * hops[measure]);
}

#ifdef HAVE_DPDK
struct rte_helper {
    struct rte_bench *bench;
    enum measure measure;
    struct stage *stage;
};

static void rte_run(struct rte_bench *bench, enum measure measure, bool is_helper)
{
    if (measure == BOUNCE)
        rte_bench_bounce(bench, is_helper, BOUNCES);
    else
        rte_bench_stream(bench, is_helper, STREAMED, BATCH);
}

static void *rte_help(void *arg)
{
    const struct rte_helper *helper = arg;
    run_on_core(1);
    rte_bench_bounce(helper->bench, true, WARM_UP);
    const long before = switches();
    rte_run(helper->bench, helper->measure, true);
    atomic_store(&helper->stage->helper_switches, switches() - before);
    return NULL;
}

static double rte_sample(enum measure measure, bool is_wide, struct stage *stage)
{
    struct rte_helper helper = {
        .bench = rte_bench_create(CAPACITY, is_wide), .measure = measure, .stage = stage};
    pthread_t thread;
    if (!helper.bench || pthread_create(&thread, NULL, rte_help, &helper))
        exit(1);
    rte_bench_bounce(helper.bench, false, WARM_UP);
    const long before = switches();
    const uint64_t start_ns = now_ns();
    rte_run(helper.bench, measure, false);
    const uint64_t end_ns = now_ns();
    const bool is_disturbed = switches() != before;
    pthread_join(thread, NULL);
    rte_bench_destroy(helper.bench);
    if (is_disturbed || atomic_load(&stage->helper_switches))
        return 0;
    return (double)(end_ns - start_ns) / ((double)counts[measure] * hops[measure]);
}
#endif

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts what is not 0 to the front of `out`; how many. */
static unsigned sort_good(const double *values, unsigned count, double *out)
{
    unsigned good = 0;
    for (unsigned i = 0; i < count; i++)
        if (values[i] > 0)
            out[good++] = values[i];
    qsort(out, good, sizeof(*out), by_value);
    return good;
}

static void report_ratio(const struct samples samples[RINGS], int ring, unsigned rounds)
{
    double ratio[MAX_SAMPLES];
    double sorted[MAX_SAMPLES];
    for (unsigned i = 0; i < rounds; i++) {
        const double joint = samples[JOINT].ns[i];
        ratio[i] = joint > 0 ? samples[ring].ns[i] / joint : 0;
    }
    const unsigned good = sort_good(ratio, rounds, sorted);
    if (good > 0)
        printf("  ratio to %s of the same round: median %.2f, middle half %.2f to %.2f\n",
               ring == RTE_WIDE ? "64 bytes" : "8 bytes", sorted[good / 2], sorted[good / 4],
               sorted[good * 3 / 4]);
}

static void report(const char *what, const struct samples samples[RINGS], unsigned rounds)
{
    printf("%s\n  %-28s %10s %10s %10s %12s %8s\n", what, "", "best", "quarter", "median",
           "median, M/s", "samples");
    for (int r = 0; r < RINGS; r++) {
        double sorted[MAX_SAMPLES];
        const unsigned good = sort_good(samples[r].ns, rounds, sorted);
        if (good > 0)
            printf("  %-28s %7.1f ns %7.1f ns %7.1f ns %12.3f %8u\n", ring_names[r], sorted[0],
                   sorted[good / 4], sorted[good / 2], 1e3 / sorted[good / 2], good);
    }
    for (int r = RTE_WIDE; r < RINGS; r++)
        report_ratio(samples, r, rounds);
}

int main(int argc, char **argv)
{
    unsigned rounds = 200;
    static const struct option options[] = {
        {"samples", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c != 's') {
            printf("Usage: ring_bench [--samples N]\n\nRatios over 1: joint is faster.\n");
            return c == 'h' ? 0 : 2;
        }
        rounds = (unsigned)strtoul(optarg, NULL, 10);
    }
    if (rounds == 0 || rounds > MAX_SAMPLES)
        return 2;
    static struct samples samples[MEASURES][RINGS];
    struct stage *stage =
        mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED)
        return 1;
    run_on_core(0);
    for (unsigned i = 0; i < rounds; i++) {
        for (int m = BOUNCE; m <= STREAM; m++) {
            samples[m][JOINT].ns[i] = joint_sample((enum measure)m, stage);
#ifdef HAVE_DPDK
            samples[m][RTE_WIDE].ns[i] = rte_sample((enum measure)m, true, stage);
            samples[m][RTE_POINTER].ns[i] = rte_sample((enum measure)m, false, stage);
#endif
        }
        if (i % 4 == 0)
            samples[SLEEPY][JOINT].ns[i] = joint_sample(SLEEPY, stage);
    }
#ifndef HAVE_DPDK
    printf("Built without DPDK (libdpdk-dev): joint's ring alone.\n");
#endif
    report("one descriptor, one hop (half of there and back)", samples[BOUNCE], rounds);
    report("stream in batches of 32, per descriptor", samples[STREAM], rounds);
    report("one hop to a peer that sleeps", samples[SLEEPY], rounds);
    return 0;
}
