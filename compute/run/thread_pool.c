/* Task sharing by ranges: spin briefly, then sleep.
 *
 * A run publishes (task, arg, shares) and then raises `generation`; each thread claims the tasks of
 * its own share of the numbers, in order, and then those that others have not got to, and counts
 * what it did in `done`. Own shares first keep a part of an image on one core from layer to layer:
 * what the core wrote is then in its own cache when it reads it. Layers follow each other within
 * microseconds, so helpers spin for a while before they wait on the condition variable.
 *
 * A run ends when its tasks are done, not when every helper has come by: a helper that the kernel
 * has taken off its core would otherwise hold up every layer for a time slice. It may then look at
 * the shares of a later run. So a share's counter carries the generation: a claim succeeds only
 * on the very run that the thread was called for, and that run cannot end before the claimed task
 * is done, so what the thread reads of it after a claim stays.
 *
 * For a pause the caller claims all that is left of each share, and waits until the tasks that
 * others have claimed are done: the pool is then as between two runs. After it, the rest is shared
 * out as a run of its own. */
#include "compute/run/thread_pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define CACHE_LINE 64
#define SPIN_ROUNDS 20000 /* about 50 us before a sleep */

struct helper {
    struct thread_pool *pool;
    pthread_t thread;
    uint32_t number;
};

/* The tasks [.., end) that one thread claims first. */
struct share {
    /* generation << 32 | the first that nobody has claimed; any thread: rw */
    _Alignas(CACHE_LINE) atomic_ullong next;
    atomic_uint end; /* caller writes before a run */
    uint32_t held, held_end; /* caller's: what is left of it, during a pause */
};

/* A run that is shared out; in the caller's hands. */
struct run {
    thread_pool_task *task;
    void *arg;
    uint32_t count;
    unsigned generation;
    uint32_t done; /* by the caller, and not counted in the pool */
    uint32_t under_way; /* by the caller */
};

struct thread_pool {
    uint32_t threads;
    bool can_spin; /* fewer threads than cores: spinning takes no one's time */
    struct helper *helpers;
    thread_pool_task *task;
    void *arg;
    struct share *shares; /* one per thread */
    struct thread_pool_pause pause;
    struct run *run; /* that the caller shares out; NULL: none */
    bool is_paused;
    _Alignas(CACHE_LINE) atomic_uint done; /* tasks of this run; any thread: rw */
    _Alignas(CACHE_LINE) atomic_uint generation; /* raised by each run; caller writes */
    atomic_bool is_stopping;
    atomic_uint sleeping;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Sets a share for a run. A thread of the run before that already sees the new end must not take
 * it for its own, so the old counter goes first. */
static void share_open(struct share *share, unsigned generation, uint32_t first, uint32_t end)
{
    const unsigned long long run = (unsigned long long)generation << 32;
    atomic_store_explicit(&share->next, run | UINT32_MAX, memory_order_relaxed);
    atomic_store_explicit(&share->end, end, memory_order_release);
    atomic_store_explicit(&share->next, run | first, memory_order_release);
}

/* Claims the next task of a share for this run; false: none is left, or the run is over. */
static bool claim(struct share *share, unsigned generation, uint32_t *task)
{
    /* acquire: pairs with the releases in share_open */
    unsigned long long next = atomic_load_explicit(&share->next, memory_order_acquire);
    do {
        *task = (uint32_t)next;
        if ((unsigned)(next >> 32) != generation ||
            *task >= atomic_load_explicit(&share->end, memory_order_acquire))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&share->next, &next, next + 1,
                                                    memory_order_acquire, memory_order_acquire));
    return true;
}

static void count_done(struct thread_pool *pool, uint32_t done)
{
    if (done) /* pairs with the acquire in await_tasks */
        atomic_fetch_add_explicit(&pool->done, done, memory_order_release);
}

static void help(struct thread_pool *pool, unsigned generation, uint32_t thread)
{
    uint32_t done = 0, task;
    for (uint32_t i = 0; i < pool->threads; i++)
        for (; claim(&pool->shares[(thread + i) % pool->threads], generation, &task); done++)
            pool->task(pool->arg, task, thread);
    count_done(pool, done);
}

/* Waits until generation differs from seen; returns the new one. */
static unsigned await_generation(struct thread_pool *pool, unsigned seen)
{
    unsigned rounds = pool->can_spin ? SPIN_ROUNDS : 0;
    for (unsigned i = 0; i < rounds; i++) {
        unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (now != seen)
            return now;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleeping, 1); /* pairs with the load in thread_pool_run */
    unsigned now;
    while ((now = atomic_load(&pool->generation)) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->mutex);
    return now;
}

static void *helper_main(void *argument)
{
    struct helper *helper = argument;
    struct thread_pool *pool = helper->pool;
    unsigned seen = 0;
    for (;;) {
        seen = await_generation(pool, seen);
        if (atomic_load_explicit(&pool->is_stopping, memory_order_acquire))
            return NULL;
        help(pool, seen, helper->number);
    }
}

static void publish(struct thread_pool *pool)
{
    atomic_fetch_add(&pool->generation, 1); /* sequentially consistent: before reading sleeping */
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void stop(struct thread_pool *pool, uint32_t started)
{
    atomic_store_explicit(&pool->is_stopping, true, memory_order_release);
    publish(pool);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(pool->helpers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->shares);
    free(pool->helpers);
    free(pool);
}

static uint32_t usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) ? 1 : (uint32_t)CPU_COUNT(&set);
}

