/* A bucket is one number, the time at which it would be full again (GCRA): so much of it is missing
 * as that lies ahead. Sets of a few entries keep the search short. */
#include "scheduler/api/poll_limit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SETS 512u
#define WAYS 8u

struct poll_entry {
    uint64_t key[2]; /* the address, or its network; zeroed: nobody */
    uint64_t full_ns;
};

int poll_limit_init(struct poll_limit *limit, uint64_t seed)
{
    *limit = (struct poll_limit){.entries = calloc((size_t)SETS * WAYS, sizeof(struct poll_entry)),
                                 .seed = seed};
    return limit->entries ? 0 : -ENOMEM;
}

void poll_limit_fini(struct poll_limit *limit)
{
    if (!limit)
        return;
    free(limit->entries);
    *limit = (struct poll_limit){0};
}

static void make_key(uint64_t key[2], const uint8_t address[16])
{
    static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(key, address, 16);
    if (memcmp(address, v4, sizeof(v4)) != 0)
        key[1] = 1; /* its network; not zeroed */
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 32);
}

/* Its own, or the one to be forgotten for it. */
static struct poll_entry *find(struct poll_limit *limit, const uint64_t key[2])
{
    const uint64_t hash = mix(mix(key[0] ^ limit->seed) ^ key[1]);
    struct poll_entry *set = &limit->entries[hash % SETS * WAYS], *oldest = set;
    for (uint32_t i = 0; i < WAYS; i++) {
        if (set[i].key[0] == key[0] && set[i].key[1] == key[1])
            return &set[i];
        if (set[i].full_ns < oldest->full_ns)
            oldest = &set[i];
    }
    *oldest = (struct poll_entry){.key = {key[0], key[1]}};
    return oldest;
}

uint64_t poll_limit_take(struct poll_limit *limit, const uint8_t address[16], uint64_t interval_ns,
                         uint64_t now_ns)
{
    uint64_t key[2];
    if (interval_ns == 0)
        return 0;
    make_key(key, address);
    struct poll_entry *entry = find(limit, key);
    const uint64_t full_ns = entry->full_ns > now_ns ? entry->full_ns : now_ns;
    const uint64_t most_ns = (POLL_LIMIT_BURST - 1) * interval_ns;
    if (full_ns - now_ns > most_ns) {
        /* The interval may have been longer when it was noted. */
        if (full_ns - now_ns > most_ns + interval_ns)
            entry->full_ns = now_ns + most_ns + interval_ns;
        return entry->full_ns - now_ns - most_ns;
    }
    entry->full_ns = full_ns + interval_ns;
    return 0;
}
