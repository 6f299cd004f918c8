/* Grouping nodes into layers; the rule is in the header. */
#include "compute/plan/layers.h"
#include "compute/ops/op.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct grouping {
    const struct graph *graph;
    const bool *is_static;
    uint32_t *readers; /* per value: how many node inputs and graph outputs read it */
    uint32_t *result; /* per layer: its present result (a value), or GRAPH_NONE */
    uint32_t *layer_of; /* per node */
    uint32_t *members; /* per layer: nodes in it */
    uint32_t layer_count;
};

static bool is_joining(const struct node *node)
{
    static const char *const kinds[] = {
        "BatchNormalization", "Add", "Sub", "Mul", "Div", "Sum", "Clip", "PRelu", NULL};
    if (node->op->flags & (OP_VIEW | OP_UNARY))
        return true;
    for (const char *const *kind = kinds; *kind; kind++)
        if (strcmp(node->op_type, *kind) == 0)
            return true;
    return false;
}

/* Layer that made the value, GRAPH_NONE for inputs, constants and static values. */
static uint32_t maker(const struct grouping *g, uint32_t value)
{
    uint32_t producer = g->graph->values[value].producer;
    return producer == GRAPH_NONE ? GRAPH_NONE : g->layer_of[producer];
}

/* The layer that node n may join, or GRAPH_NONE. */
static uint32_t joinable(const struct grouping *g, const struct node *node)
{
    if (!is_joining(node) || node->input_count == 0)
        return GRAPH_NONE;
    uint32_t best = GRAPH_NONE;
    for (uint32_t i = 0; i < node->input_count; i++) {
        uint32_t v = node->inputs[i];
        if (v == GRAPH_NONE)
            continue;
        uint32_t layer = maker(g, v);
        if (layer != GRAPH_NONE && (best == GRAPH_NONE || layer > best))
            best = layer;
    }
    if (best == GRAPH_NONE)
        return GRAPH_NONE;
    uint32_t result = g->result[best];
    if (result == GRAPH_NONE || g->readers[result] != 1)
        return GRAPH_NONE;
    for (uint32_t i = 0; i < node->input_count; i++) {
        uint32_t v = node->inputs[i];
        if (v != GRAPH_NONE && maker(g, v) == best && v != result)
            return GRAPH_NONE;
    }
    return best;
}

static int group(struct grouping *g)
{
    for (uint32_t n = 0; n < g->graph->node_count; n++) {
        const struct node *node = &g->graph->nodes[n];
        g->layer_of[n] = GRAPH_NONE;
        if (g->is_static[n])
            continue;
        uint32_t layer = joinable(g, node);
        if (layer == GRAPH_NONE)
            layer = g->layer_count++;
        g->layer_of[n] = layer;
        g->members[layer]++;
        uint32_t used = 0;
        g->result[layer] = GRAPH_NONE;
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != GRAPH_NONE && g->readers[node->outputs[i]] > 0) {
                used++;
                g->result[layer] = node->outputs[i];
            }
        if (used != 1) /* several results: nobody joins */
            g->result[layer] = GRAPH_NONE;
    }
    return 0;
}

static char *join_types(const struct graph *graph, const struct layer *layer)
{
    size_t bytes = 1;
    for (uint32_t i = 0; i < layer->node_count; i++)
        bytes += strlen(graph->nodes[layer->nodes[i]].op_type) + 1;
    char *type = malloc(bytes);
    if (!type)
        return NULL;
    size_t used = 0;
    for (uint32_t i = 0; i < layer->node_count; i++) {
        const char *text = graph->nodes[layer->nodes[i]].op_type;
        size_t length = strlen(text);
        if (i > 0)
            type[used++] = '+';
        memcpy(type + used, text, length);
        used += length;
    }
    type[used] = '\0';
    return type;
}

static int collect(struct layers *layers, const struct grouping *g)
{
    const struct graph *graph = g->graph;
    layers->count = g->layer_count;
    layers->items = calloc((size_t)g->layer_count + 1, sizeof(*layers->items));
    layers->nodes = calloc((size_t)graph->node_count + 1, sizeof(*layers->nodes));
    if (!layers->items || !layers->nodes)
        return -ENOMEM;
    uint32_t at = 0;
    for (uint32_t l = 0; l < layers->count; l++) {
        layers->items[l].nodes = layers->nodes + at;
        at += g->members[l];
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        if (g->layer_of[n] == GRAPH_NONE)
            continue;
        struct layer *layer = &layers->items[g->layer_of[n]];
        layer->nodes[layer->node_count++] = n;
    }
    for (uint32_t l = 0; l < layers->count; l++) {
        struct layer *layer = &layers->items[l];
        layer->name = strdup(graph->nodes[layer->nodes[0]].name);
        layer->type = join_types(graph, layer);
        if (!layer->name || !layer->type)
            return -ENOMEM;
    }
    return 0;
}

int layers_init(struct layers *layers, const struct graph *graph, const bool *is_static)
{
    *layers = (struct layers){0};
    size_t nodes = (size_t)graph->node_count + 1;
    struct grouping g = {.graph = graph, .is_static = is_static};
    g.readers = calloc((size_t)graph->value_count + 1, sizeof(*g.readers));
    g.result = calloc(nodes, sizeof(*g.result));
    g.members = calloc(nodes, sizeof(*g.members));
    g.layer_of = layers->layer_of_node = calloc(nodes, sizeof(*g.layer_of));
    int rc = -ENOMEM;
    if (!g.readers || !g.result || !g.members || !g.layer_of)
        goto done;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; !is_static[n] && i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != GRAPH_NONE)
                g.readers[graph->nodes[n].inputs[i]]++;
    for (uint32_t i = 0; i < graph->output_count; i++)
        g.readers[graph->outputs[i]] += 2; /* seen from outside: nobody may join it away */
    rc = group(&g);
    if (rc == 0)
        rc = collect(layers, &g);
done:
    free(g.readers);
    free(g.result);
    free(g.members);
    if (rc)
        layers_fini(layers);
    return rc;
}

void layers_fini(struct layers *layers)
{
    if (!layers)
        return;
    for (uint32_t l = 0; layers->items && l < layers->count; l++) {
        free(layers->items[l].name);
        free(layers->items[l].type);
    }
    free(layers->items);
    free(layers->nodes);
    free(layers->layer_of_node);
    *layers = (struct layers){0};
}
