/* Many heaps over one array of nodes: treaps (Seidel, Aragon 1996).
 *
 * A search tree by key, and a heap by a height that is drawn from the item: as deep as a random
 * tree whatever comes. Whoever leaves is turned down until one side of it is empty, which takes two
 * turns on average wherever it is; who comes is put below and turned up, likewise. Only the way to
 * its place is as long as the tree is deep, and who comes last in order, or first, needs none. */
#include "scheduler/dispatch/order_heap.h"

#include <assert.h>
#include <stdbool.h>

#define NONE ORDER_HEAP_NONE

static uint32_t height_of(uint32_t item)
{
    uint64_t z = item + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32);
}

static bool is_before(const struct order_heap_node *a, const struct order_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->tie < b->tie;
}

/* Puts another, or none, where a child was. */
static void replace(struct order_heap *heap, struct order_heap_node *nodes, uint32_t parent,
                    uint32_t child, uint32_t by)
{
    if (by != NONE)
        nodes[by].parent = parent;
    if (parent == NONE)
        heap->root = by;
    else if (nodes[parent].left == child)
        nodes[parent].left = by;
    else
        nodes[parent].right = by;
}

/*     a            b
 *    / \          / \
 *   b   z  <──>  x   a      up: b becomes the parent of its parent
 *  / \              / \
 * x   y            y   z                                              */
static void turn_up(struct order_heap *heap, struct order_heap_node *nodes, uint32_t b)
{
    const uint32_t a = nodes[b].parent;
    const bool is_left = nodes[a].left == b;
    const uint32_t y = is_left ? nodes[b].right : nodes[b].left;
    replace(heap, nodes, nodes[a].parent, a, b);
    nodes[a].parent = b;
    if (y != NONE)
        nodes[y].parent = a;
    if (is_left) {
        nodes[a].left = y;
        nodes[b].right = a;
    } else {
        nodes[a].right = y;
        nodes[b].left = a;
    }
}

/* Below whom, and on which side, a node of that order is missing. Of a heap that is not empty. */
static uint32_t find_place(const struct order_heap *heap, const struct order_heap_node *nodes,
                           const struct order_heap_node *node, bool *is_left)
{
    *is_left = is_before(node, &nodes[heap->first]);
    if (*is_left)
        return heap->first;
    if (!is_before(node, &nodes[heap->last]))
        return heap->last;
    uint32_t at = heap->root, next = at;
    while (next != NONE) {
        at = next;
        *is_left = is_before(node, &nodes[at]);
        next = *is_left ? nodes[at].left : nodes[at].right;
    }
    return at;
}

void order_heap_push(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item,
                     uint64_t key, uint64_t tie)
{
    struct order_heap_node *node = &nodes[item];
    *node = (struct order_heap_node){.key = key,
                                     .tie = tie,
                                     .parent = NONE,
                                     .left = NONE,
                                     .right = NONE,
                                     .height = height_of(item)};
    if (heap->root == NONE) {
        *heap = (struct order_heap){item, item, item};
        return;
    }
    bool is_left;
    node->parent = find_place(heap, nodes, node, &is_left);
    if (is_left) {
        nodes[node->parent].left = item;
        heap->first = node->parent == heap->first ? item : heap->first;
    } else {
        nodes[node->parent].right = item;
        heap->last = node->parent == heap->last ? item : heap->last;
    }
    while (node->parent != NONE && nodes[node->parent].height < node->height)
        turn_up(heap, nodes, item);
}

static uint32_t next_of(const struct order_heap_node *nodes, uint32_t item)
{
    uint32_t at = nodes[item].right;
    if (at != NONE) {
        while (nodes[at].left != NONE)
            at = nodes[at].left;
        return at;
    }
    uint32_t child = item;
    for (at = nodes[item].parent; at != NONE && nodes[at].right == child; at = nodes[at].parent)
        child = at;
    return at;
}

static uint32_t last_of(const struct order_heap_node *nodes, uint32_t at)
{
    while (nodes[at].right != NONE)
        at = nodes[at].right;
    return at;
}

uint32_t order_heap_remove(struct order_heap *heap, struct order_heap_node *nodes, uint32_t item)
{
    const struct order_heap_node *node = &nodes[item];
    assert(node->parent != NONE || heap->root == item);
    if (heap->first == item)
        heap->first = next_of(nodes, item);
    if (heap->last == item)
        heap->last = node->left != NONE ? last_of(nodes, node->left) : node->parent;
    while (node->left != NONE && node->right != NONE)
        turn_up(heap, nodes,
                nodes[node->left].height > nodes[node->right].height ? node->left : node->right);
    replace(heap, nodes, node->parent, item, node->left != NONE ? node->left : node->right);
    return node->parent;
}

void order_heap_walk_init(struct order_heap_walk *walk, const struct order_heap *heap,
                          const struct order_heap_node *nodes)
{
    walk->nodes = nodes;
    walk->next = heap->first;
}

uint32_t order_heap_walk_next(struct order_heap_walk *walk)
{
    const uint32_t item = walk->next;
    if (item != NONE)
        walk->next = next_of(walk->nodes, item);
    return item;
}
