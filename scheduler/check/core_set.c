/* Sets of cores as bits. */
#include "scheduler/check/core_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void core_set_clear(struct core_set *set)
{
    memset(set, 0, sizeof(*set));
}

void core_set_add(struct core_set *set, uint32_t core)
{
    set->bits[core / 64] |= (uint64_t)1 << (core % 64);
}

bool core_set_has(const struct core_set *set, uint32_t core)
{
    return set->bits[core / 64] >> (core % 64) & 1;
}

uint32_t core_set_count(const struct core_set *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < CORE_SET_CORES / 64; i++)
        count += (uint32_t)__builtin_popcountll(set->bits[i]);
    return count;
}

void core_set_remove(struct core_set *set, const struct core_set *others)
{
    for (uint32_t i = 0; i < CORE_SET_CORES / 64; i++)
        set->bits[i] &= ~others->bits[i];
}

void core_set_keep(struct core_set *set, const struct core_set *others)
{
    for (uint32_t i = 0; i < CORE_SET_CORES / 64; i++)
        set->bits[i] &= others->bits[i];
}

static void add_all(struct core_set *set, const struct config_cores *cores)
{
    for (uint32_t i = 0; i < cores->count; i++)
        core_set_add(set, cores->items[i]);
}

void core_set_fill(struct core_set *set, const struct config_cores *cores)
{
    core_set_clear(set);
    add_all(set, cores);
}

int core_set_read(struct core_set *set, const struct host *host, const char *path)
{
    struct config_cores cores;
    int error = host_cores(host, path, &cores);
    if (error)
        return error;
    core_set_fill(set, &cores);
    free(cores.items);
    return 0;
}

void core_set_configured(struct core_set *set, const struct jointd_config *config)
{
    core_set_fill(set, &config->dataplane.cores);
    add_all(set, &config->workers.cores);
}

const char *core_set_text(const struct core_set *set, char *text, size_t bytes)
{
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t core = 0, next; core < CORE_SET_CORES; core = next) {
        next = core + 1;
        if (!core_set_has(set, core))
            continue;
        while (next < CORE_SET_CORES && core_set_has(set, next))
            next++;
        if (length + 20 > bytes) { /* no room for two numbers and what stands around them */
            snprintf(text + length, bytes - length, ",...");
            break;
        }
        const char *comma = length ? "," : "";
        int count = next > core + 1
                        ? snprintf(text + length, bytes - length, "%s%u-%u", comma, core, next - 1)
                        : snprintf(text + length, bytes - length, "%s%u", comma, core);
        length += (size_t)count;
    }
    return text;
}
