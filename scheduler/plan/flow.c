/* Minimum cuts by push-relabel, highest label first (Goldberg and Tarjan 1988; Cherkassky and
 * Goldberg 1997).
 *
 * Each node holds an excess of flow. label[v] is a lower bound of the residual arcs from v to the
 * sink; excess moves along residual arcs to nodes labelled one less, and a node with none of those
 * is relabelled. Excess that cannot reach the sink stays where it is: for the cut alone, nobody
 * needs it back at the source. When no excess can move, the nodes that cannot reach the sink are
 * the source's side. O(n^2 sqrt(m)), however the capacities are; labels are made exact from time to
 * time by a search from the sink, which makes it far faster than that.
 *
 * Doubles: a push moves all of the excess or all of the residual, and what is emptied becomes 0 to
 * the bit. The bounds on pushes and relabels rest on that alone, so rounding cannot make it run
 * on; it can only shift the cut's value by a few units in the last place of the largest flow. */
#include "scheduler/plan/flow.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct split_flow_arc {
    double residual;
    uint32_t to, reverse;
};

int split_flow_init(struct split_flow *flow, uint32_t max_nodes, uint32_t max_edges)
{
    *flow = (struct split_flow){.max_nodes = max_nodes, .max_edges = max_edges};
    const size_t nodes = (size_t)max_nodes + 2, edges = (size_t)max_edges + 1;
    flow->arcs = calloc(2 * edges, sizeof(*flow->arcs));
    flow->first = calloc(nodes, sizeof(*flow->first));
    flow->arc_of = calloc(edges, sizeof(*flow->arc_of));
    flow->excess = calloc(nodes, sizeof(*flow->excess));
    flow->label = calloc(nodes, sizeof(*flow->label));
    flow->current = calloc(nodes, sizeof(*flow->current));
    flow->next = calloc(nodes, sizeof(*flow->next));
    flow->active = calloc(nodes, sizeof(*flow->active));
    flow->queue = calloc(nodes, sizeof(*flow->queue));
    if (flow->arcs && flow->first && flow->arc_of && flow->excess && flow->label && flow->current &&
        flow->next && flow->active && flow->queue)
        return 0;
    split_flow_fini(flow);
    return -ENOMEM;
}

void split_flow_fini(struct split_flow *flow)
{
    if (!flow)
        return;
    free(flow->arcs);
    free(flow->first);
    free(flow->arc_of);
    free(flow->excess);
    free(flow->label);
    free(flow->current);
    free(flow->next);
    free(flow->active);
    free(flow->queue);
    *flow = (struct split_flow){0};
}

void split_flow_build(struct split_flow *flow, uint32_t node_count, uint32_t edge_count,
                      const struct split_flow_edge *edges)
{
    assert(node_count <= flow->max_nodes && edge_count <= flow->max_edges);
    flow->node_count = node_count;
    flow->edge_count = edge_count;
    uint32_t *end = flow->current; /* of each node's arcs so far */
    memset(flow->first, 0, ((size_t)node_count + 1) * sizeof(*flow->first));
    for (uint32_t i = 0; i < edge_count; i++) {
        assert(edges[i].from < node_count && edges[i].to < node_count);
        flow->first[edges[i].from + 1]++;
        flow->first[edges[i].to + 1]++;
    }
    for (uint32_t node = 0; node < node_count; node++) {
        end[node] = flow->first[node];
        flow->first[node + 1] += flow->first[node];
    }
    for (uint32_t i = 0; i < edge_count; i++) {
        const uint32_t forward = end[edges[i].from]++, backward = end[edges[i].to]++;
        flow->arcs[forward] = (struct split_flow_arc){0, edges[i].to, backward};
        flow->arcs[backward] = (struct split_flow_arc){0, edges[i].from, forward};
        flow->arc_of[i] = forward;
    }
}

static void activate(struct split_flow *flow, uint32_t node)
{
    const uint32_t label = flow->label[node];
    flow->next[node] = flow->active[label];
    flow->active[label] = node;
    if (label > flow->highest)
        flow->highest = label;
}

/* Exact labels: a search backwards from all nodes that the sink still takes from. A node that
 * cannot reach it is labelled node_count + 1, and is active no more. */
