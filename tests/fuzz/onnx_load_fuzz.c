/* Fuzz target: ONNX models in memory, their shapes at batch 1 and 3, layers and cuts. */
#include "compute/onnx/onnx_load.h"
#include "compute/plan/cuts.h"
#include "compute/plan/fold.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static void check_error(const struct graph_error *error)
{
    require(error->text[0] != '\0' && !strchr(error->text, '\n'));
}

/* What every graph that was loaded promises (compute/graph/graph.h). */
static void check_graph(const struct graph *graph)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        require(node->op && node->name[0] && node->op_type[0] && node->domain);
        for (uint32_t i = 0; i < node->input_count; i++) {
            if (node->inputs[i] == GRAPH_NONE)
                continue;
            require(node->inputs[i] < graph->value_count);
            const struct value *value = &graph->values[node->inputs[i]];
            require(value->producer == GRAPH_NONE ? value->is_input || value->is_constant
                                                  : value->producer < n);
        }
        for (uint32_t i = 0; i < node->output_count; i++)
            require(node->outputs[i] == GRAPH_NONE ||
                    graph->values[node->outputs[i]].producer == n);
    }
    for (uint32_t v = 0; v < graph->value_count; v++) {
        const struct value *value = &graph->values[v];
        size_t bytes;
        if (!value->is_constant)
            continue;
        require(tensor_bytes(&value->constant, &bytes) == 0 && value->constant.data);
        /* Only large float weights may stay where they are not aligned (graph_align). */
        require((uintptr_t)value->constant.data % tensor_type_bytes(value->type) == 0 ||
                (value->type == TENSOR_F32 && bytes >= 65536));
        /* Reads every element: a constant that lies outside its memory shows here. */
        void *copy = malloc(bytes ? bytes : 1);
        require(copy != NULL);
        memcpy(copy, value->constant.data, bytes);
        free(copy);
    }
    require(graph->output_count > 0);
}

static void infer(const struct graph *graph, const bool *is_static, int64_t batch,
                  struct instance *instance, bool *is_good)
{
    struct graph_error error = {{0}};
    struct instance_symbols symbols = {.batch_symbol = graph_batch_symbol(graph), .batch = batch};
    *is_good = instance_init(instance, graph, is_static, &symbols, &error) == 0;
    if (!*is_good)
        check_error(&error);
}

static void plan(const struct graph *graph)
{
    bool *is_static = calloc(graph->node_count + 1, sizeof(*is_static));
    require(is_static != NULL);
    instance_mark_static(graph, is_static);
    struct instance one = {0}, three = {0};
    bool has_one, has_three;
    struct layers layers = {0};
    struct cuts cuts = {0};
    infer(graph, is_static, 1, &one, &has_one);
    infer(graph, is_static, 3, &three, &has_three);
    if (has_one && layers_init(&layers, graph, is_static) == 0) {
        if (cuts_init(&cuts, graph, &layers, &one, NULL, 1) == 0)
            cuts_fini(&cuts);
        layers_fini(&layers);
    }
    if (has_three)
        instance_fini(&three);
    if (has_one)
        instance_fini(&one);
    free(is_static);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct graph graph;
    struct graph_error error = {{0}};
    if (onnx_load_memory(bytes, size, NULL, &graph, &error)) {
        check_error(&error);
        require(!graph.values && !graph.nodes && graph.owned_count == 0);
        return 0;
    }
    check_graph(&graph);
    if (fold_constants(&graph, &error) == 0 && fold_dead_nodes(&graph) == 0 &&
        fold_align(&graph) == 0)
        plan(&graph);
    graph_fini(&graph);
    return 0;
}
