/* Threads are found in /proc/self/task: the engine's helpers start behind its interface. */
#include "compute/worker/affinity.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

int affinity_confine(const uint32_t *cpus, uint32_t cpu_count)
{
    if (cpu_count == 0)
        return 0;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpus[i] >= CPU_SETSIZE)
            return -EINVAL;
        CPU_SET(cpus[i], &set);
    }
    return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static void place(pid_t thread, uint32_t cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(thread, sizeof(set), &set); /* it may have ended */
}

/* The calling thread stays free to run on all of them while contexts are made, since threads
 * inherit; so helpers of each context are dealt out in the order in which they were started. */
void affinity_spread(const uint32_t *cpus, uint32_t cpu_count)
{
    if (cpu_count == 0)
        return;
    place(gettid(), cpus[0]);
    if (cpu_count == 1)
        return;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return;
    uint32_t next = 0;
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        const pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread <= 0 || thread == gettid())
            continue;
        place(thread, cpus[1 + next++ % (cpu_count - 1)]);
    }
    closedir(tasks);
}
