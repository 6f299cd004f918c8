/* Many heaps over one array of nodes: the least key first, any item removable.
 *
 * The nodes are the caller's, one for each item there can be; a heap is its root alone. So buckets
 * that come and go need no room of their own. An item is in at most one heap over its nodes. */
#ifndef SCHEDULER_DISPATCH_ORDER_HEAP_H
#define SCHEDULER_DISPATCH_ORDER_HEAP_H

#include <stdint.h>

#define ORDER_HEAP_NONE UINT32_MAX

struct order_heap_node {
    uint64_t key;
    uint64_t tie; /* decides between equal keys */
    uint32_t parent, left, right;
    uint32_t rank; /* nodes on the right-most way down, this one included */
};

struct order_heap {
    uint32_t root; /* ORDER_HEAP_NONE: empty */
};

static inline struct order_heap order_heap_empty(void)
{
    return (struct order_heap){ORDER_HEAP_NONE};
}

/* The item with the least (key, tie); ORDER_HEAP_NONE. */
static inline uint32_t order_heap_first(const struct order_heap *heap)
{
    return heap->root;
}

/* Each O(log n). What is pushed is in no heap over these nodes; what is removed is in this one. */
void order_heap_push(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item,
                     uint64_t key, uint64_t tie);
void order_heap_remove(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item);

/* The items in order, without removing them; the heap stays as it is meanwhile. */
#define ORDER_HEAP_MAX_WALK 65u

struct order_heap_walk {
    const struct order_heap_node *nodes;
    uint32_t count;
    uint32_t open[ORDER_HEAP_MAX_WALK + 1]; /* seen, and not yet passed */
};

void order_heap_walk_init(struct order_heap_walk *walk, const struct order_heap *heap,
                          const struct order_heap_node *nodes);
/* ORDER_HEAP_NONE at the end. At most ORDER_HEAP_MAX_WALK times. O(how often it was called). */
uint32_t order_heap_walk_next(struct order_heap_walk *walk);

#endif
