/* Unbounded placement as a minimum cut: the source's side is the mobile, the sink's the cloud.
 *
 *   source --cost on the cloud--> step --cost on the mobile--> sink
 *   step --rtt / 2 + wait--> next step --rtt / 2--> step
 *
 * A tensor with one other costs its upload and its download on the arcs between hub and other. With
 * several it is counted once by a node of its own in each direction:
 *
 *   up:    hub --upload--> a --upload--> each other     cut once if hub is S and any other is T
 *   down:  each other --download--> b --download--> hub cut once if hub is T and any other is S
 *
 * (a gathered tensor: the same with upload and download exchanged). The inner arcs need no more
 * capacity than the outer one: with any other on the far side, moving a or b there costs that at
 * most. So the cut's value is the placement's cost, and the least of one the least of the other. */
#include "scheduler/plan/mincut.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Latency and energy of going from the mobile to the cloud along an edge, and back. */
struct split_mincut_edge {
    double forward_ms, forward_mj, backward_ms, backward_mj;
};

struct split_mincut_node {
    double mobile_ms, mobile_mj;
    double cloud_ms, weights_ms, weights_mj;
};

bool split_mincut_fits(const struct split_problem *problem)
{
    return problem->group_count == problem->count;
}

int split_mincut_init(struct split_mincut *mincut, const struct split_problem *problem)
{
    assert(split_mincut_fits(problem));
    *mincut = (struct split_mincut){.problem = problem};
    size_t nodes = (size_t)problem->count + 1, edges = (size_t)problem->count + 1;
    for (uint32_t i = 0; i < problem->tensor_count; i++) {
        const uint32_t others = problem->tensors[i].other_count;
        nodes += others > 1 ? 2 : 0;
        edges += others > 1 ? 2 + 2 * (size_t)others : 1;
    }
    if (edges >= UINT32_MAX / 2 || nodes >= UINT32_MAX / 2)
        return -ENOMEM;
    mincut->node_of = calloc((size_t)problem->count + 2, sizeof(*mincut->node_of));
    mincut->nodes = calloc((size_t)problem->count + 1, sizeof(*mincut->nodes));
    mincut->costs = calloc(edges, sizeof(*mincut->costs));
    mincut->edges = calloc(edges, sizeof(*mincut->edges));
    mincut->pulls = calloc(nodes, sizeof(*mincut->pulls));
    int err = split_flow_init(&mincut->flow, (uint32_t)nodes, (uint32_t)edges);
    if (!err && mincut->node_of && mincut->nodes && mincut->costs && mincut->edges && mincut->pulls)
        return 0;
    split_mincut_fini(mincut);
    return -ENOMEM;
}

void split_mincut_fini(struct split_mincut *mincut)
{
    if (!mincut)
        return;
    free(mincut->node_of);
    free(mincut->nodes);
    free(mincut->costs);
    free(mincut->edges);
    free(mincut->pulls);
    split_flow_fini(&mincut->flow);
    *mincut = (struct split_mincut){0};
}

static void number_nodes(struct split_mincut *mincut, const struct split_load *load)
{
    const uint32_t count = mincut->problem->count;
    uint32_t node = 0, cut = 0;
    mincut->node_of[0] = mincut->node_of[count + 1] = 0;
    for (uint32_t step = 1; step <= count; step++) {
        const bool is_after_cut = !load->cut_count || load->cut_layers[cut] == step - 1;
        if (is_after_cut) {
            node++;
            cut++;
        }
        mincut->node_of[step] = node;
    }
    mincut->node_count = node + 1;
}

static void cost_nodes(struct split_mincut *mincut, const struct split_load *load)
{
    const struct split_problem *problem = mincut->problem;
    const struct split_network *network = &mincut->network;
    const double down_mw = split_network_down_mw(network, mincut->has_radio_base);
    memset(mincut->nodes, 0, mincut->node_count * sizeof(*mincut->nodes));
    for (uint32_t step = 1; step <= problem->count; step++) {
        const struct split_cost *cost = &problem->groups[step - 1].cost;
        struct split_mincut_node *node = &mincut->nodes[mincut->node_of[step]];
        const double weights_ms = split_network_down_ms(network, cost->cloud_down_bytes);
        node->mobile_ms += cost->mobile_ms;
        node->mobile_mj += cost->mobile_mj;
        node->cloud_ms += cost->cloud_ms * load->k;
        node->weights_ms += weights_ms;
        node->weights_mj += weights_ms * down_mw / 1e3;
    }
    for (uint32_t i = 0; i + 1 < load->cut_count; i++)
        mincut->nodes[i + 1].cloud_ms = load->remaining_ms[i] - load->remaining_ms[i + 1];
}

