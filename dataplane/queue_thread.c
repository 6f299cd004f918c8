/* Polls, sleeps in the port until a datagram, a ring or the time, and reports once in a while. */
#include "dataplane/queue_thread.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How often it shows life when there is nothing to do, and looks at what main wants. */
#define CHECK_NS UINT64_C(20000000)
#define REPORT_NS UINT64_C(1000000000)

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int make_idle(struct queue_thread *thread)
{
    struct queue *queue = &thread->queue;
    struct idle_config config = idle_config_default();
    if (queue->config.setup->is_busy || !queue->channel.config.can_peer_sleep)
        config.mode = IDLE_BUSY;
    int error = idle_init(&thread->idle, &config);
    if (error)
        return error;
    thread->is_idling = true;
    error = idle_add(&thread->idle, &queue->channel.wake);
    return error ? error : idle_watch(&thread->idle, thread->bell);
}

int queue_thread_init(struct queue_thread *thread, const struct queue_config *config, int end_bell)
{
    *thread = (struct queue_thread){.bell = -1, .end_bell = end_bell};
    int error = queue_init(&thread->queue, config);
    if (error)
        return error;
    thread->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = thread->bell < 0 ? -errno : make_idle(thread);
    if (error)
        queue_thread_fini(thread);
    return error;
}

void queue_thread_fini(struct queue_thread *thread)
{
    if (!thread || !thread->queue.config.setup)
        return;
    if (thread->is_idling)
        idle_fini(&thread->idle);
    if (thread->bell >= 0)
        close(thread->bell);
    queue_fini(&thread->queue);
    *thread = (struct queue_thread){.bell = -1};
}

/* The last trouble, but not more than once a second. */
static void report(struct queue_thread *thread, uint64_t now_ns)
{
    struct queue *queue = &thread->queue;
    if (!queue->trouble[0] || now_ns - thread->reported_ns < REPORT_NS)
        return;
    thread->reported_ns = now_ns;
    fprintf(stderr, "joint-dataplane: queue %u: %s, trouble number %llu\n", queue->config.number,
            queue->trouble, (unsigned long long)queue->counts.unsound);
    queue->trouble[0] = '\0';
}

/* Until something comes, but for the time; noting who is gone. */
static void sleep_in_port(struct queue_thread *thread, uint64_t now_ns)
{
    struct queue *queue = &thread->queue;
    const uint64_t due_ns = queue_timeout_ns(queue);
    uint64_t timeout_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    if (timeout_ns > CHECK_NS)
        timeout_ns = CHECK_NS;
    queue->counts.sleeps++;
    const int error =
        port_wait(queue->port, queue->config.number, idle_fd(&thread->idle), timeout_ns);
    idle_sleep(&thread->idle, 0);
    if (error)
        queue->failure = error;
}

static void sleep_unless_work(struct queue_thread *thread)
{
    const uint64_t now_ns = clock_ns();
    idle_arm(&thread->idle);
    if (queue_poll(&thread->queue, now_ns) == 0 && !thread->queue.failure)
        sleep_in_port(thread, now_ns);
    idle_disarm(&thread->idle);
}

/* False: it has to end. */
static bool look_outside(struct queue_thread *thread, uint64_t now_ns)
{
    struct queue *queue = &thread->queue;
    uint64_t rings;
    const ssize_t count = read(thread->bell, &rings, sizeof(rings));
    (void)count; /* nobody may have rung */
    report(thread, now_ns);
    const bool must_drain = atomic_load_explicit(&thread->must_drain, memory_order_relaxed);
    if (must_drain && !queue->is_draining)
        queue_drain(queue);
    return !queue->failure && !queue->channel.wake.is_peer_gone &&
           !atomic_load_explicit(&thread->must_end, memory_order_relaxed) &&
           !(must_drain && queue->is_drained);
}

static void serve(struct queue_thread *thread)
{
    uint64_t looked_ns = 0;
    for (;;) {
        const uint64_t now_ns = clock_ns();
        const int work = queue_poll(&thread->queue, now_ns);
        bool is_time = now_ns - looked_ns >= CHECK_NS || thread->queue.failure;
        if (idle_wants_sleep(&thread->idle, work, now_ns)) {
            sleep_unless_work(thread);
            is_time = true;
        }
        if (!is_time)
            continue;
        looked_ns = now_ns;
        if (!look_outside(thread, now_ns))
            return;
    }
}

static void *run(void *argument)
{
    struct queue_thread *thread = argument;
    const uint64_t one = 1;
    transport_enter(thread->transport);
    serve(thread);
    transport_leave(thread->transport);
    atomic_store_explicit(&thread->has_ended, true, memory_order_relaxed);
    const ssize_t count = write(thread->end_bell, &one, sizeof(one));
    (void)count; /* full: it rings already */
    return NULL;
}

static int pin(pthread_attr_t *attributes, uint32_t cpu)
{
    cpu_set_t set;
    if (cpu == DATAPLANE_NO_CPU)
        return 0;
    if (cpu >= CPU_SETSIZE)
        return EINVAL;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return pthread_attr_setaffinity_np(attributes, sizeof(set), &set);
}

int queue_thread_start(struct queue_thread *thread, const struct transport *transport)
{
    struct queue *queue = &thread->queue;
    const uint32_t number = queue->config.number;
    thread->transport = transport;
    const int opened =
        queue_open(queue, transport->port, transport->largest_datagram_bytes, clock_ns());
    if (opened)
        return opened;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int error = pin(&attributes, queue->config.setup->cpu[number]);
    if (!error)
        error = pthread_create(&thread->thread, &attributes, run, thread);
    pthread_attr_destroy(&attributes);
    thread->is_running = error == 0;
    if (!error) {
        char name[16];
        snprintf(name, sizeof(name), "joint-queue-%u", number);
        pthread_setname_np(thread->thread, name);
    }
    return -error;
}

static void tell(struct queue_thread *thread, _Atomic bool *word)
{
    const uint64_t one = 1;
    atomic_store_explicit(word, true, memory_order_relaxed);
    const ssize_t count = write(thread->bell, &one, sizeof(one));
    (void)count; /* full: it rings already */
}

void queue_thread_drain(struct queue_thread *thread)
{
    tell(thread, &thread->must_drain);
}

void queue_thread_end(struct queue_thread *thread)
{
    tell(thread, &thread->must_end);
}

int queue_thread_join(struct queue_thread *thread)
{
    if (thread->is_running)
        pthread_join(thread->thread, NULL);
    thread->is_running = false;
    return thread->queue.failure;
}
