/* Keeps this process's threads on the cores that were configured. */
#ifndef COMPUTE_WORKER_AFFINITY_H
#define COMPUTE_WORKER_AFFINITY_H

#include <stdint.h>

/* All threads that start from now on stay on these cores; nothing for none. 0 or -errno. */
int affinity_confine(const uint32_t *cpus, uint32_t cpu_count);

/* Gives the calling thread the first core and the process's others the rest in turn. Threads end
 * and start meanwhile as they like; what cannot be placed stays where it may be. */
void affinity_spread(const uint32_t *cpus, uint32_t cpu_count);

#endif
