/* The buddy system: a block is split for one half, and joined with the other when both are free. */
#include "shm/buddy.h"

#include <string.h>

static void add(struct buddy *buddy, uint32_t order, uint32_t number)
{
    bit_tree_add(&buddy->free[order], number);
    buddy->free_count[order]++;
}

static void remove_block(struct buddy *buddy, uint32_t order, uint32_t number)
{
    bit_tree_remove(&buddy->free[order], number);
    buddy->free_count[order]--;
}

void buddy_init(struct buddy *buddy, uint32_t whole_count, uint32_t depth)
{
    assert(depth <= BUDDY_MAX_DEPTH && (uint64_t)whole_count << depth <= BIT_TREE_MAX);
    memset(buddy, 0, sizeof(*buddy));
    buddy->depth = depth;
    for (uint32_t i = 0; i < whole_count; i++)
        add(buddy, 0, i);
}

uint32_t buddy_take(struct buddy *buddy, uint32_t order)
{
    uint32_t from = order;
    while (!buddy->free_count[from]) {
        if (from == 0)
            return BUDDY_NONE;
        from--;
    }
    uint32_t number = bit_tree_lowest(&buddy->free[from]);
    remove_block(buddy, from, number);
    for (; from < order; from++) {
        number *= 2;
        add(buddy, from + 1, number + 1);
    }
    return number << (buddy->depth - order);
}

void buddy_give(struct buddy *buddy, uint32_t order, uint32_t first)
{
    uint32_t number = first >> (buddy->depth - order);
    for (; order > 0 && bit_tree_has(&buddy->free[order], number ^ 1); order--) {
        remove_block(buddy, order, number ^ 1);
        number /= 2;
    }
    add(buddy, order, number);
}

uint32_t buddy_room(const struct buddy *buddy, uint32_t order)
{
    uint32_t count = 0;
    for (uint32_t o = 0; o <= order; o++)
        count += buddy->free_count[o] << (order - o);
    return count;
}
