/* Many heaps over one array of nodes, beside a plain search. */
#include "scheduler/dispatch/order_heap.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <stdbool.h>

enum {
    ITEMS = 200,
    HEAPS = 5,
    OUTSIDE = HEAPS,
    STEPS = 200000,
    MANY = 10007, /* a prime, so that any stride visits all */
    MOST_DEPTH = 44, /* 4.3 ln MANY is 40 */
};

struct subject {
    struct order_heap heaps[HEAPS];
    struct order_heap_node nodes[ITEMS];
    uint32_t heap_of[ITEMS];
    uint64_t keys[ITEMS], ties[ITEMS];
};

static uint32_t least_of(const struct subject *subject, uint32_t heap)
{
    uint32_t best = ORDER_HEAP_NONE;
    for (uint32_t i = 0; i < ITEMS; i++)
        if (subject->heap_of[i] == heap &&
            (best == ORDER_HEAP_NONE || subject->keys[i] < subject->keys[best] ||
             (subject->keys[i] == subject->keys[best] && subject->ties[i] < subject->ties[best])))
            best = i;
    return best;
}

/* Nodes below, this one included; each is in order between those two keys, linked both ways, and no
 * higher than the one above. */
static uint32_t check_below(const struct subject *subject, uint32_t at, uint32_t parent,
                            uint64_t least, uint64_t most)
{
    if (at == ORDER_HEAP_NONE)
        return 0;
    const struct order_heap_node *nodes = subject->nodes, *node = &nodes[at];
    bool is_right = node->parent == parent && node->key == subject->keys[at] &&
                    node->key >= least && node->key <= most;
    if (parent != ORDER_HEAP_NONE)
        is_right = is_right && nodes[parent].height >= node->height;
    if (!is_right)
        CU_FAIL("a node is out of order");
    return 1 + check_below(subject, node->left, at, least, node->key) +
           check_below(subject, node->right, at, node->key, most);
}

static void check_shape(const struct subject *subject)
{
    for (uint32_t heap = 0; heap < HEAPS; heap++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < ITEMS; i++)
            count += subject->heap_of[i] == heap;
        CU_ASSERT_EQUAL(
            check_below(subject, subject->heaps[heap].root, ORDER_HEAP_NONE, 0, UINT64_MAX), count);
    }
}

static void the_first_is_the_least_whatever_came_and_went(void)
{
    struct shm_random random = shm_random_start();
    static struct subject subject;
    for (uint32_t i = 0; i < HEAPS; i++)
        subject.heaps[i] = order_heap_empty();
    for (uint32_t i = 0; i < ITEMS; i++)
        subject.heap_of[i] = OUTSIDE;
    uint32_t wrong = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        const uint32_t item = shm_random_below(&random, ITEMS);
        uint32_t heap = subject.heap_of[item];
        if (heap == OUTSIDE) {
            heap = subject.heap_of[item] = shm_random_below(&random, HEAPS);
            subject.keys[item] = shm_random_below(&random, 50);
            subject.ties[item] = step;
            order_heap_push(&subject.heaps[heap], subject.nodes, item, subject.keys[item], step);
        } else {
            order_heap_remove(&subject.heaps[heap], subject.nodes, item);
            subject.heap_of[item] = OUTSIDE;
        }
        wrong += order_heap_first(&subject.heaps[heap]) != least_of(&subject, heap);
        if (step % 1000 == 0)
            check_shape(&subject);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void what_comes_in_order_leaves_in_order_of_key_then_tie(void)
{
    struct order_heap_node nodes[ITEMS];
    struct order_heap heap = order_heap_empty();
    CU_ASSERT_EQUAL(order_heap_first(&heap), ORDER_HEAP_NONE);
    for (uint32_t i = 0; i < ITEMS; i++)
        order_heap_push(&heap, nodes, i, i / 10, ITEMS - i);
    for (uint32_t i = 0; i < ITEMS; i++) {
        const uint32_t first = order_heap_first(&heap);
        CU_ASSERT_EQUAL(first, i / 10 * 10 + (9 - i % 10));
        order_heap_remove(&heap, nodes, first);
    }
    CU_ASSERT_EQUAL(order_heap_first(&heap), ORDER_HEAP_NONE);
}

static uint32_t depth_of(const struct order_heap_node *nodes, uint32_t at)
{
    if (at == ORDER_HEAP_NONE)
        return 0;
    const uint32_t left = depth_of(nodes, nodes[at].left), right = depth_of(nodes, nodes[at].right);
    return 1 + (left > right ? left : right);
}

/* 4.3 times ln n is the depth of a random tree, for large n (Devroye 1986). */
static void no_order_of_coming_makes_it_deep(void)
{
    static struct order_heap_node nodes[MANY];
    for (uint32_t stride = 1; stride < MANY; stride += 30) {
        struct order_heap up = order_heap_empty(), down = up;
        for (uint32_t i = 0; i < MANY; i++)
            order_heap_push(&up, nodes, i * stride % MANY, i, 0);
        CU_ASSERT(depth_of(nodes, up.root) < MOST_DEPTH);
        for (uint32_t i = 0; i < MANY; i++)
            order_heap_push(&down, nodes, i * stride % MANY, MANY - i, 0);
        CU_ASSERT(depth_of(nodes, down.root) < MOST_DEPTH);
    }
}

static void a_walk_sees_the_least_in_order_and_leaves_all_where_it_was(void)
{
    struct shm_random random = shm_random_start();
    struct order_heap_node nodes[ITEMS];
    for (uint32_t count = 0; count <= ITEMS; count++) {
        struct order_heap heap = order_heap_empty();
        for (uint32_t i = 0; i < count; i++)
            order_heap_push(&heap, nodes, i, shm_random_below(&random, 20), i);
        struct order_heap_walk walk;
        order_heap_walk_init(&walk, &heap, nodes);
        uint32_t seen[ITEMS + 1];
        for (uint32_t i = 0; i <= count; i++)
            seen[i] = order_heap_walk_next(&walk);
        uint32_t wrong = 0;
        for (uint32_t i = 0; i <= count; i++) {
            wrong += order_heap_first(&heap) != seen[i];
            if (seen[i] != ORDER_HEAP_NONE)
                order_heap_remove(&heap, nodes, seen[i]);
        }
        wrong += order_heap_walk_next(&walk) != ORDER_HEAP_NONE;
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

const struct cunit_test tests[] = {
    {"the first is the least, whatever came and went",
     the_first_is_the_least_whatever_came_and_went},
    {"what comes in order leaves in order of key, then tie",
     what_comes_in_order_leaves_in_order_of_key_then_tie},
    {"no order of coming makes it deep", no_order_of_coming_makes_it_deep},
    {"a walk sees the least in order, and leaves all where it was",
     a_walk_sees_the_least_in_order_and_leaves_all_where_it_was},
    {NULL, NULL},
};
