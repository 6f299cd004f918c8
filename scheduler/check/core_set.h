/* A set of cores. */
#ifndef SCHEDULER_CHECK_CORE_SET_H
#define SCHEDULER_CHECK_CORE_SET_H

#include "scheduler/check/check.h"

#define CORE_SET_CORES 65536 /* as many as a configuration can name */
#define CORE_SET_TEXT_BYTES 256 /* longer texts end with "..." */

struct core_set {
    uint64_t bits[CORE_SET_CORES / 64];
};

void core_set_clear(struct core_set *set);
void core_set_add(struct core_set *set, uint32_t core);
bool core_set_has(const struct core_set *set, uint32_t core);
uint32_t core_set_count(const struct core_set *set);
void core_set_remove(struct core_set *set, const struct core_set *others);
void core_set_keep(struct core_set *set, const struct core_set *others);
void core_set_fill(struct core_set *set, const struct config_cores *cores);

/* From a kernel's list such as /sys/devices/system/cpu/online. 0 or -errno. */
int core_set_read(struct core_set *set, const struct host *host, const char *path);

/* All that the configuration names. */
void core_set_configured(struct core_set *set, const struct jointd_config *config);

/* "2-5,8"; returns text. */
const char *core_set_text(const struct core_set *set, char *text, size_t bytes);

#endif
