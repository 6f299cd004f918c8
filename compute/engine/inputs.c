/* Listing a file's inputs without planning it. */
#include "compute/engine/model.h"
#include "compute/onnx/onnx_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Marks the values whose numbers decide a shape, directly or through what is computed from them. */
static bool *mark_deciding(const struct graph *graph)
{
    bool *is_deciding = calloc((size_t)graph->value_count + 1, sizeof(*is_deciding));
    for (uint32_t n = graph->node_count; is_deciding && n-- > 0;) {
        const struct node *node = &graph->nodes[n];
        bool is_source = false; /* of a value that is marked already */
        for (uint32_t o = 0; o < node->output_count; o++)
            is_source =
                is_source || (node->outputs[o] != GRAPH_NONE && is_deciding[node->outputs[o]]);
        if (node->op->flags & OP_OF_SHAPE)
            is_source = false;
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != GRAPH_NONE &&
                (is_source || (i < 32 && (node->op->shape_inputs & (1u << i)))))
                is_deciding[node->inputs[i]] = true;
    }
    return is_deciding;
}

static void describe(const struct graph *graph, uint32_t number, bool decides_shapes,
                     struct engine_input *input)
{
    const struct value *value = &graph->values[number];
    const char *batch = graph_batch_symbol(graph);
    *input = (struct engine_input){.type = value->type,
                                   .rank = value->has_dimensions ? (int)value->dimension_count : -1,
                                   .batch_axis = -1,
                                   .decides_shapes = decides_shapes};
    snprintf(input->name, sizeof(input->name), "%s", value->name);
    for (uint32_t d = 0; d < value->dimension_count && d < TENSOR_MAX_RANK; d++) {
        const struct dimension *dimension = &value->dimensions[d];
        input->dims[d] = dimension->value;
        if (!dimension->symbol)
            continue;
        graph_symbol(value, d, input->symbols[d]);
        if (batch && input->batch_axis < 0 && strcmp(batch, dimension->symbol) == 0)
            input->batch_axis = (int)d;
    }
}

int engine_list_inputs(const char *path, struct engine_input *inputs, size_t capacity,
                       size_t *count, struct engine_error *error)
{
    struct graph graph;
    struct graph_error cause = {0};
    int rc = onnx_load(path, &graph, &cause);
    if (rc)
        return model_fail(error, rc, strncmp(cause.text, path, strlen(path)) ? path : NULL, &cause);
    bool *is_deciding = mark_deciding(&graph);
    *count = graph.input_count;
    for (uint32_t i = 0; is_deciding && i < graph.input_count && i < capacity; i++)
        describe(&graph, graph.inputs[i], is_deciding[graph.inputs[i]], &inputs[i]);
    if (!is_deciding)
        rc = model_fail(error, -ENOMEM, path, NULL);
    free(is_deciding);
    graph_fini(&graph);
    return rc;
}
