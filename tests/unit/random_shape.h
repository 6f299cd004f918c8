/* Seeded choices for tests that draw shapes, and walks over index tuples for brute force. */
#ifndef TESTS_UNIT_RANDOM_SHAPE_H
#define TESTS_UNIT_RANDOM_SHAPE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A number in [low, high]. */
static inline int64_t random_between(uint64_t *seed, int64_t low, int64_t high)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((*seed >> 33) % (uint64_t)(high - low + 1));
}

/* The next tuple of [0, dims) in C order; false after the last. */
static inline bool next_index(int64_t *index, const int64_t *dims, uint32_t rank)
{
    for (uint32_t i = rank; i-- > 0;) {
        if (++index[i] < dims[i])
            return true;
        index[i] = 0;
    }
    return false;
}

/* Appends " name=[a,b]" to text. */
static inline void append_list(char *text, size_t size, const char *name, const int64_t *list,
                               uint32_t count)
{
    size_t used = 0;
    while (text[used])
        used++;
    used += (size_t)snprintf(text + used, size - used, " %s=[", name);
    for (uint32_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%lld", i ? "," : "", (long long)list[i]);
    snprintf(text + used, size - used, "]");
}

/* "f32[2,3]: random SEED" */
static inline void random_tensor_text(char *text, size_t size, const char *type,
                                      const int64_t *dims, uint32_t rank, unsigned seed)
{
    size_t used = (size_t)snprintf(text, size, "%s[", type);
    for (uint32_t i = 0; i < rank; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%lld", i ? "," : "", (long long)dims[i]);
    snprintf(text + used, size - used, "]: random %u", seed);
}

#endif
