/* Which cores joint-api runs on: not those of workers, where there are others. */
#ifndef SCHEDULER_API_CORES_H
#define SCHEDULER_API_CORES_H

#include "shm/api_setup.h"

/* The calling thread, and those that it starts, keep off these from now on. Where it would be left
 * with none nothing changes. 0 or -errno. */
int cores_keep_off(const uint64_t taken[API_CORE_WORDS]);

#endif
