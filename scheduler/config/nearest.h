/* The name that was probably meant. */
#ifndef SCHEDULER_CONFIG_NEAREST_H
#define SCHEDULER_CONFIG_NEAREST_H

#include <stddef.h>
#include <stdint.h>

/* Letters to add, remove, change, or swap with the next, to make a of b. Names over 63 bytes count
 * as their first 63. */
uint32_t nearest_distance(const char *a, const char *b);

/* Of the names in the array, whose entries lie stride bytes apart and begin with a const char *,
 * the one nearest to the word, or NULL if none is near enough to be meant. */
const char *nearest_name(const char *word, const void *names, uint32_t count, size_t stride);

#endif
