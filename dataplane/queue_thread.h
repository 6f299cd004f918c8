/* A thread that polls one queue: on its core, asleep when there is nothing to do. */
#ifndef DATAPLANE_QUEUE_THREAD_H
#define DATAPLANE_QUEUE_THREAD_H

#include "dataplane/queue.h"
#include "dataplane/transport.h"
#include "shm/idle.h"

#include <pthread.h>

/* main and the thread talk by these words and the two bells. */
struct queue_thread {
    struct queue queue; /* owned; the thread's, between start and join */
    struct idle idle; /* owned; the thread's */
    const struct transport *transport; /* borrowed */
    pthread_t thread;
    uint64_t reported_ns;
    bool is_idling, is_running; /* what has to be undone */
    int bell; /* owned; eventfd: look at the words */
    int end_bell; /* borrowed; eventfd: a thread has ended */
    _Atomic bool must_drain, must_end; /* main: rw, thread: ro */
    _Atomic bool has_ended; /* thread: rw, main: ro */
};

/* Both accept NULL and zeroed. */
int queue_thread_init(struct queue_thread *thread, const struct queue_config *config, int end_bell);
void queue_thread_fini(struct queue_thread *thread);

/* After the transport is open. 0 or -errno. */
int queue_thread_start(struct queue_thread *thread, const struct transport *transport);
/* Ends by itself after must_drain, when it has drained. */
void queue_thread_drain(struct queue_thread *thread);
/* At once. */
void queue_thread_end(struct queue_thread *thread);
/* It has, or is about to. */
static inline bool queue_thread_has_ended(const struct queue_thread *thread)
{
    return atomic_load_explicit(&thread->has_ended, memory_order_relaxed);
}

/* Waits for its end; the queue's failure, 0: none. */
int queue_thread_join(struct queue_thread *thread);

#endif