static void add_edge(struct split_mincut *mincut, uint32_t from, uint32_t to,
                     const struct split_mincut_edge *cost)
{
    if (from == to)
        return;
    mincut->edges[mincut->edge_count] = (struct split_flow_edge){.from = from, .to = to};
    mincut->costs[mincut->edge_count++] = *cost;
}

/* Edge i joins nodes i and i + 1, the last one the last node and node 0. */
static void add_changes(struct split_mincut *mincut)
{
    const struct split_mincut_edge cost = {.forward_ms = mincut->enter_ms,
                                           .backward_ms = mincut->leave_ms};
    for (uint32_t node = 0; node < mincut->node_count; node++)
        add_edge(mincut, node, (node + 1) % mincut->node_count, &cost);
}

static uint32_t add_counter(struct split_mincut *mincut, uint32_t *flow_nodes)
{
    mincut->pulls[*flow_nodes] = 0;
    return (*flow_nodes)++;
}

static void add_shared_tensor(struct split_mincut *mincut, const struct split_tensor *tensor,
                              const struct split_mincut_edge *cost, uint32_t *flow_nodes)
{
    const uint32_t hub = mincut->node_of[tensor->hub];
    const uint32_t a = add_counter(mincut, flow_nodes), b = add_counter(mincut, flow_nodes);
    const struct split_mincut_edge away = {.forward_ms = cost->forward_ms,
                                           .forward_mj = cost->forward_mj};
    const struct split_mincut_edge back = {.forward_ms = cost->backward_ms,
                                           .forward_mj = cost->backward_mj};
    add_edge(mincut, hub, a, &away);
    add_edge(mincut, b, hub, &back);
    uint32_t before = hub;
    for (uint32_t i = 0; i < tensor->other_count; i++) {
        const uint32_t other = mincut->node_of[tensor->others[i]];
        if (other == hub || other == before)
            continue;
        add_edge(mincut, a, other, &away);
        add_edge(mincut, other, b, &back);
        before = other;
    }
}

static void add_tensor(struct split_mincut *mincut, const struct split_tensor *tensor,
                       uint32_t *flow_nodes)
{
    const struct split_network *network = &mincut->network;
    const double up_ms = split_network_up_ms(network, tensor->bytes);
    const double down_ms = split_network_down_ms(network, tensor->bytes);
    const double up_mj = up_ms * split_network_up_mw(network, mincut->has_radio_base) / 1e3;
    const double down_mj = down_ms * split_network_down_mw(network, mincut->has_radio_base) / 1e3;
    const struct split_mincut_edge cost =
        tensor->is_gathered ? (struct split_mincut_edge){down_ms, down_mj, up_ms, up_mj}
                            : (struct split_mincut_edge){up_ms, up_mj, down_ms, down_mj};
    const uint32_t hub = mincut->node_of[tensor->hub];
    const uint32_t other = mincut->node_of[tensor->others[0]];
    if (tensor->other_count > 1) {
        add_shared_tensor(mincut, tensor, &cost, flow_nodes);
    } else if (other == (hub + 1) % mincut->node_count && other != hub) {
        struct split_mincut_edge *sum = &mincut->costs[hub];
        sum->forward_ms += cost.forward_ms;
        sum->forward_mj += cost.forward_mj;
        sum->backward_ms += cost.backward_ms;
        sum->backward_mj += cost.backward_mj;
    } else {
        add_edge(mincut, hub, other, &cost);
    }
}

void split_mincut_prepare(struct split_mincut *mincut, const struct split_conditions *conditions)
{
    assert(!conditions->load.cut_count || mincut->problem->mode == SPLIT_INFERENCE);
    mincut->network = conditions->network;
    mincut->has_radio_base = conditions->has_radio_base;
    mincut->leave_ms = conditions->network.rtt_ms / 2;
    mincut->enter_ms = mincut->leave_ms + conditions->load.wait_ms;
    number_nodes(mincut, &conditions->load);
    cost_nodes(mincut, &conditions->load);
    mincut->edge_count = 0;
    uint32_t flow_nodes = mincut->node_count;
    add_changes(mincut);
    for (uint32_t i = 0; i < mincut->problem->tensor_count; i++)
        add_tensor(mincut, &mincut->problem->tensors[i], &flow_nodes);
    split_flow_build(&mincut->flow, flow_nodes, mincut->edge_count, mincut->edges);
}

