/* Listing a file's inputs without planning it. */
#include "compute/engine/model.h"
#include "compute/onnx/onnx_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a node reads the value where its numbers decide a shape. */
static bool decides_shapes(const struct graph *graph, uint32_t value)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count && i < 32; i++)
            if (node->inputs[i] == value && (node->op->shape_inputs & (1u << i)))
                return true;
    }
    return false;
}

static void describe(const struct graph *graph, uint32_t number, struct engine_input *input)
{
    const struct value *value = &graph->values[number];
    const char *batch = graph_batch_symbol(graph);
    *input = (struct engine_input){.type = value->type,
                                   .rank = value->has_dimensions ? (int)value->dimension_count : -1,
                                   .batch_axis = -1,
                                   .decides_shapes = decides_shapes(graph, number)};
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
    *count = graph.input_count;
    for (uint32_t i = 0; i < graph.input_count && i < capacity; i++)
        describe(&graph, graph.inputs[i], &inputs[i]);
    graph_fini(&graph);
    return 0;
}
