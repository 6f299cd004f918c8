/* Runners that claim items one by one, each with a scratch slot of its own. */
#include "compute/ops/slots.h"

#include <stdatomic.h>

struct slots {
    struct thread_pool *pool;
    slots_task *task;
    void *arg;
    size_t count;
    atomic_size_t next; /* rw by all runners */
};

static void slots_runner(void *arg, uint32_t slot, uint32_t thread)
{
    struct slots *slots = arg;
    for (;;) {
        /* Relaxed: items share nothing, and the pool orders them before the caller's return. */
        size_t item = atomic_fetch_add_explicit(&slots->next, 1, memory_order_relaxed);
        if (item >= slots->count)
            return;
        slots->task(slots->arg, item, slot);
        if (thread == 0)
            thread_pool_look(slots->pool);
    }
}

void slots_run(struct thread_pool *pool, size_t count, uint32_t slots, slots_task *task, void *arg)
{
    uint32_t runners = thread_pool_threads(pool);
    if (runners > slots)
        runners = slots;
    if (runners > count)
        runners = (uint32_t)count;
    if (runners == 0)
        return;
    struct slots shared = {.pool = pool, .task = task, .arg = arg, .count = count};
    atomic_init(&shared.next, 0);
    thread_pool_run(pool, runners, slots_runner, &shared);
}
