/* Blocks of halving sizes in one stretch, at most 4096 of the smallest: a buddy system (Knowlton
 * 1965), O(depth). Pure bookkeeping: numbers, no memory.
 *
 *   order 0   │ whole                           │ whole                           │ ...
 *   order 1   │ half           │ half           │
 *   order 2   │ 0      │ 1     │ 2      │ 3     │ 4   ...      = depth: the smallest, by number
 *
 * A block is named by its order and the number of the first of its smallest blocks. The lowest of
 * the smallest that suffice goes first, so that high ones stay whole. */
#ifndef SHM_BUDDY_H
#define SHM_BUDDY_H

#include "shm/bit_tree.h"

#define BUDDY_MAX_DEPTH 12u
#define BUDDY_NONE UINT32_MAX

struct buddy {
    uint32_t depth;
    uint32_t free_count[BUDDY_MAX_DEPTH + 1];
    struct bit_tree free[BUDDY_MAX_DEPTH + 1]; /* by number of the block within its order */
};

/* All is free. whole_count << depth is no more than BIT_TREE_MAX. */
void buddy_init(struct buddy *buddy, uint32_t whole_count, uint32_t depth);

/* A block, out of a larger one if need be; BUDDY_NONE. order is no more than depth, in all. */
uint32_t buddy_take(struct buddy *buddy, uint32_t order);
void buddy_give(struct buddy *buddy, uint32_t order, uint32_t first);

/* How many blocks of that order could be taken if no others are. */
uint32_t buddy_room(const struct buddy *buddy, uint32_t order);

#endif
