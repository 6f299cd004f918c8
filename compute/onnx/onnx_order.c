/* Kahn's algorithm with a heap: always the first node of the file among those that can run. */
#include "compute/onnx/onnx_order.h"

#include "compute/onnx/onnx_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Working memory: who waits for whom. */
struct order {
    const struct graph *graph;
    uint32_t *waiting; /* by node: inputs whose producers have not run */
    uint32_t *reader_start; /* by node: its range in readers; node_count + 1 entries */
    uint32_t *readers; /* nodes that read a node's outputs, once per edge */
    uint32_t *heap; /* nodes that can run, the smallest number on top */
    uint32_t heap_count;
    uint32_t *sequence; /* the result */
    uint32_t sequence_count;
};

static void heap_push(struct order *order, uint32_t node)
{
    uint32_t i = order->heap_count++;
    for (; i > 0 && order->heap[(i - 1) / 2] > node; i = (i - 1) / 2)
        order->heap[i] = order->heap[(i - 1) / 2];
    order->heap[i] = node;
}

static uint32_t heap_pop(struct order *order)
{
    uint32_t top = order->heap[0], last = order->heap[--order->heap_count], i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= order->heap_count)
            break;
        if (child + 1 < order->heap_count && order->heap[child + 1] < order->heap[child])
            child++;
        if (order->heap[child] >= last)
            break;
        order->heap[i] = order->heap[child];
        i = child;
    }
    order->heap[i] = last;
    return top;
}

/* The node that makes input i of node, or GRAPH_NONE. */
static uint32_t producer_of(const struct graph *graph, const struct node *node, uint32_t i)
{
    return node->inputs[i] == GRAPH_NONE ? GRAPH_NONE : graph->values[node->inputs[i]].producer;
}

static int check_defined(const struct onnx_reader *reader)
{
    const struct graph *graph = reader->graph;
    char text[350];
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++) {
            if (node->inputs[i] == GRAPH_NONE)
                continue;
            const struct value *value = &graph->values[node->inputs[i]];
            if (value->producer == GRAPH_NONE && !value->is_input && !value->is_constant)
                return onnx_fail(reader, -ENOENT,
                                 "%s reads '%.250s', which is no input, no initializer and no "
                                 "node's output",
                                 onnx_node_print(node, text, sizeof(text)), value->name);
        }
    }
    return 0;
}

/* Counts edges into waiting, and lists each node's readers. */
static void link_readers(struct order *order)
{
    const struct graph *graph = order->graph;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++) {
            uint32_t producer = producer_of(graph, &graph->nodes[n], i);
            if (producer == GRAPH_NONE)
                continue;
            order->waiting[n]++;
            order->reader_start[producer + 1]++;
        }
    for (uint32_t n = 0; n < graph->node_count; n++)
        order->reader_start[n + 1] += order->reader_start[n];
    /* Fill from the back of each range; the starts move down to where they belong. */
    for (uint32_t n = 0; n < graph->node_count; n++)
        order->sequence[n] = order->reader_start[n + 1];
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++) {
            uint32_t producer = producer_of(graph, &graph->nodes[n], i);
            if (producer != GRAPH_NONE)
                order->readers[--order->sequence[producer]] = n;
        }
}

static void run_kahn(struct order *order)
{
    for (uint32_t n = 0; n < order->graph->node_count; n++)
        if (order->waiting[n] == 0)
            heap_push(order, n);
    while (order->heap_count > 0) {
        uint32_t node = heap_pop(order);
        order->sequence[order->sequence_count++] = node;
        for (uint32_t i = order->reader_start[node]; i < order->reader_start[node + 1]; i++)
            if (--order->waiting[order->readers[i]] == 0)
                heap_push(order, order->readers[i]);
    }
}

/* Names a cycle: from any node that could not run, go back along inputs that could not either.
 * After as many steps as there are nodes we stand on a cycle. */
static int fail_cycle(const struct onnx_reader *reader, struct order *order)
{
    const struct graph *graph = order->graph;
    uint32_t *before = order->heap; /* free by now: by node, one of those that it waits for */
    uint32_t at = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        at = order->waiting[n] ? n : at;
        before[n] = n;
        for (uint32_t i = 0; i < node->input_count && order->waiting[n]; i++) {
            uint32_t producer = producer_of(graph, node, i);
            if (producer != GRAPH_NONE && order->waiting[producer])
                before[n] = producer;
        }
    }
    for (uint32_t step = 0; step < graph->node_count; step++)
        at = before[at];
    char text[1024];
    snprintf(text, sizeof(text), "'%.60s'", graph->nodes[at].name);
    uint32_t last = at, shown = 1;
    for (at = before[at]; at != last && shown < 8; at = before[at], shown++) {
        char longer[1024]; /* written from its end, so that it reads forwards */
        snprintf(longer, sizeof(longer), "'%.60s' -> %.900s", graph->nodes[at].name, text);
        memcpy(text, longer, sizeof(text));
    }
    return onnx_fail(reader, -ELOOP, "the nodes run in a cycle: %s'%.60s' -> %s",
                     at == last ? "" : "... ", graph->nodes[at].name, text);
}

/* Moves the nodes to their new places and tells the values. */
static int apply(const struct onnx_reader *reader, const struct order *order)
{
    struct graph *graph = reader->graph;
    bool is_sorted = true;
    for (uint32_t n = 0; n < graph->node_count; n++)
        is_sorted = is_sorted && order->sequence[n] == n;
    if (is_sorted)
        return 0;
    struct node *copy = malloc(graph->node_count * sizeof(*copy));
    if (!copy)
        return onnx_no_memory(reader);
    memcpy(copy, graph->nodes, graph->node_count * sizeof(*copy));
    for (uint32_t n = 0; n < graph->node_count; n++) {
        graph->nodes[n] = copy[order->sequence[n]];
        for (uint32_t i = 0; i < graph->nodes[n].output_count; i++)
            if (graph->nodes[n].outputs[i] != GRAPH_NONE)
                graph->values[graph->nodes[n].outputs[i]].producer = n;
    }
    free(copy);
    return 0;
}

int onnx_order_nodes(struct onnx_reader *reader)
{
    const struct graph *graph = reader->graph;
    int rc = check_defined(reader);
    if (rc)
        return rc;
    size_t nodes = graph->node_count, edges = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        edges += graph->nodes[n].input_count;
    if (edges > UINT32_MAX)
        return onnx_fail(reader, -EFBIG, "the graph has more than %u edges", UINT32_MAX);
    /* waiting, heap and sequence; reader_start; readers */
    uint32_t *memory = calloc(nodes * 4 + 1 + edges, sizeof(*memory));
    if (!memory)
        return onnx_no_memory(reader);
    struct order order = {
        .graph = graph,
        .waiting = memory,
        .heap = memory + nodes,
        .sequence = memory + 2 * nodes,
        .reader_start = memory + 3 * nodes,
        .readers = memory + 4 * nodes + 1,
    };
    link_readers(&order);
    run_kahn(&order);
    rc = order.sequence_count < nodes ? fail_cycle(reader, &order) : apply(reader, &order);
    free(memory);
    return rc;
}
