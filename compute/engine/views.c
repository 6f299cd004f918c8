/* What a model shows of itself: its layers, what they read, and its cuts. */
#include "compute/engine/model.h"
#include "compute/plan/flops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct engine_tensor view_tensor(const struct engine_model *model, uint32_t value)
{
    const struct tensor *tensor = &model->one.tensors[value];
    const struct value_rows *rows = &model->cuts.rows[value];
    bool has_rows = model->has_batch && (rows->kind == ROWS_LEADING || rows->kind == ROWS_AXIS);
    struct engine_tensor view = {.name = model->graph.values[value].name,
                                 .type = tensor->type,
                                 .shape = tensor->shape,
                                 .batch_axis = has_rows ? (int)rows->axis : -1};
    tensor_bytes(tensor, &view.bytes);
    return view;
}

/* Calls visit for each value that the layer's nodes read, in order; one that several nodes read, as
 * often. */
static void visit_reads(const struct engine_model *model, uint32_t layer,
                        void (*visit)(void *arg, uint32_t value), void *arg)
{
    const struct layer *nodes = &model->layers.items[layer];
    for (uint32_t i = 0; i < nodes->node_count; i++) {
        const struct node *node = &model->graph.nodes[nodes->nodes[i]];
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE)
                visit(arg, node->inputs[k]);
    }
}

/* Collects one layer's uses and weights; seen holds, per value, the last layer that read it. */
struct reading {
    const struct engine_model *model;
    uint32_t layer; /* counted from 1 */
    uint32_t *seen;
    struct engine_use *uses; /* room at its end; NULL: only count */
    uint32_t use_count;
    size_t weight_bytes;
};

static void read_value(void *arg, uint32_t value)
{
    struct reading *reading = arg;
    if (reading->seen[value] == reading->layer)
        return;
    reading->seen[value] = reading->layer;
    const struct engine_model *model = reading->model;
    const struct tensor *tensor = &model->one.tensors[value];
    size_t bytes;
    if (model->graph.values[value].is_constant) {
        /* Integers are shapes and axes, scalars are settings such as a clip's bounds. */
        if (tensor->type == TENSOR_F32 && tensor->shape.rank > 0 && !tensor_bytes(tensor, &bytes))
            reading->weight_bytes += bytes;
        return;
    }
    uint32_t made = model->cuts.first[value];
    if (tensor->data || made >= reading->layer || made > model->cuts.last[value])
        return;
    if (reading->uses)
        reading->uses[reading->use_count] =
            (struct engine_use){.from = made, .tensor = view_tensor(model, value)};
    reading->use_count++;
}

/* One input channel per group, and several groups. */
static bool is_depthwise(const struct engine_model *model, uint32_t layer)
{
    const struct node *node = &model->graph.nodes[model->layers.items[layer].nodes[0]];
    if (strcmp(node->op_type, "Conv") != 0 || node->input_count < 2 ||
        node->inputs[1] == GRAPH_NONE)
        return false;
    const struct shape *weights = &model->one.tensors[node->inputs[1]].shape;
    return node_int(node, "group", 1) > 1 && weights->rank > 1 && weights->dims[1] == 1;
}

static double layer_flops(const struct engine_model *model, uint32_t layer)
{
    const struct layer *nodes = &model->layers.items[layer];
    double flops = 0;
    for (uint32_t i = 0; i < nodes->node_count; i++)
        flops += node_flops(&model->one, nodes->nodes[i]);
    return flops;
}

/* All layers' uses lie one after another: counted first, then written. */
static int view_layers(struct engine_model *model)
{
    const uint32_t count = model->layers.count;
    struct reading reading = {.model = model};
    model->layer_views = calloc((size_t)count + 1, sizeof(*model->layer_views));
    reading.seen = calloc((size_t)model->graph.value_count + 1, sizeof(*reading.seen));
    if (!model->layer_views || !reading.seen)
        goto done;
    for (uint32_t l = 0; l < count; l++) {
        reading.layer = l + 1;
        visit_reads(model, l, read_value, &reading);
    }
    model->use_views = calloc((size_t)reading.use_count + 1, sizeof(*model->use_views));
    if (!model->use_views)
        goto done;
    memset(reading.seen, 0, model->graph.value_count * sizeof(*reading.seen));
    struct engine_use *uses = model->use_views;
    for (uint32_t l = 0; l < count; l++) {
        reading =
            (struct reading){.model = model, .layer = l + 1, .seen = reading.seen, .uses = uses};
        visit_reads(model, l, read_value, &reading);
        model->layer_views[l] = (struct engine_layer){.name = model->layers.items[l].name,
                                                      .type = model->layers.items[l].type,
                                                      .flops = layer_flops(model, l),
                                                      .weight_bytes = reading.weight_bytes,
                                                      .is_depthwise = is_depthwise(model, l),
                                                      .use_count = reading.use_count,
                                                      .uses = uses};
        uses += reading.use_count;
    }
done:
    free(reading.seen);
    return model->use_views ? 0 : -ENOMEM;
}

static int view_cuts(struct engine_model *model)
{
    const struct cuts *cuts = &model->cuts;
    size_t tensors = 0;
    for (uint32_t k = 0; k < cuts->count; k++)
        tensors += cuts->items[k].count;
    model->cut_views = calloc((size_t)cuts->count + 1, sizeof(*model->cut_views));
    struct engine_tensor *view = calloc(tensors + 1, sizeof(*view));
    model->tensor_views = view;
    if (!model->cut_views || !view)
        return -ENOMEM;
    for (uint32_t k = 0; k < cuts->count; k++) {
        const struct cut *cut = &cuts->items[k];
        const struct layer *layers = model->layers.items;
        model->cut_views[k] = (struct engine_cut){
            .name = cut->boundary == 0 ? "input" : layers[cut->boundary - 1].name,
            .layer_count = cut->boundary,
            .tensor_count = cut->count,
            .tensors = view};
        for (uint32_t t = 0; t < cut->count; t++)
            *view++ = view_tensor(model, cut->values[t]);
    }
    return 0;
}

int model_view(struct engine_model *model)
{
    int rc = view_layers(model);
    return rc ? rc : view_cuts(model);
}

uint32_t engine_model_cut_count(const struct engine_model *model)
{
    return model->cuts.count;
}

const struct engine_cut *engine_model_cut(const struct engine_model *model, uint32_t cut)
{
    return cut < model->cuts.count ? &model->cut_views[cut] : NULL;
}

uint32_t engine_model_layer_count(const struct engine_model *model)
{
    return model->layers.count;
}

const struct engine_layer *engine_model_layer(const struct engine_model *model, uint32_t layer)
{
    return layer < model->layers.count ? &model->layer_views[layer] : NULL;
}

bool engine_model_has_batch(const struct engine_model *model)
{
    return model->has_batch;
}
