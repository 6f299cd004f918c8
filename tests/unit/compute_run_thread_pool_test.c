/* Tests of compute/run/thread_pool.c: each task runs once, whatever the threads; worth a run under
 * -Db_sanitize=thread. */
#include "compute/run/thread_pool.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TASKS 3000

struct job {
    uint32_t threads;
    unsigned plain[MAX_TASKS]; /* not atomic: the pool itself must order these */
    atomic_uint runs;
    atomic_uint bad_threads;
    atomic_uint by_thread[64];
};

static void count_task(void *arg, uint32_t task, uint32_t thread)
{
    struct job *job = arg;
    job->plain[task]++;
    atomic_fetch_add_explicit(&job->runs, 1, memory_order_relaxed);
    if (thread >= job->threads)
        atomic_fetch_add_explicit(&job->bad_threads, 1, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&job->by_thread[thread], 1, memory_order_relaxed);
}

static void run_and_check(struct thread_pool *pool, struct job *job, uint32_t tasks)
{
    memset(job, 0, sizeof(*job));
    job->threads = thread_pool_threads(pool);
    thread_pool_run(pool, tasks, count_task, job);
    CU_ASSERT_EQUAL(atomic_load_explicit(&job->runs, memory_order_relaxed), tasks);
    CU_ASSERT_EQUAL(atomic_load_explicit(&job->bad_threads, memory_order_relaxed), 0);
    bool each_once = true;
    for (uint32_t t = 0; t < MAX_TASKS; t++)
        each_once &= job->plain[t] == (t < tasks);
    CU_ASSERT_TRUE(each_once);
}

static void each_task_runs_once(void)
{
    static const uint32_t threads[] = {1, 2, 3, 4, 8, 33}; /* more than cores, too */
    static const uint32_t tasks[] = {0, 1, 2, 3, 7, 64, 1000, MAX_TASKS};
    struct job *job = calloc(1, sizeof(*job));
    for (int p = 0; p < 6; p++) {
        struct thread_pool *pool;
        CU_ASSERT_EQUAL_FATAL(thread_pool_create(threads[p], &pool), 0);
        CU_ASSERT_EQUAL(thread_pool_threads(pool), threads[p]);
        for (int round = 0; round < 5; round++)
            for (int t = 0; t < 8; t++)
                run_and_check(pool, job, tasks[t]);
        thread_pool_destroy(pool);
    }
    free(job);
}

static void runs_follow_each_other(void)
{
    struct thread_pool *pool;
    struct job *job = calloc(1, sizeof(*job));
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (int i = 0; i < 2000; i++)
        run_and_check(pool, job, 2 + (uint32_t)i % 5);
    thread_pool_destroy(pool);
    free(job);
}

static atomic_bool is_held, is_released;

/* Stands for the kernel, which may take a thread off its core at any moment. */
static void hold_thread(int signal)
{
    atomic_store(&is_held, true);
    while (!atomic_load(&is_released))
        sched_yield();
}

/* The thread of this process that is not the calling one. */
static pid_t other_thread(void)
{
    DIR *folder = opendir("/proc/self/task");
    pid_t found = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && thread != gettid())
            found = thread;
    }
    closedir(folder);
    return found;
}

static void runs_without_a_helper_that_is_held(void)
{
    struct thread_pool *pool;
    struct job *job = calloc(1, sizeof(*job));
    struct sigaction action = {.sa_handler = hold_thread, .sa_flags = SA_RESTART};
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(2, &pool), 0);
    CU_ASSERT_EQUAL_FATAL(sigaction(SIGUSR1, &action, NULL), 0);
    pid_t helper = other_thread();
    CU_ASSERT_EQUAL_FATAL(tgkill(getpid(), helper, SIGUSR1), 0);
    while (!atomic_load(&is_held))
        sched_yield();
    for (int i = 0; i < 10; i++)
        run_and_check(pool, job, 100);
    CU_ASSERT_EQUAL(atomic_load(&job->by_thread[0]), 100);
    atomic_store(&is_released, true);
    for (int i = 0; i < 1000; i++) /* the helper comes back between them */
        run_and_check(pool, job, 100);
    thread_pool_destroy(pool);
    free(job);
}

static void no_pool_runs_in_the_caller(void)
{
    struct job *job = calloc(1, sizeof(*job));
    CU_ASSERT_EQUAL(thread_pool_threads(NULL), 1);
    run_and_check(NULL, job, 100);
    CU_ASSERT_EQUAL(atomic_load(&job->by_thread[0]), 100);
    thread_pool_destroy(NULL);
    free(job);
}

static void remember_thread(void *arg, uint32_t task, uint32_t thread)
{
    (void)task;
    (void)thread;
    *(pthread_t *)arg = pthread_self();
}

static void one_task_runs_in_the_caller(void)
{
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(4, &pool), 0);
    pthread_t runner;
    thread_pool_run(pool, 1, remember_thread, &runner);
    CU_ASSERT_TRUE(pthread_equal(runner, pthread_self()));
    thread_pool_destroy(pool);
}

