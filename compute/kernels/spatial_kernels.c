/* Picks the table of kernels of an instruction set and shares their items out over threads. */
#include "compute/kernels/spatial_kernels.h"

#define TASK_NS 3000.0 /* shorter tasks cost more to hand out than they save */
#define TASKS_PER_THREAD 4 /* so that uneven threads balance */
#define MOST_NS 100000.0 /* of a task, so that a pause does not wait long */

const struct spatial_kernels *spatial_kernels(enum isa isa)
{
    switch (isa) {
#if defined(HAVE_AVX512)
    case ISA_AVX512:
        return &spatial_kernels_avx512;
#endif
#if defined(HAVE_AVX2)
    case ISA_AVX2:
        return &spatial_kernels_avx2;
#endif
#if defined(HAVE_NEON)
    case ISA_NEON:
        return &spatial_kernels_neon;
#endif
    default:
        return &spatial_kernels_plain;
    }
}

struct share {
    size_t items, tasks;
    spatial_range *range;
    const void *call;
};

static void run_share(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    const struct share *share = argument;
    size_t each = share->items / share->tasks, more = share->items % share->tasks;
    size_t first = task * each + (task < more ? task : more);
    size_t last = first + each + (task < more);
    share->range(share->call, first, last);
}

void spatial_share(struct thread_pool *pool, size_t items, double item_ns, spatial_range *range,
                   const void *call)
{
    size_t threads = thread_pool_threads(pool);
    double worth = (double)items * item_ns / TASK_NS;
    double least = (double)items * item_ns / MOST_NS;
    size_t most = threads * TASKS_PER_THREAD;
    size_t tasks = threads == 1 || worth < 2 ? 1 : worth < (double)most ? (size_t)worth : most;
    if (least > (double)tasks)
        tasks = (size_t)least;
    if (tasks > threads)
        tasks -= tasks % threads;
    if (tasks > items)
        tasks = items;
    if (tasks <= 1) {
        if (items > 0)
            range(call, 0, items);
        return;
    }
    struct share share = {.items = items, .tasks = tasks, .range = range, .call = call};
    thread_pool_run(pool, (uint32_t)tasks, run_share, &share);
}