static void weigh(struct split_mincut *mincut, const struct split_values *weights,
                  const uint8_t *sides)
{
    for (uint32_t i = 0; i < mincut->edge_count; i++) {
        const struct split_mincut_edge *cost = &mincut->costs[i];
        mincut->edges[i].forward =
            weights->latency * cost->forward_ms + weights->energy * cost->forward_mj;
        mincut->edges[i].backward =
            weights->latency * cost->backward_ms + weights->energy * cost->backward_mj;
    }
    mincut->pulls[0] = INFINITY;
    for (uint32_t i = 1; i < mincut->node_count; i++) {
        const struct split_mincut_node *node = &mincut->nodes[i];
        const double mobile =
            weights->latency * node->mobile_ms + weights->energy * node->mobile_mj;
        const double cloud = weights->latency * (node->cloud_ms + node->weights_ms) +
                             weights->energy * node->weights_mj + weights->cloud * node->cloud_ms;
        mincut->pulls[i] = cloud - mobile;
        if (sides && sides[i] != SPLIT_MINCUT_FREE)
            mincut->pulls[i] = sides[i] == SPLIT_MOBILE ? INFINITY : -INFINITY;
    }
}

static void add_tensors(const struct split_mincut *mincut, const bool *is_cloud,
                        struct split_values *totals)
{
    const uint32_t *node_of = mincut->node_of;
    double up_bytes = 0, down_bytes = 0;
    for (uint32_t i = 0; i < mincut->problem->tensor_count; i++) {
        const struct split_tensor *tensor = &mincut->problem->tensors[i];
        const bool hub = is_cloud[node_of[tensor->hub]];
        uint32_t k = 0;
        while (k < tensor->other_count && is_cloud[node_of[tensor->others[k]]] == hub)
            k++;
        if (k == tensor->other_count)
            continue;
        *(hub == tensor->is_gathered ? &up_bytes : &down_bytes) += tensor->bytes;
    }
    const struct split_network *network = &mincut->network;
    const double up_ms = split_network_up_ms(network, up_bytes);
    const double down_ms = split_network_down_ms(network, down_bytes);
    totals->latency += up_ms + down_ms;
    totals->energy += up_ms * split_network_up_mw(network, mincut->has_radio_base) / 1e3 +
                      down_ms * split_network_down_mw(network, mincut->has_radio_base) / 1e3;
}

void split_mincut_evaluate(const struct split_mincut *mincut, const bool *is_cloud,
                           struct split_values *totals)
{
    *totals = (struct split_values){0};
    for (uint32_t i = 0; i < mincut->node_count; i++) {
        const struct split_mincut_node *node = &mincut->nodes[i];
        const bool is_next_cloud = i + 1 < mincut->node_count && is_cloud[i + 1];
        totals->latency += is_cloud[i] ? node->cloud_ms + node->weights_ms : node->mobile_ms;
        totals->energy += is_cloud[i] ? node->weights_mj : node->mobile_mj;
        totals->cloud += is_cloud[i] ? node->cloud_ms : 0;
        if (is_cloud[i] != is_next_cloud)
            totals->latency += is_next_cloud ? mincut->enter_ms : mincut->leave_ms;
    }
    add_tensors(mincut, is_cloud, totals);
}

void split_mincut_solve(struct split_mincut *mincut, const struct split_values *weights,
                        const uint8_t *sides, bool *is_cloud, struct split_values *totals)
{
    weigh(mincut, weights, sides);
    split_flow_solve(&mincut->flow, mincut->edges, mincut->pulls);
    for (uint32_t i = 0; i < mincut->node_count; i++)
        is_cloud[i] = split_flow_is_sink_side(&mincut->flow, i);
    split_mincut_evaluate(mincut, is_cloud, totals);
}

double split_mincut_size(const struct split_mincut *mincut, uint32_t node)
{
    const struct split_mincut_node *costs = &mincut->nodes[node];
    return costs->mobile_ms + costs->mobile_mj + costs->cloud_ms + costs->weights_ms;
}
