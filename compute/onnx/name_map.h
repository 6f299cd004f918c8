/* A hash map from names to numbers. Names are borrowed: they must outlive the map. */
#ifndef COMPUTE_ONNX_NAME_MAP_H
#define COMPUTE_ONNX_NAME_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_map {
    struct name_slot {
        const char *name; /* NULL: free */
        uint64_t hash;
        uint32_t number;
    } * slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t seed; /* so that no file can be made whose names all collide */
};

void name_map_init(struct name_map *map);
void name_map_fini(struct name_map *map); /* accepts NULL and a zeroed map */

/* The name's number in *number, or false. */
bool name_map_find(const struct name_map *map, const char *name, uint32_t *number);

/* Adds a name that is not there yet. 0 or -ENOMEM. */
int name_map_add(struct name_map *map, const char *name, uint32_t number);

#endif
