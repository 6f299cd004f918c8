/* A tree over what waits, in the order of service: sums, and the least room, of each part of it.
 *
 * A treap (Seidel, Aragon 1996): a search tree by order, a heap by a number that is drawn from the
 * item, so it is as deep as a random tree whatever comes. What a node knows of the tree below:
 *
 *   sum  = sum(left) + cost + sum(right)
 *   room = min(room(left), limit - sum(left) - cost, room(right) - sum(left) - cost)
 *
 * so that an insertion anywhere needs no change beside the way down to it. */
#include "scheduler/dispatch/demand.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define NONE DEMAND_NONE
/* Without items there is any room; sums of many costs may be taken off without an overflow. */
#define ANY_ROOM (INT64_MAX / 2)

int demand_init(struct demand *demand, uint32_t count)
{
    *demand = (struct demand){
        .nodes = calloc(count, sizeof(*demand->nodes)), .count = count, .root = NONE, .workers = 1};
    return demand->nodes ? 0 : -ENOMEM;
}

void demand_fini(struct demand *demand)
{
    if (!demand)
        return;
    free(demand->nodes);
    *demand = (struct demand){0};
}

static uint64_t height(uint32_t item)
{
    uint64_t z = item + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t sum_of(const struct demand *demand, uint32_t at)
{
    return at == NONE ? 0 : demand->nodes[at].sum_ns;
}

static int64_t room_of(const struct demand *demand, uint32_t at)
{
    return at == NONE ? ANY_ROOM : demand->nodes[at].room_ns;
}

static int64_t own_ns(const struct demand *demand, const struct demand_node *node)
{
    return node->cost_ns / (int64_t)demand->workers;
}

static void update(struct demand *demand, uint32_t at)
{
    struct demand_node *node = &demand->nodes[at];
    const int64_t until_ns = sum_of(demand, node->left) + own_ns(demand, node);
    node->sum_ns = until_ns + sum_of(demand, node->right);
    node->room_ns = least(room_of(demand, node->left),
                          least(node->limit_ns, room_of(demand, node->right)) - until_ns);
}

static bool is_before(const struct demand *demand, uint32_t a, uint32_t b)
{
    const struct demand_node *x = &demand->nodes[a], *y = &demand->nodes[b];
    return x->order != y->order ? x->order < y->order : x->tie < y->tie;
}

/* Those before the item to the left, the others to the right. */
static void split(struct demand *demand, uint32_t at, uint32_t item, uint32_t *left,
                  uint32_t *right)
{
    if (at == NONE) {
        *left = *right = NONE;
        return;
    }
    struct demand_node *node = &demand->nodes[at];
    if (is_before(demand, at, item)) {
        split(demand, node->right, item, &node->right, right);
        *left = at;
    } else {
        split(demand, node->left, item, left, &node->left);
        *right = at;
    }
    update(demand, at);
}

static uint32_t merge(struct demand *demand, uint32_t left, uint32_t right)
{
    if (left == NONE || right == NONE)
        return left == NONE ? right : left;
    if (height(left) > height(right)) {
        demand->nodes[left].right = merge(demand, demand->nodes[left].right, right);
        update(demand, left);
        return left;
    }
    demand->nodes[right].left = merge(demand, left, demand->nodes[right].left);
    update(demand, right);
    return right;
}

static uint32_t add_below(struct demand *demand, uint32_t at, uint32_t item)
{
    struct demand_node *nodes = demand->nodes;
    if (at == NONE || height(item) > height(at)) {
        split(demand, at, item, &nodes[item].left, &nodes[item].right);
        at = item;
    } else if (is_before(demand, at, item)) {
        nodes[at].right = add_below(demand, nodes[at].right, item);
    } else {
        nodes[at].left = add_below(demand, nodes[at].left, item);
    }
    update(demand, at);
    return at;
}

void demand_add(struct demand *demand, uint32_t item, const struct demand_work *work)
{
    demand->nodes[item] = (struct demand_node){.order = work->order,
                                               .tie = work->tie,
                                               .cost_ns = work->cost_ns,
                                               .limit_ns = work->limit_ns,
                                               .left = NONE,
                                               .right = NONE};
    demand->root = add_below(demand, demand->root, item);
}

static uint32_t remove_below(struct demand *demand, uint32_t at, uint32_t item)
{
    struct demand_node *node = &demand->nodes[at];
    if (at == item)
        return merge(demand, node->left, node->right);
    if (is_before(demand, at, item))
        node->right = remove_below(demand, node->right, item);
    else
        node->left = remove_below(demand, node->left, item);
    update(demand, at);
    return at;
}

void demand_remove(struct demand *demand, uint32_t item)
{
    demand->root = remove_below(demand, demand->root, item);
}

static void update_all(struct demand *demand, uint32_t at)
{
    if (at == NONE)
        return;
    update_all(demand, demand->nodes[at].left);
    update_all(demand, demand->nodes[at].right);
    update(demand, at);
}

void demand_set_workers(struct demand *demand, uint32_t workers)
{
    if (demand->workers == workers)
        return;
    demand->workers = workers;
    update_all(demand, demand->root);
}

struct demand_view demand_look(const struct demand *demand, uint64_t order)
{
    struct demand_view view = {.room_ns = ANY_ROOM};
    for (uint32_t at = demand->root; at != NONE;) {
        const struct demand_node *node = &demand->nodes[at];
        const int64_t until_ns = view.before_ns + sum_of(demand, node->left) + own_ns(demand, node);
        if (node->order <= order) {
            view.before_ns = until_ns;
            at = node->right;
        } else {
            const int64_t right_ns = room_of(demand, node->right);
            view.room_ns = least(view.room_ns, least(node->limit_ns, right_ns) - until_ns);
            at = node->left;
        }
    }
    return view;
}

int64_t demand_total_ns(const struct demand *demand)
{
    return sum_of(demand, demand->root);
}
