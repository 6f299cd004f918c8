/* A segment tree in an array: node 1 is the root, 2n and 2n + 1 are the halves of n, leaves + step
 * is a step's leaf. */
#include "compute/plan/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_ENTRY UINT32_MAX

int lives_init(struct lives *lives, uint32_t steps)
{
    *lives = (struct lives){.leaves = 1};
    while (lives->leaves < steps)
        lives->leaves *= 2;
    size_t nodes = 2 * (size_t)lives->leaves * sizeof(*lives->covering);
    size_t starts = (size_t)lives->leaves * sizeof(*lives->starting);
    lives->covering = malloc(nodes);
    lives->starting = malloc(starts);
    if (!lives->covering || !lives->starting) {
        lives_fini(lives);
        return -ENOMEM;
    }
    memset(lives->covering, 0xff, nodes); /* NO_ENTRY */
    memset(lives->starting, 0xff, starts);
    return 0;
}

void lives_fini(struct lives *lives)
{
    if (!lives)
        return;
    free(lives->covering);
    free(lives->starting);
    free(lives->entries);
    *lives = (struct lives){0};
}

/* Puts the item in front of a list. */
static int push(struct lives *lives, uint32_t *head, uint32_t item)
{
    if (lives->count == lives->capacity) {
        size_t capacity = lives->capacity ? lives->capacity * 2 : 256;
        struct lives_entry *grown = reallocarray(lives->entries, capacity, sizeof(*grown));
        if (!grown || capacity >= NO_ENTRY) {
            lives->entries = grown ? grown : lives->entries;
            return -ENOMEM;
        }
        lives->entries = grown;
        lives->capacity = capacity;
    }
    lives->entries[lives->count] = (struct lives_entry){.item = item, .next = *head};
    *head = (uint32_t)lives->count++;
    return 0;
}

int lives_add(struct lives *lives, uint32_t item, uint32_t first, uint32_t last)
{
    int rc = push(lives, &lives->starting[first], item);
    size_t low = (size_t)lives->leaves + first, high = (size_t)lives->leaves + last + 1;
    for (; low < high && rc == 0; low /= 2, high /= 2) {
        if (low % 2)
            rc = push(lives, &lives->covering[low++], item);
        if (high % 2 && rc == 0)
            rc = push(lives, &lives->covering[--high], item);
    }
    return rc;
}

static uint32_t take(const struct lives *lives, uint32_t head, uint32_t *items)
{
    uint32_t count = 0;
    for (uint32_t e = head; e != NO_ENTRY; e = lives->entries[e].next)
        items[count++] = lives->entries[e].item;
    return count;
}

uint32_t lives_find(const struct lives *lives, uint32_t first, uint32_t last, uint32_t *items)
{
    uint32_t count = 0;
    for (size_t node = (size_t)lives->leaves + first; node > 0; node /= 2)
        count += take(lives, lives->covering[node], items + count);
    for (uint32_t step = first + 1; step <= last && step < lives->leaves; step++)
        count += take(lives, lives->starting[step], items + count);
    return count;
}
