/* A poll takes microseconds, but a worker that is interrupted for it makes its whole batch wait,
 * and the kernel puts who is woken where there is least to do at that moment, not where there will
 * be.
 */
#include "scheduler/api/cores.h"

#include <errno.h>
#include <sched.h>

static_assert(API_CORES <= CPU_SETSIZE, "a set of the kernel's has room for all cores");

int cores_keep_off(const uint64_t taken[API_CORE_WORDS])
{
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof(mine), &mine))
        return -errno;
    const int before = CPU_COUNT(&mine);
    for (uint32_t core = 0; core < API_CORES; core++)
        if (taken[core / 64] >> core % 64 & 1)
            CPU_CLR(core, &mine);
    const int left = CPU_COUNT(&mine);
    if (left == 0 || left == before)
        return 0;
    return sched_setaffinity(0, sizeof(mine), &mine) ? -errno : 0;
}
