/* Many heaps over one array of nodes: the least key first, any item removable.
 *
 * The nodes are the caller's, one for each item there can be; a heap is the ends of its order and
 * the root. So buckets that come and go need no room of their own. An item is in at most one heap
 * over its nodes. */
#ifndef SCHEDULER_DISPATCH_ORDER_HEAP_H
#define SCHEDULER_DISPATCH_ORDER_HEAP_H

#include <stdint.h>

#define ORDER_HEAP_NONE UINT32_MAX

struct order_heap_node {
    uint64_t key;
    uint64_t tie; /* decides between equal keys */
    uint32_t parent, left,
        right; /* a search tree: what is left comes before, what is right after */
    uint32_t height; /* drawn from the item; no node is higher than its parent */
};

struct order_heap {
    uint32_t root, first, last; /* ORDER_HEAP_NONE: empty */
};

static inline struct order_heap order_heap_empty(void)
{
    return (struct order_heap){ORDER_HEAP_NONE, ORDER_HEAP_NONE, ORDER_HEAP_NONE};
}

/* The item with the least (key, tie); ORDER_HEAP_NONE. */
static inline uint32_t order_heap_first(const struct order_heap *heap)
{
    return heap->first;
}

/* What is pushed is in no heap over these nodes; what is removed is in this one. A push is
 * O(log n), one to either end of the order and a removal take the same time however many there are;
 * all of that as random trees go. */
void order_heap_push(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item,
                     uint64_t key, uint64_t tie);
/* The node that lost something below it, together with all above it. ORDER_HEAP_NONE: none did. */
uint32_t order_heap_remove(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item);

/* The items in order, without removing them; the heap stays as it is meanwhile. */
struct order_heap_walk {
    const struct order_heap_node *nodes;
    uint32_t next;
};

void order_heap_walk_init(struct order_heap_walk *walk, const struct order_heap *heap,
                          const struct order_heap_node *nodes);
/* ORDER_HEAP_NONE at the end. */
uint32_t order_heap_walk_next(struct order_heap_walk *walk);

#endif
