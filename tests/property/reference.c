/* Node by node. */
#include "tests/property/reference.h"
#include "compute/onnx/onnx_load.h"

#include <stdlib.h>
#include <string.h>

bool reference_init(struct reference *reference, const char *path, int64_t batch,
                    struct graph_error *error)
{
    *reference = (struct reference){0};
    if (onnx_load(path, &reference->graph, error))
        return false;
    struct graph *graph = &reference->graph;
    for (uint32_t v = 0; v < graph->value_count; v++)
        if (graph_align(graph, v))
            return false;
    reference->is_static = calloc((size_t)graph->node_count + 1, sizeof(bool));
    reference->owned = calloc((size_t)graph->value_count + 1, sizeof(void *));
    instance_mark_static(graph, reference->is_static);
    struct instance_symbols symbols = {.batch_symbol = graph_batch_symbol(graph), .batch = batch};
    return instance_init(&reference->instance, graph, reference->is_static, &symbols, error) == 0;
}

static bool run_node(struct reference *reference, uint32_t n)
{
    struct instance *instance = &reference->instance;
    const struct node *node = &reference->graph.nodes[n];
    const struct tensor **inputs = calloc((size_t)node->input_count + 1, sizeof(*inputs));
    struct tensor **outputs = calloc((size_t)node->output_count + 1, sizeof(*outputs));
    struct op_call call;
    instance_call(instance, n, &call, inputs, outputs);
    bool is_fine = true;
    for (uint32_t i = 0; i < node->output_count && is_fine; i++) {
        if (!outputs[i])
            continue;
        size_t bytes = 0;
        tensor_bytes(outputs[i], &bytes);
        free(reference->owned[node->outputs[i]]);
        outputs[i]->data = aligned_alloc(64, (bytes / 64 + 1) * 64);
        reference->owned[node->outputs[i]] = outputs[i]->data;
        is_fine = outputs[i]->data != NULL;
    }
    call.scratch = aligned_alloc(64, (call.scratch_bytes / 64 + 1) * 64);
    if (is_fine && call.scratch)
        node->op->compute(&call);
    is_fine = is_fine && call.scratch;
    free(call.scratch);
    free(inputs);
    free(outputs);
    return is_fine;
}

bool reference_run(struct reference *reference, void *const *inputs)
{
    const struct graph *graph = &reference->graph;
    for (uint32_t i = 0; i < graph->input_count; i++)
        reference->instance.tensors[graph->inputs[i]].data = inputs[i];
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!reference->is_static[n] && !run_node(reference, n))
            return false;
    return true;
}

const struct tensor *reference_tensor(const struct reference *reference, const char *name)
{
    for (uint32_t v = 0; v < reference->graph.value_count; v++)
        if (strcmp(reference->graph.values[v].name, name) == 0)
            return &reference->instance.tensors[v];
    return NULL;
}

void reference_fini(struct reference *reference)
{
    for (uint32_t v = 0; reference->owned && v < reference->graph.value_count; v++)
        free(reference->owned[v]);
    free(reference->owned);
    free(reference->is_static);
    instance_fini(&reference->instance);
    graph_fini(&reference->graph);
}