int thread_pool_create(uint32_t threads, struct thread_pool **out)
{
    if (threads == 0)
        return -EINVAL;
    struct thread_pool *pool = aligned_alloc(CACHE_LINE, sizeof(*pool));
    if (!pool)
        return -ENOMEM;
    *pool = (struct thread_pool){.threads = threads, .can_spin = threads <= usable_cores()};
    pool->helpers = calloc(threads, sizeof(*pool->helpers));
    pool->shares = aligned_alloc(CACHE_LINE, threads * sizeof(*pool->shares));
    if (!pool->helpers || !pool->shares) {
        free(pool->shares);
        free(pool->helpers);
        free(pool);
        return -ENOMEM;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (uint32_t i = 0; i + 1 < threads; i++) {
        struct helper *helper = &pool->helpers[i];
        *helper = (struct helper){.pool = pool, .number = i + 1};
        int rc = pthread_create(&helper->thread, NULL, helper_main, helper);
        if (rc) {
            stop(pool, i);
            return -rc;
        }
    }
    *out = pool;
    return 0;
}

void thread_pool_destroy(struct thread_pool *pool)
{
    if (pool)
        stop(pool, pool->threads - 1);
}

uint32_t thread_pool_threads(const struct thread_pool *pool)
{
    return pool ? pool->threads : 1;
}

struct thread_pool_pause thread_pool_set_pause(struct thread_pool *pool,
                                               const struct thread_pool_pause *pause)
{
    const struct thread_pool_pause before = pool->pause;
    pool->pause = pause ? *pause : (struct thread_pool_pause){0};
    return before;
}

/* Until so many tasks of the run are done. */
static void await_tasks(struct thread_pool *pool, uint32_t count)
{
    for (unsigned i = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < count; i++) {
        if (pool->can_spin && i < SPIN_ROUNDS)
            relax();
        else
            sched_yield();
    }
}

/* Before shares are opened: what follows is of a new generation. */
static void begin(struct thread_pool *pool, struct run *run, uint32_t done)
{
    run->generation = atomic_load_explicit(&pool->generation, memory_order_relaxed) + 1;
    run->done = 0;
    pool->task = run->task;
    pool->arg = run->arg;
    atomic_store_explicit(&pool->done, done, memory_order_relaxed);
}

/* Claims all that is left. Returns how many that is. */
static uint32_t hold(struct thread_pool *pool, const struct run *run)
{
    const unsigned long long none = (unsigned long long)run->generation << 32 | UINT32_MAX;
    uint32_t count = 0;
    for (uint32_t t = 0; t < pool->threads; t++) {
        struct share *share = &pool->shares[t];
        share->held = (uint32_t)atomic_exchange_explicit(&share->next, none, memory_order_acquire);
        share->held_end = atomic_load_explicit(&share->end, memory_order_relaxed);
        count += share->held_end - share->held;
    }
    return count;
}

/* The run stands still while others work. */
static void pause_run(struct thread_pool *pool, struct run *run)
{
    const uint32_t held = hold(pool, run);
    count_done(pool, run->done);
    await_tasks(pool, run->count - held - run->under_way);
    pool->run = NULL;
    pool->pause.work(pool->pause.arg);
    pool->run = run;
    begin(pool, run, run->count - held - run->under_way);
    for (uint32_t t = 0; t < pool->threads; t++) {
        const struct share *share = &pool->shares[t];
        share_open(&pool->shares[t], run->generation, share->held, share->held_end);
    }
    publish(pool);
}

void thread_pool_look(struct thread_pool *pool)
{
    if (!pool || !pool->pause.is_wanted || pool->is_paused ||
        !pool->pause.is_wanted(pool->pause.arg))
        return;
    pool->is_paused = true;
    if (pool->run)
        pause_run(pool, pool->run);
    else
        pool->pause.work(pool->pause.arg);
    pool->is_paused = false;
}

/* As help, with a look after each task. */
static void work(struct thread_pool *pool, struct run *run)
{
    uint32_t task;
    for (uint32_t i = 0; i < pool->threads;) {
        if (!claim(&pool->shares[i], run->generation, &task)) {
            i++;
            continue;
        }
        const unsigned generation = run->generation;
        run->under_way = 1;
        run->task(run->arg, task, 0);
        run->under_way = 0;
        run->done++;
        thread_pool_look(pool);
        i = run->generation == generation ? i : 0;
    }
    count_done(pool, run->done);
}

static void run_here(struct thread_pool *pool, uint32_t count, thread_pool_task *task, void *arg)
{
    for (uint32_t i = 0; i < count; i++) {
        task(arg, i, 0);
        thread_pool_look(pool);
    }
}

void thread_pool_run(struct thread_pool *pool, uint32_t count, thread_pool_task *task, void *arg)
{
    if (!pool || pool->threads == 1 || count <= 1) {
        run_here(pool, count, task, arg);
        return;
    }
    struct run run = {.task = task, .arg = arg, .count = count};
    begin(pool, &run, 0);
    for (uint32_t t = 0; t < pool->threads; t++)
        share_open(&pool->shares[t], run.generation,
                   (uint32_t)((uint64_t)count * t / pool->threads),
                   (uint32_t)((uint64_t)count * (t + 1) / pool->threads));
    publish(pool);
    pool->run = &run;
    work(pool, &run);
    pool->run = NULL;
    await_tasks(pool, count);
}
