/* Open addressing with linear probing; at most half of the slots are taken. */
#include "compute/onnx/name_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void name_map_init(struct name_map *map)
{
    *map = (struct name_map){0};
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
        map->seed = seed; /* otherwise 0, which is as right and only less safe */
}

void name_map_fini(struct name_map *map)
{
    if (!map)
        return;
    free(map->slots);
    *map = (struct name_map){0};
}

/* FNV-1a from a seed, with a final mix (of splitmix64) because low bits choose the slot. */
static uint64_t hash_of(const struct name_map *map, const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u ^ map->seed;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

bool name_map_find(const struct name_map *map, const char *name, uint32_t *number)
{
    if (map->capacity == 0)
        return false;
    uint64_t hash = hash_of(map, name);
    for (size_t i = hash & (map->capacity - 1); map->slots[i].name;
         i = (i + 1) & (map->capacity - 1))
        if (map->slots[i].hash == hash && strcmp(map->slots[i].name, name) == 0) {
            *number = map->slots[i].number;
            return true;
        }
    return false;
}

static void place(struct name_map *map, struct name_slot slot)
{
    size_t i = slot.hash & (map->capacity - 1);
    while (map->slots[i].name)
        i = (i + 1) & (map->capacity - 1);
    map->slots[i] = slot;
}

int name_map_add(struct name_map *map, const char *name, uint32_t number)
{
    if (map->count * 2 >= map->capacity) {
        struct name_map larger = *map;
        larger.capacity = map->capacity ? map->capacity * 2 : 64;
        larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
        if (!larger.slots)
            return -ENOMEM;
        for (size_t i = 0; i < map->capacity; i++)
            if (map->slots[i].name)
                place(&larger, map->slots[i]);
        free(map->slots);
        *map = larger;
    }
    place(map, (struct name_slot){name, hash_of(map, name), number});
    map->count++;
    return 0;
}