static void relabel_all(struct split_flow *flow)
{
    const uint32_t count = flow->node_count, unreachable = count + 1;
    uint32_t head = 0, tail = 0;
    for (uint32_t label = 0; label <= count; label++)
        flow->active[label] = NONE;
    for (uint32_t node = 0; node < count; node++) {
        flow->label[node] = unreachable;
        flow->current[node] = flow->first[node];
        if (flow->excess[node] >= 0)
            continue;
        flow->label[node] = 1;
        flow->queue[tail++] = node;
    }
    flow->highest = 0;
    while (head < tail) {
        const uint32_t node = flow->queue[head++];
        if (flow->excess[node] > 0)
            activate(flow, node);
        for (uint32_t i = flow->first[node]; i < flow->first[node + 1]; i++) {
            const struct split_flow_arc *arc = &flow->arcs[i];
            if (flow->label[arc->to] <= count || flow->arcs[arc->reverse].residual <= 0)
                continue;
            flow->label[arc->to] = flow->label[node] + 1;
            flow->queue[tail++] = arc->to;
        }
    }
    flow->work += count + flow->first[count];
}

static void push(struct split_flow *flow, uint32_t from, struct split_flow_arc *arc, double amount)
{
    const double before = flow->excess[arc->to];
    arc->residual -= amount;
    flow->arcs[arc->reverse].residual += amount;
    flow->excess[from] -= amount;
    flow->excess[arc->to] += amount;
    if (before <= 0 && flow->excess[arc->to] > 0 && flow->label[arc->to] <= flow->node_count)
        activate(flow, arc->to);
}

/* One above the lowest label that a residual arc leads to. */
static void relabel(struct split_flow *flow, uint32_t node)
{
    uint32_t lowest = flow->node_count;
    for (uint32_t i = flow->first[node]; i < flow->first[node + 1]; i++) {
        const struct split_flow_arc *arc = &flow->arcs[i];
        if (arc->residual > 0 && flow->label[arc->to] < lowest)
            lowest = flow->label[arc->to];
    }
    flow->label[node] = lowest + 1;
    flow->current[node] = flow->first[node];
    flow->work += flow->first[node + 1] - flow->first[node];
}

/* Moves the node's excess on until there is none or it cannot reach the sink. */
static void discharge(struct split_flow *flow, uint32_t node)
{
    while (flow->label[node] <= flow->node_count) {
        const uint32_t end = flow->first[node + 1];
        uint32_t i = flow->current[node];
        for (; i < end; i++) {
            struct split_flow_arc *arc = &flow->arcs[i];
            if (arc->residual <= 0 || flow->label[arc->to] + 1 != flow->label[node])
                continue;
            if (flow->excess[node] <= arc->residual) {
                flow->current[node] = i;
                push(flow, node, arc, flow->excess[node]);
                return;
            }
            push(flow, node, arc, arc->residual);
        }
        relabel(flow, node);
    }
}

static void set_capacities(struct split_flow *flow, const struct split_flow_edge *edges,
                           const double *pulls)
{
    for (uint32_t i = 0; i < flow->edge_count; i++) {
        struct split_flow_arc *arc = &flow->arcs[flow->arc_of[i]];
        arc->residual = edges[i].forward;
        flow->arcs[arc->reverse].residual = edges[i].backward;
    }
    /* What leaves a node that is fixed at the source leaves it at once; nothing comes back. */
    for (uint32_t node = 0; node < flow->node_count; node++)
        flow->excess[node] = pulls[node] < INFINITY ? pulls[node] : 0;
    for (uint32_t node = 0; node < flow->node_count; node++) {
        if (pulls[node] < INFINITY)
            continue;
        for (uint32_t i = flow->first[node]; i < flow->first[node + 1]; i++) {
            struct split_flow_arc *arc = &flow->arcs[i];
            flow->excess[arc->to] += arc->residual;
            arc->residual = 0;
            flow->arcs[arc->reverse].residual = 0;
        }
    }
    for (uint32_t node = 0; node < flow->node_count; node++)
        if (pulls[node] >= INFINITY)
            flow->excess[node] = 0;
}

void split_flow_solve(struct split_flow *flow, const struct split_flow_edge *edges,
                      const double *pulls)
{
    set_capacities(flow, edges, pulls);
    const uint64_t period = 2 * (uint64_t)flow->node_count + flow->first[flow->node_count] / 2;
    relabel_all(flow);
    uint64_t due = flow->work + period;
    while (flow->highest) {
        const uint32_t node = flow->active[flow->highest];
        if (node == NONE) {
            flow->highest--;
            continue;
        }
        flow->active[flow->highest] = flow->next[node];
        discharge(flow, node);
        if (flow->work < due)
            continue;
        relabel_all(flow);
        due = flow->work + period;
    }
    relabel_all(flow);
}
