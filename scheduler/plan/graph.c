/* Every plan of a problem as a path: finds the nodes by forward reachability, then the arcs. */
#include "scheduler/plan/graph.h"
#include "scheduler/plan/graph_states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The nodes of the step being built are found by their state through an open hash table. */
struct builder {
    struct split_graph *graph;
    const struct split_problem *problem;
    struct split_states states;
    uint64_t *keys; /* by node */
    size_t node_room, node_limit;
    uint32_t *table; /* node + 1, or 0 */
    size_t table_size; /* a power of 2 */
    uint32_t *group_starts; /* by first step: its groups, by their last step */
    uint32_t *groups;
};

static int reserve_node(struct builder *builder)
{
    struct split_graph *graph = builder->graph;
    if (graph->node_count >= builder->node_limit)
        return -E2BIG;
    if (graph->node_count < builder->node_room)
        return 0;
    size_t room = builder->node_room ? 2 * builder->node_room : 64;
    struct split_node *nodes = reallocarray(graph->nodes, room, sizeof(*nodes));
    if (nodes)
        graph->nodes = nodes;
    uint64_t *keys = reallocarray(builder->keys, room, sizeof(*keys));
    if (keys)
        builder->keys = keys;
    if (!nodes || !keys)
        return -ENOMEM;
    builder->node_room = room;
    return 0;
}

/* Where the key stands in the table, or the free place where it would. */
static uint32_t *find_key(const struct builder *builder, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) & (builder->table_size - 1);
    while (builder->table[at] && builder->keys[builder->table[at] - 1] != key)
        at = (at + 1) & (builder->table_size - 1);
    return &builder->table[at];
}

/* At least twice as many places as the step has nodes. */
static int keep_table_sparse(struct builder *builder, uint32_t first_node)
{
    const uint32_t node_count = builder->graph->node_count;
    if (builder->table && 2 * ((size_t)node_count - first_node + 1) <= builder->table_size)
        return 0;
    size_t size = builder->table ? 2 * builder->table_size : 64;
    uint32_t *table = calloc(size, sizeof(*table));
    if (!table)
        return -ENOMEM;
    free(builder->table);
    builder->table = table;
    builder->table_size = size;
    for (uint32_t x = first_node; x < node_count; x++)
        *find_key(builder, builder->keys[x]) = x + 1;
    return 0;
}

/* The node of this step and state, added if it is new. */
static int take_node(struct builder *builder, uint32_t first_node, uint32_t step, uint64_t key,
                     uint32_t *node)
{
    int err = keep_table_sparse(builder, first_node);
    if (err)
        return err;
    uint32_t *place = find_key(builder, key);
    if (*place) {
        *node = *place - 1;
        return 0;
    }
    err = reserve_node(builder);
    if (err)
        return err;
    struct split_graph *graph = builder->graph;
    *node = graph->node_count++;
    builder->keys[*node] = key;
    graph->nodes[*node] =
        (struct split_node){.step = step,
                            .side = key & 1 ? SPLIT_CLOUD : SPLIT_MOBILE,
                            .turns = {{.node = SPLIT_NO_NODE}, {.node = SPLIT_NO_NODE}}};
    *place = *node + 1;
    return 0;
}

/* The nodes of a step, by turns from those of the step before it. */
static int build_layer(struct builder *builder, uint32_t step)
{
    struct split_graph *graph = builder->graph;
    const uint32_t first_node = graph->node_count;
    const unsigned side_count = step > graph->step_count ? 1 : 2; /* the mobile wants the result */
    graph->layer_starts[step] = first_node;
    if (builder->table)
        memset(builder->table, 0, builder->table_size * sizeof(*builder->table));
    for (uint32_t x = graph->layer_starts[step - 1]; x < first_node; x++)
        for (unsigned side = 0; side < side_count; side++) {
            struct split_turn turn = {0};
            uint64_t key =
                split_states_after(&builder->states, builder->keys[x], step, (enum split_side)side,
                                   &turn.up_bytes, &turn.down_bytes);
            int err = take_node(builder, first_node, step, key, &turn.node);
            if (err)
                return err;
            graph->nodes[x].turns[side] = turn;
        }
    return 0;
}

