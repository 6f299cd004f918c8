/* Many heaps over one array of nodes: leftist trees (C. A. Crane, 1972).
 *
 * A node's right subtree is never the one of greater rank, so a right-most way is at most log2 n
 * long; merging walks only such ways. A binary heap in an array would be as fast, but each bucket
 * would need an array as large as all requests together. */
#include "scheduler/dispatch/order_heap.h"

#include <assert.h>
#include <stdbool.h>

#define NONE ORDER_HEAP_NONE

static bool is_before(const struct order_heap_node *a, const struct order_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->tie < b->tie;
}

static uint32_t rank_of(const struct order_heap_node *nodes, uint32_t item)
{
    return item == NONE ? 0 : nodes[item].rank;
}

/* Puts the children in order of rank. True if the node's own rank has changed. */
static bool settle(struct order_heap_node *nodes, struct order_heap_node *node)
{
    if (rank_of(nodes, node->left) < rank_of(nodes, node->right)) {
        const uint32_t left = node->left;
        node->left = node->right;
        node->right = left;
    }
    const uint32_t rank = rank_of(nodes, node->right) + 1;
    const bool has_changed = rank != node->rank;
    node->rank = rank;
    return has_changed;
}

/* As deep as the two right-most ways are long: at most 64. */
static uint32_t merge(struct order_heap_node *nodes, uint32_t a, uint32_t b)
{
    if (a == NONE || b == NONE)
        return a == NONE ? b : a;
    if (is_before(&nodes[b], &nodes[a])) {
        const uint32_t later = a;
        a = b;
        b = later;
    }
    const uint32_t right = merge(nodes, nodes[a].right, b);
    nodes[a].right = right;
    nodes[right].parent = a;
    settle(nodes, &nodes[a]);
    return a;
}

void order_heap_push(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item,
                     uint64_t key, uint64_t tie)
{
    nodes[item] = (struct order_heap_node){
        .key = key, .tie = tie, .parent = NONE, .left = NONE, .right = NONE, .rank = 1};
    heap->root = merge(nodes, heap->root, item);
    nodes[heap->root].parent = NONE;
}

/* Ranks grow by at least one on the way up from a changed node, so that way is log2 n long too. */
void order_heap_remove(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item)
{
    const uint32_t parent = nodes[item].parent;
    const uint32_t merged = merge(nodes, nodes[item].left, nodes[item].right);
    if (merged != NONE)
        nodes[merged].parent = parent;
    if (parent == NONE) {
        assert(heap->root == item);
        heap->root = merged;
        return;
    }
    if (nodes[parent].left == item)
        nodes[parent].left = merged;
    else
        nodes[parent].right = merged;
    for (uint32_t at = parent; at != NONE && settle(nodes, &nodes[at]);)
        at = nodes[at].parent;
}

void order_heap_walk_init(struct order_heap_walk *walk, const struct order_heap *heap,
                          const struct order_heap_node *nodes)
{
    walk->nodes = nodes;
    walk->count = heap->root != NONE;
    walk->open[0] = heap->root;
}

uint32_t order_heap_walk_next(struct order_heap_walk *walk)
{
    if (!walk->count)
        return NONE;
    uint32_t best = 0;
    for (uint32_t i = 1; i < walk->count; i++)
        if (is_before(&walk->nodes[walk->open[i]], &walk->nodes[walk->open[best]]))
            best = i;
    const uint32_t item = walk->open[best];
    walk->open[best] = walk->open[--walk->count];
    assert(walk->count + 2 <= ORDER_HEAP_MAX_WALK + 1);
    if (walk->nodes[item].left != NONE)
        walk->open[walk->count++] = walk->nodes[item].left;
    if (walk->nodes[item].right != NONE)
        walk->open[walk->count++] = walk->nodes[item].right;
    return item;
}
