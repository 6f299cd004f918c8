/* Edit distance with swaps of neighbours (optimal string alignment), over three rows. */
#include "scheduler/config/nearest.h"

#include <string.h>

enum { MAX_LENGTH = 63 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t nearest_distance(const char *a, const char *b)
{
    uint32_t rows[3][MAX_LENGTH + 1];
    uint32_t *before = rows[0], *last = rows[1], *row = rows[2];
    uint32_t a_length = (uint32_t)strnlen(a, MAX_LENGTH);
    uint32_t b_length = (uint32_t)strnlen(b, MAX_LENGTH);
    for (uint32_t j = 0; j <= b_length; j++)
        last[j] = before[j] = j;
    for (uint32_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (uint32_t j = 1; j <= b_length; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        uint32_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_length];
}

const char *nearest_name(const char *word, const void *names, uint32_t count, size_t stride)
{
    const char *nearest = NULL;
    /* Half of the word wrong is another word. */
    uint32_t limit = (uint32_t)(strnlen(word, MAX_LENGTH) + 1) / 2;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)((const char *)names + i * stride);
        uint32_t distance = nearest_distance(word, name);
        if (distance <= limit && distance > 0) {
            nearest = name;
            limit = distance - 1;
        }
    }
    return nearest;
}
