/* The parts of a search that are still to be looked at: a binary heap. */
#include "scheduler/plan/agenda.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = 4 << 20,
    MAX_ITEMS = 8192,
};

int split_agenda_init(struct split_agenda *agenda, uint32_t node_count)
{
    const size_t fit = MAX_BYTES / (node_count + sizeof(struct split_agenda_item));
    *agenda = (struct split_agenda){.node_count = node_count,
                                    .room = fit < MAX_ITEMS ? (uint32_t)fit + 2 : MAX_ITEMS};
    agenda->items = calloc(agenda->room, sizeof(*agenda->items));
    agenda->sides = calloc(agenda->room, node_count);
    agenda->free_slots = calloc(agenda->room, sizeof(*agenda->free_slots));
    if (agenda->items && agenda->sides && agenda->free_slots)
        return 0;
    split_agenda_fini(agenda);
    return -ENOMEM;
}

void split_agenda_fini(struct split_agenda *agenda)
{
    if (!agenda)
        return;
    free(agenda->items);
    free(agenda->sides);
    free(agenda->free_slots);
    *agenda = (struct split_agenda){0};
}

/* Slots that were never used are handed out in order, so that a short search touches few pages. */
void split_agenda_clear(struct split_agenda *agenda)
{
    agenda->count = agenda->pushed = 0;
    for (uint32_t i = 0; i < agenda->room; i++)
        agenda->free_slots[i] = agenda->room - 1 - i;
}

static bool is_before(const struct split_agenda_item *a, const struct split_agenda_item *b)
{
    if (a->bound < b->bound || a->bound > b->bound)
        return a->bound < b->bound;
    return a->number > b->number;
}

void split_agenda_push(struct split_agenda *agenda, double bound, const double *multipliers,
                       const uint8_t *sides)
{
    assert(agenda->count < agenda->room);
    struct split_agenda_item item = {.bound = bound, .number = agenda->pushed++};
    memcpy(item.multipliers, multipliers, sizeof(item.multipliers));
    item.slot = agenda->free_slots[agenda->room - agenda->count - 1];
    memcpy(agenda->sides + (size_t)item.slot * agenda->node_count, sides, agenda->node_count);
    uint32_t at = agenda->count++;
    while (at && is_before(&item, &agenda->items[(at - 1) / 2])) {
        agenda->items[at] = agenda->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    agenda->items[at] = item;
}

void split_agenda_pop(struct split_agenda *agenda, struct split_agenda_item *item, uint8_t *sides)
{
    assert(agenda->count);
    *item = agenda->items[0];
    memcpy(sides, agenda->sides + (size_t)item->slot * agenda->node_count, agenda->node_count);
    const struct split_agenda_item last = agenda->items[--agenda->count];
    agenda->free_slots[agenda->room - agenda->count - 1] = item->slot;
    uint32_t at = 0;
    for (uint32_t child = 1; child < agenda->count; child = 2 * at + 1) {
        if (child + 1 < agenda->count &&
            is_before(&agenda->items[child + 1], &agenda->items[child]))
            child++;
        if (!is_before(&agenda->items[child], &last))
            break;
        agenda->items[at] = agenda->items[child];
        at = child;
    }
    agenda->items[at] = last;
}