static int build_nodes(struct builder *builder)
{
    struct split_graph *graph = builder->graph;
    double none = 0;
    uint32_t source;
    graph->layer_starts = calloc((size_t)graph->step_count + 3, sizeof(*graph->layer_starts));
    if (!graph->layer_starts)
        return -ENOMEM;
    uint64_t key = split_states_after(&builder->states, 0, 0, SPLIT_MOBILE, &none, &none);
    int err = take_node(builder, 0, 0, key, &source);
    for (uint32_t step = 1; !err && step <= graph->step_count + 1; step++)
        err = build_layer(builder, step);
    graph->layer_starts[graph->step_count + 2] = graph->node_count;
    return err;
}

static int list_turns(struct split_graph *graph)
{
    const size_t node_count = graph->node_count;
    graph->turn_starts = calloc(node_count + 2, sizeof(*graph->turn_starts));
    graph->turns_from = calloc(2 * node_count, sizeof(*graph->turns_from));
    if (!graph->turn_starts || !graph->turns_from)
        return -ENOMEM;
    uint32_t *ends = graph->turn_starts + 1; /* of x: starts[x + 1], its start until it is filled */
    for (size_t x = 0; x < node_count; x++)
        for (int side = 0; side < 2; side++)
            if (graph->nodes[x].turns[side].node != SPLIT_NO_NODE)
                ends[graph->nodes[x].turns[side].node + 1]++;
    for (size_t x = 0; x < node_count; x++)
        ends[x + 1] += ends[x];
    for (uint32_t x = 0; x < node_count; x++)
        for (int side = 0; side < 2; side++)
            if (graph->nodes[x].turns[side].node != SPLIT_NO_NODE)
                graph->turns_from[ends[graph->nodes[x].turns[side].node]++] = x;
    return 0;
}

/* Groups stand by their last step; here also by their first. */
static int index_groups(struct builder *builder)
{
    const struct split_problem *problem = builder->problem;
    const size_t step_count = problem->count;
    builder->group_starts = calloc(step_count + 3, sizeof(*builder->group_starts));
    builder->groups = calloc((size_t)problem->group_count + 1, sizeof(*builder->groups));
    if (!builder->group_starts || !builder->groups)
        return -ENOMEM;
    uint32_t *ends = builder->group_starts + 1;
    for (uint32_t g = 0; g < problem->group_count; g++)
        ends[problem->groups[g].first + 1]++;
    for (size_t step = 0; step <= step_count; step++)
        ends[step + 1] += ends[step];
    for (uint32_t g = 0; g < problem->group_count; g++)
        builder->groups[ends[problem->groups[g].first]++] = g;
    return 0;
}

static void add_arc(struct builder *builder, uint32_t *ends, uint32_t tail, uint32_t head,
                    const struct split_cost *cost, const struct split_turn *crossed)
{
    struct split_graph *graph = builder->graph;
    const bool is_mobile = graph->nodes[tail].side == SPLIT_MOBILE;
    const uint32_t arc = ends[head]++;
    graph->tails[arc] = tail;
    graph->heads[arc] = head;
    graph->ms[arc] = is_mobile ? cost->mobile_ms : cost->cloud_ms;
    graph->mj_or_bytes[arc] = is_mobile ? cost->mobile_mj : cost->cloud_down_bytes;
    graph->up_bytes[arc] = crossed->up_bytes;
    graph->down_bytes[arc] = crossed->down_bytes;
}

/* Counts the arcs out of a node into ends[head + 1], or (is_adding) adds them at ends[head]: the
 * groups that start with its step, each followed to its last step along turns that stay. */
static void walk_groups(struct builder *builder, uint32_t tail, uint32_t *ends, bool is_adding)
{
    const struct split_graph *graph = builder->graph;
    const struct split_node *node = &graph->nodes[tail];
    struct split_turn crossed = {0};
    uint32_t head = tail;
    for (uint32_t i = builder->group_starts[node->step]; i < builder->group_starts[node->step + 1];
         i++) {
        const struct split_group *group = &builder->problem->groups[builder->groups[i]];
        while (graph->nodes[head].step < group->last) {
            const struct split_turn *stay = &graph->nodes[head].turns[node->side];
            crossed.up_bytes += stay->up_bytes;
            crossed.down_bytes += stay->down_bytes;
            head = stay->node;
        }
        if (is_adding)
            add_arc(builder, ends, tail, head, &group->cost, &crossed);
        else
            ends[head + 1]++;
    }
}

