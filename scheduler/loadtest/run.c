/* Threads of a run, and the thread that watches them. */
#include "scheduler/loadtest/run.h"

#include "scheduler/loadtest/clock.h"
#include "scheduler/loadtest/prompt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define HEAD_START_NS 20000000 /* until all threads are there */
#define TICK_NS 1000000000
#define LOOK_NS 50000000 /* how often the watcher looks whether all is over */

struct run_thread {
    struct loadtest_lane *lane;
    pthread_t thread;
    uint64_t start_ns;
    struct loadtest_prompt prompt;
    atomic_bool is_over; /* thread: w, watcher: r */
};

struct loadtest_run {
    uint32_t count;
    struct loadtest_outcome outcome;
    struct run_thread threads[];
};

int loadtest_run_create(struct loadtest_run **made, const struct loadtest_plan *plan,
                        struct port *const *ports, uint32_t port_count)
{
    struct loadtest_run *run = calloc(1, sizeof(*run) + port_count * sizeof(struct run_thread));
    int err = -ENOMEM;
    if (!run)
        return err;
    run->count = port_count;
    run->outcome.tally = loadtest_tally_create(plan->mix->count);
    if (!run->outcome.tally)
        goto destroy;
    for (uint32_t i = 0; i < port_count; i++) {
        err = loadtest_lane_create(&run->threads[i].lane, plan, ports[i], 0, i, port_count);
        if (err)
            goto destroy;
    }
    *made = run;
    return 0;
destroy:
    loadtest_run_destroy(run);
    return err;
}

void loadtest_run_destroy(struct loadtest_run *run)
{
    if (!run)
        return;
    for (uint32_t i = 0; i < run->count; i++)
        loadtest_lane_destroy(run->threads[i].lane);
    free(run->outcome.tally);
    free(run);
}

static void *work(void *user)
{
    struct run_thread *thread = user;
    loadtest_prompt_init(&thread->prompt, loadtest_clock_ns());
    loadtest_lane_begin(thread->lane, thread->start_ns);
    while (loadtest_lane_turn(thread->lane))
        loadtest_prompt_look(&thread->prompt, loadtest_clock_ns());
    atomic_store_explicit(&thread->is_over, true, memory_order_release); /* pairs with all_over */
    return NULL;
}

static bool all_over(const struct loadtest_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (!atomic_load_explicit(&run->threads[i].is_over, memory_order_acquire))
            return false;
    return true;
}

static void stop(struct loadtest_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        loadtest_lane_stop(run->threads[i].lane);
}

static void tell(const struct loadtest_run *run, const struct loadtest_watch *watch,
                 uint64_t elapsed_ns)
{
    struct loadtest_lane_progress sum = {0}, one;
    for (uint32_t i = 0; i < run->count; i++) {
        loadtest_lane_progress(run->threads[i].lane, &one);
        sum.offered += one.offered;
        sum.answered += one.answered;
        sum.rejected += one.rejected;
        sum.late += one.late;
        sum.open += one.open;
    }
    watch->tick(watch->user, elapsed_ns, &sum);
}

/* A second signal ends the process. */
static void allow_the_end(const sigset_t *signals)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

/* Sleeps by waiting for the signals that end the run. */
static void watch_over(struct loadtest_run *run, const struct loadtest_watch *watch,
                       const sigset_t *signals, uint64_t start_ns)
{
    const struct timespec look = {.tv_nsec = LOOK_NS};
    uint64_t next_ns = start_ns + TICK_NS;
    while (!all_over(run)) {
        if (sigtimedwait(signals, NULL, &look) > 0) {
            stop(run);
            allow_the_end(signals);
        }
        const uint64_t now_ns = loadtest_clock_ns();
        if (watch && watch->tick && now_ns >= next_ns) {
            tell(run, watch, now_ns - start_ns);
            next_ns += TICK_NS;
        }
    }
}

static void merge(struct loadtest_outcome *outcome, const struct loadtest_lane *lane)
{
    struct loadtest_lane_result one;
    loadtest_lane_result(lane, &one);
    loadtest_tally_merge(outcome->tally, one.tally);
    outcome->stats.datagrams_in += one.stats.datagrams_in;
    outcome->stats.datagrams_out += one.stats.datagrams_out;
    outcome->stats.bytes_in += one.stats.bytes_in;
    outcome->stats.bytes_out += one.stats.bytes_out;
    outcome->stats.dropped += one.stats.dropped;
    outcome->stats.lost += one.stats.lost;
    outcome->stats.probe_timeouts += one.stats.probe_timeouts;
    outcome->stats.retries += one.stats.retries;
    outcome->stats.refusals += one.stats.refusals;
    outcome->stats.renewals += one.stats.renewals;
    outcome->port.missed += one.port.missed;
    outcome->port.unsent += one.port.unsent;
    outcome->port.bad += one.port.bad;
    outcome->port.errors += one.port.errors;
    outcome->cpu_ns += one.cpu_ns;
    outcome->stray += one.stray;
    outcome->is_silent |= one.is_silent;
    outcome->is_interrupted |= one.is_interrupted;
    if (one.window_ns > outcome->window_ns)
        outcome->window_ns = one.window_ns;
    if (one.longest_turn_ns > outcome->longest_turn_ns)
        outcome->longest_turn_ns = one.longest_turn_ns;
}

int loadtest_run_go(struct loadtest_run *run, const struct loadtest_watch *watch)
{
    sigset_t signals, before;
    const uint64_t start_ns = loadtest_clock_ns() + HEAD_START_NS;
    uint32_t started = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    for (; started < run->count; started++) {
        struct run_thread *thread = &run->threads[started];
        thread->start_ns = start_ns;
        if (pthread_create(&thread->thread, NULL, work, thread))
            break;
    }
    const bool is_complete = started == run->count;
    if (is_complete)
        watch_over(run, watch, &signals, start_ns);
    else
        stop(run);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(run->threads[i].thread, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_complete)
        return -EAGAIN;
    for (uint32_t i = 0; i < run->count; i++) {
        merge(&run->outcome, run->threads[i].lane);
        run->outcome.real_time_threads += run->threads[i].prompt.is_real_time;
    }
    return 0;
}

const struct loadtest_outcome *loadtest_run_outcome(const struct loadtest_run *run)
{
    return &run->outcome;
}

const struct loadtest_sample *loadtest_run_samples(const struct loadtest_run *run, uint32_t lane,
                                                   uint32_t *count)
{
    struct loadtest_lane_result result;
    *count = 0;
    if (lane >= run->count)
        return NULL;
    loadtest_lane_result(run->threads[lane].lane, &result);
    *count = result.sample_count;
    return result.samples;
}

const struct loadtest_records *loadtest_run_records(const struct loadtest_run *run, uint32_t lane)
{
    struct loadtest_lane_result result;
    if (lane >= run->count)
        return NULL;
    loadtest_lane_result(run->threads[lane].lane, &result);
    return result.records;
}