static void pools_come_and_go(void)
{
    struct job *job = calloc(1, sizeof(*job));
    for (int i = 0; i < 200; i++) {
        struct thread_pool *pool;
        CU_ASSERT_EQUAL_FATAL(thread_pool_create(1 + (uint32_t)i % 5, &pool), 0);
        if (i % 3)
            run_and_check(pool, job, (uint32_t)i);
        thread_pool_destroy(pool);
    }
    free(job);
}

static void *use_own_pool(void *arg)
{
    struct job *job = calloc(1, sizeof(*job));
    struct thread_pool *pool = NULL;
    atomic_bool *is_fine = arg;
    if (thread_pool_create(2, &pool)) {
        atomic_store(is_fine, false);
        free(job);
        return NULL;
    }
    for (int i = 0; i < 200; i++) {
        memset(job, 0, sizeof(*job));
        job->threads = 2;
        thread_pool_run(pool, 50, count_task, job);
        for (int t = 0; t < 50; t++)
            if (job->plain[t] != 1)
                atomic_store(is_fine, false);
    }
    thread_pool_destroy(pool);
    free(job);
    return NULL;
}

static void pools_do_not_meet(void)
{
    atomic_bool is_fine = true;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, use_own_pool, &is_fine);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_TRUE(atomic_load(&is_fine));
}

/* A run in whose pauses another is done, on the same pool. */
struct interrupted {
    struct thread_pool *pool;
    struct job job, other;
    uint32_t wanted; /* one in so many looks */
    uint32_t looks, pauses;
    bool looks_inside; /* tasks look too */
};

static bool is_pause_wanted(void *arg)
{
    struct interrupted *interrupted = arg;
    return ++interrupted->looks % interrupted->wanted == 0;
}

static void do_another(void *arg)
{
    struct interrupted *interrupted = arg;
    interrupted->pauses++;
    /* Nobody works at the first run meanwhile: its sum stands still. */
    const unsigned before = atomic_load(&interrupted->job.runs);
    run_and_check(interrupted->pool, &interrupted->other, 1 + interrupted->pauses % 40);
    CU_ASSERT_EQUAL(atomic_load(&interrupted->job.runs), before);
}

static void look_and_count(void *arg, uint32_t task, uint32_t thread)
{
    struct interrupted *interrupted = arg;
    if (interrupted->looks_inside && thread == 0)
        thread_pool_look(interrupted->pool);
    count_task(&interrupted->job, task, thread);
    if (interrupted->looks_inside && thread == 0)
        thread_pool_look(interrupted->pool);
}

static void other_runs_go_on_in_pauses(void)
{
    static const uint32_t threads[] = {1, 2, 3, 8}, tasks[] = {1, 2, 7, 300, MAX_TASKS};
    struct interrupted *it = calloc(1, sizeof(*it));
    uint32_t pauses = 0;
    for (uint32_t round = 0; round < 160; round++) {
        const uint32_t count = tasks[round / 8 % 5];
        CU_ASSERT_EQUAL_FATAL(thread_pool_create(threads[round % 4], &it->pool), 0);
        const struct thread_pool_pause pause = {is_pause_wanted, do_another, it};
        CU_ASSERT_PTR_NULL(thread_pool_set_pause(it->pool, &pause).work);
        memset(&it->job, 0, sizeof(it->job));
        it->job.threads = threads[round % 4];
        it->wanted = 1 + round % 7;
        it->looks_inside = round / 4 % 2;
        thread_pool_run(it->pool, count, look_and_count, it);
        CU_ASSERT_EQUAL(atomic_load(&it->job.runs), count);
        for (uint32_t t = 0; t < count; t++)
            CU_ASSERT_EQUAL_FATAL(it->job.plain[t], 1);
        CU_ASSERT_TRUE(thread_pool_set_pause(it->pool, NULL).work == do_another);
        thread_pool_look(it->pool); /* nobody is asked now */
        pauses += it->pauses;
        it->pauses = 0;
        thread_pool_destroy(it->pool);
    }
    CU_ASSERT_TRUE(pauses > 1000);
    printf(" (%u pauses) ", pauses);
    free(it);
}

static void refuses_no_threads(void)
{
    struct thread_pool *pool = NULL;
    CU_ASSERT_EQUAL(thread_pool_create(0, &pool), -EINVAL);
    CU_ASSERT_PTR_NULL(pool);
}

const struct cunit_test tests[] = {
    {"each task runs exactly once, with any number of threads and tasks", each_task_runs_once},
    {"runs can follow each other at once", runs_follow_each_other},
    {"without a pool all runs in the caller", no_pool_runs_in_the_caller},
    {"a single task runs in the caller", one_task_runs_in_the_caller},
    {"pools come and go, used or not", pools_come_and_go},
    {"pools of different threads do not meet", pools_do_not_meet},
    {"no threads are refused", refuses_no_threads},
    {"in a pause the run stands still, and others of the pool go on", other_runs_go_on_in_pauses},
    {"a run ends without a helper that the kernel holds up", runs_without_a_helper_that_is_held},
    {NULL, NULL},
};
