/* Numbers below a bound that wait in turn, each at most once: what is owed to jointd while its ring
 * is full. */
#ifndef DATAPLANE_WAITING_LIST_H
#define DATAPLANE_WAITING_LIST_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define WAITING_LIST_END UINT32_MAX

struct waiting_list {
    uint32_t *next; /* owned, by number: who follows; itself: it does not wait */
    uint32_t first, last;
};

static inline void waiting_list_fini(struct waiting_list *list) /* accepts a zeroed one */
{
    free(list->next);
    *list = (struct waiting_list){0};
}

static inline int waiting_list_init(struct waiting_list *list, uint32_t count) /* 0 or -ENOMEM */
{
    *list = (struct waiting_list){.first = WAITING_LIST_END, .last = WAITING_LIST_END};
    list->next = malloc(count * sizeof(*list->next));
    if (!list->next)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        list->next[i] = i;
    return 0;
}

/* At the end, unless it waits already. */
static inline void waiting_list_add(struct waiting_list *list, uint32_t number)
{
    if (list->next[number] != number)
        return;
    list->next[number] = WAITING_LIST_END;
    if (list->first == WAITING_LIST_END)
        list->first = number;
    else
        list->next[list->last] = number;
    list->last = number;
}

/* Takes the first; WAITING_LIST_END: nobody waits. */
static inline uint32_t waiting_list_take(struct waiting_list *list)
{
    const uint32_t number = list->first;
    if (number == WAITING_LIST_END)
        return number;
    list->first = list->next[number];
    list->next[number] = number;
    return number;
}

static inline bool waiting_list_is_empty(const struct waiting_list *list)
{
    return list->first == WAITING_LIST_END;
}

#endif