static bool is_all_zero(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] > 0)
            return false;
    return true;
}

static void drop_empty_crossings(struct split_graph *graph, size_t arc_count)
{
    if (!is_all_zero(graph->up_bytes, arc_count) || !is_all_zero(graph->down_bytes, arc_count))
        return;
    free(graph->up_bytes);
    free(graph->down_bytes);
    graph->up_bytes = graph->down_bytes = NULL;
}

static int build_arcs(struct builder *builder, size_t max_bytes)
{
    struct split_graph *graph = builder->graph;
    const size_t node_count = graph->node_count;
    const uint32_t sink = graph->node_count - 1;
    size_t arc_count = 0; /* counted apart: a 32-bit index could overflow */
    for (uint32_t x = 1; x < sink; x++)
        arc_count += builder->group_starts[graph->nodes[x].step + 1] -
                     builder->group_starts[graph->nodes[x].step];
    const size_t arc_bytes = 2 * sizeof(uint32_t) + 4 * sizeof(double);
    if (arc_count > UINT32_MAX || arc_count > max_bytes / arc_bytes)
        return -E2BIG;
    graph->arc_starts = calloc(node_count + 2, sizeof(*graph->arc_starts));
    graph->tails = calloc(arc_count, sizeof(*graph->tails));
    graph->heads = calloc(arc_count, sizeof(*graph->heads));
    graph->ms = calloc(arc_count, sizeof(*graph->ms));
    graph->mj_or_bytes = calloc(arc_count, sizeof(*graph->mj_or_bytes));
    graph->up_bytes = calloc(arc_count, sizeof(*graph->up_bytes));
    graph->down_bytes = calloc(arc_count, sizeof(*graph->down_bytes));
    if (!graph->arc_starts || !graph->tails || !graph->heads || !graph->ms || !graph->mj_or_bytes ||
        !graph->up_bytes || !graph->down_bytes)
        return -ENOMEM;
    uint32_t *ends = graph->arc_starts + 1;
    for (uint32_t x = 1; x < sink; x++)
        walk_groups(builder, x, ends, false);
    for (size_t x = 0; x < node_count; x++)
        ends[x + 1] += ends[x];
    for (uint32_t x = 1; x < sink; x++)
        walk_groups(builder, x, ends, true);
    drop_empty_crossings(graph, arc_count);
    return 0;
}

int split_graph_init(struct split_graph *graph, const struct split_problem *problem,
                     size_t max_bytes)
{
    *graph = (struct split_graph){.step_count = problem->count};
    const size_t node_bytes = sizeof(struct split_node) + 6 * sizeof(double);
    struct builder builder = {.graph = graph, .problem = problem};
    builder.node_limit =
        max_bytes / node_bytes < UINT32_MAX - 2 ? max_bytes / node_bytes : UINT32_MAX - 2;
    int err = split_states_init(&builder.states, problem);
    if (!err)
        err = build_nodes(&builder);
    if (!err)
        err = list_turns(graph);
    if (!err)
        err = index_groups(&builder);
    if (!err)
        err = build_arcs(&builder, max_bytes);
    split_states_fini(&builder.states);
    free(builder.keys);
    free(builder.table);
    free(builder.group_starts);
    free(builder.groups);
    if (err)
        split_graph_fini(graph);
    return err;
}

void split_graph_fini(struct split_graph *graph)
{
    if (!graph)
        return;
    free(graph->layer_starts);
    free(graph->nodes);
    free(graph->turn_starts);
    free(graph->turns_from);
    free(graph->arc_starts);
    free(graph->tails);
    free(graph->heads);
    free(graph->ms);
    free(graph->mj_or_bytes);
    free(graph->up_bytes);
    free(graph->down_bytes);
    *graph = (struct split_graph){0};
}
