/* Liveness at the boundaries between layers, legal cuts, and rows of a batch in a value. */
#include "compute/plan/cuts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The one dimension in which a value at batch 2 differs from itself at batch 1; -1 if none, -2 if
 * several or of another rank. */
static int growing_axis(const struct shape *one, const struct shape *two)
{
    if (one->rank != two->rank)
        return -2;
    int axis = -1;
    for (uint32_t d = 0; d < one->rank; d++) {
        if (one->dims[d] == two->dims[d])
            continue;
        if (axis >= 0 || two->dims[d] != 2 * one->dims[d])
            return -2;
        axis = (int)d;
    }
    return axis;
}

/* A batch merged with other dimensions (two: 2q instead of q) keeps its rows apart only where it
 * was outermost already, and the node did not move it. */
static bool keeps_leading(const struct cuts *cuts, const struct graph *graph, uint32_t value)
{
    uint32_t producer = graph->values[value].producer;
    if (producer == GRAPH_NONE)
        return false;
    const struct node *node = &graph->nodes[producer];
    static const char *const movers[] = {"Transpose", "Tile",         "Concat", "DepthToSpace",
                                         "Gather",    "SpaceToDepth", NULL};
    for (const char *const *mover = movers; *mover; mover++)
        if (strcmp(node->op_type, *mover) == 0)
            return false;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == GRAPH_NONE)
            continue;
        enum row_kind kind = cuts->rows[node->inputs[i]].kind;
        if (kind != ROWS_LEADING && kind != ROWS_SHARED)
            return false;
    }
    return true;
}

static struct value_rows rows_of(const struct cuts *cuts, const struct graph *graph,
                                 const struct instance *one, const struct instance *two,
                                 uint32_t value)
{
    const struct shape *a = &one->tensors[value].shape, *b = &two->tensors[value].shape;
    int axis = growing_axis(a, b);
    if (axis == -1)
        return (struct value_rows){.kind = ROWS_SHARED};
    if (axis == -2)
        return (struct value_rows){.kind = ROWS_MIXED};
    bool is_outermost = shape_span(a, 0, (uint32_t)axis) == 1;
    if (a->dims[axis] == 1)
        return (struct value_rows){.kind = is_outermost ? ROWS_LEADING : ROWS_AXIS,
                                   .axis = (uint32_t)axis};
    if (is_outermost && keeps_leading(cuts, graph, value))
        return (struct value_rows){.kind = ROWS_LEADING, .axis = (uint32_t)axis};
    return (struct value_rows){.kind = ROWS_MIXED};
}

static void find_lives(struct cuts *cuts, const struct graph *graph, const struct layers *layers)
{
    for (uint32_t v = 0; v < graph->value_count; v++) {
        cuts->first[v] = 1;
        cuts->last[v] = 0;
    }
    for (uint32_t i = 0; i < graph->input_count; i++)
        cuts->first[graph->inputs[i]] = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        uint32_t layer = layers->layer_of_node[n];
        if (layer == GRAPH_NONE)
            continue;
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != GRAPH_NONE)
                cuts->first[node->outputs[i]] = layer + 1;
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        uint32_t layer = layers->layer_of_node[n];
        if (layer == GRAPH_NONE)
            continue;
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != GRAPH_NONE && layer > cuts->last[node->inputs[i]])
                cuts->last[node->inputs[i]] = layer;
    }
    for (uint32_t i = 0; i < graph->output_count; i++)
        cuts->last[graph->outputs[i]] = layers->count;
}

static bool is_live(const struct cuts *cuts, const struct graph *graph, const struct instance *one,
                    uint32_t value, uint32_t boundary)
{
    bool exists = graph->values[value].is_input || graph->values[value].producer != GRAPH_NONE;
    return exists && !one->tensors[value].data && cuts->first[value] <= boundary &&
           cuts->last[value] >= boundary && boundary > 0;
}

static int add_cut(struct cuts *cuts, uint32_t boundary, const uint32_t *values, uint32_t count)
{
    struct cut *cut = &cuts->items[cuts->count];
    cut->values = calloc((size_t)count + 1, sizeof(*cut->values));
    if (!cut->values)
        return -ENOMEM;
    if (count > 0)
        memcpy(cut->values, values, count * sizeof(*values));
    cut->boundary = boundary;
    cut->count = count;
    cuts->count++;
    return 0;
}

static int find_cuts(struct cuts *cuts, const struct graph *graph, const struct layers *layers,
                     const struct instance *one, uint32_t max_tensors, uint32_t *live)
{
    int rc = add_cut(cuts, 0, graph->inputs, graph->input_count);
    /* Values in the order in which they come to be live; the list is kept from cut to cut. */
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->input_count; i++)
        live[count++] = graph->inputs[i];
    for (uint32_t k = 1; rc == 0 && k < layers->count; k++) {
        const struct layer *layer = &layers->items[k - 1];
        for (uint32_t i = 0; i < layer->node_count; i++) {
            const struct node *node = &graph->nodes[layer->nodes[i]];
            for (uint32_t o = 0; o < node->output_count; o++)
                if (node->outputs[o] != GRAPH_NONE)
                    live[count++] = node->outputs[o];
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++)
            if (is_live(cuts, graph, one, live[i], k))
                live[kept++] = live[i];
        count = kept;
        if (count <= max_tensors)
            rc = add_cut(cuts, k, live, count);
    }
    if (rc == 0)
        rc = add_cut(cuts, layers->count, graph->outputs, graph->output_count);
    return rc;
}

int cuts_init(struct cuts *cuts, const struct graph *graph, const struct layers *layers,
              const struct instance *one, const struct instance *two, uint32_t max_tensors)
{
    size_t values = (size_t)graph->value_count + 1;
    *cuts = (struct cuts){0};
    cuts->items = calloc((size_t)layers->count + 2, sizeof(*cuts->items));
    cuts->first = calloc(values, sizeof(*cuts->first));
    cuts->last = calloc(values, sizeof(*cuts->last));
    cuts->rows = calloc(values, sizeof(*cuts->rows));
    uint32_t *live = calloc(values * 2, sizeof(*live));
    int rc = -ENOMEM;
    if (!cuts->items || !cuts->first || !cuts->last || !cuts->rows || !live)
        goto done;
    find_lives(cuts, graph, layers);
    for (uint32_t i = 0; two && i < graph->input_count; i++)
        cuts->rows[graph->inputs[i]] = rows_of(cuts, graph, one, two, graph->inputs[i]);
    for (uint32_t n = 0; two && n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].output_count; i++)
            if (graph->nodes[n].outputs[i] != GRAPH_NONE)
                cuts->rows[graph->nodes[n].outputs[i]] =
                    rows_of(cuts, graph, one, two, graph->nodes[n].outputs[i]);
    rc = find_cuts(cuts, graph, layers, one, max_tensors, live);
done:
    free(live);
    if (rc)
        cuts_fini(cuts);
    return rc;
}

void cuts_fini(struct cuts *cuts)
{
    if (!cuts)
        return;
    for (uint32_t i = 0; cuts->items && i < cuts->count; i++) {
        free(cuts->items[i].values);
    }
    free(cuts->items);
    free(cuts->first);
    free(cuts->last);
    free(cuts->rows);
    *cuts = (struct cuts){0};
}
