/* A tree over what waits, in the order of service: sums, and the least room, of each part of it.
 *
 * The tree is that of order_heap. What is known of the tree below a node:
 *
 *   sum  = sum(left) + cost + sum(right)
 *   room = min(room(left), limit - sum(left) - cost, room(right) - sum(left) - cost)
 *
 * so that a change anywhere needs no other than on the way up from it. */
#include "scheduler/dispatch/demand.h"

#include <errno.h>
#include <stdlib.h>

#define NONE ORDER_HEAP_NONE
/* Without items there is any room; sums of many costs may be taken off without an overflow. */
#define ANY_ROOM (INT64_MAX / 2)

int demand_init(struct demand *demand, uint32_t count)
{
    *demand = (struct demand){.tree = order_heap_empty(),
                              .nodes = calloc(count, sizeof(*demand->nodes)),
                              .sums = calloc(count, sizeof(*demand->sums)),
                              .workers = 1};
    if (demand->nodes && demand->sums)
        return 0;
    demand_fini(demand);
    return -ENOMEM;
}

void demand_fini(struct demand *demand)
{
    if (!demand)
        return;
    free(demand->nodes);
    free(demand->sums);
    *demand = (struct demand){0};
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t sum_of(const struct demand *demand, uint32_t at)
{
    return at == NONE ? 0 : demand->sums[at].sum_ns;
}

static int64_t room_of(const struct demand *demand, uint32_t at)
{
    return at == NONE ? ANY_ROOM : demand->sums[at].room_ns;
}

static void update(struct demand *demand, uint32_t at)
{
    const struct order_heap_node *node = &demand->nodes[at];
    struct demand_sum *sum = &demand->sums[at];
    const int64_t until_ns = sum_of(demand, node->left) + sum->own_ns;
    sum->sum_ns = until_ns + sum_of(demand, node->right);
    sum->room_ns = least(room_of(demand, node->left),
                         least(sum->limit_ns, room_of(demand, node->right)) - until_ns);
}

/* From there up to that one, or to the root, without it. */
static void update_up(struct demand *demand, uint32_t at, uint32_t end)
{
    for (; at != end; at = demand->nodes[at].parent)
        update(demand, at);
}

/* Whoever was turned below the newcomer is on the ways down right beside it. */
void demand_add(struct demand *demand, uint32_t item, const struct demand_work *work)
{
    demand->sums[item] = (struct demand_sum){.cost_ns = work->cost_ns,
                                             .limit_ns = work->limit_ns,
                                             .own_ns = work->cost_ns / (int64_t)demand->workers};
    struct order_heap_node *nodes = demand->nodes;
    order_heap_push(&demand->tree, nodes, item, work->order, work->tie);
    uint32_t before = item, after = item;
    for (uint32_t at = nodes[item].left; at != NONE; at = nodes[at].right)
        before = at;
    for (uint32_t at = nodes[item].right; at != NONE; at = nodes[at].left)
        after = at;
    update_up(demand, before, item);
    update_up(demand, after, item);
    update_up(demand, item, NONE);
}

void demand_remove(struct demand *demand, uint32_t item)
{
    update_up(demand, order_heap_remove(&demand->tree, demand->nodes, item), NONE);
}

static void update_all(struct demand *demand, uint32_t at)
{
    if (at == NONE)
        return;
    update_all(demand, demand->nodes[at].left);
    update_all(demand, demand->nodes[at].right);
    demand->sums[at].own_ns = demand->sums[at].cost_ns / (int64_t)demand->workers;
    update(demand, at);
}

void demand_set_workers(struct demand *demand, uint32_t workers)
{
    if (demand->workers == workers)
        return;
    demand->workers = workers;
    update_all(demand, demand->tree.root);
}

struct demand_view demand_look(const struct demand *demand, uint64_t order)
{
    struct demand_view view = {.room_ns = ANY_ROOM};
    for (uint32_t at = demand->tree.root; at != NONE;) {
        const struct order_heap_node *node = &demand->nodes[at];
        const struct demand_sum *sum = &demand->sums[at];
        const int64_t until_ns = view.before_ns + sum_of(demand, node->left) + sum->own_ns;
        if (node->key <= order) {
            view.before_ns = until_ns;
            at = node->right;
        } else {
            const int64_t right_ns = room_of(demand, node->right);
            view.room_ns = least(view.room_ns, least(sum->limit_ns, right_ns) - until_ns);
            at = node->left;
        }
    }
    return view;
}

int64_t demand_total_ns(const struct demand *demand)
{
    return sum_of(demand, demand->tree.root);
}
