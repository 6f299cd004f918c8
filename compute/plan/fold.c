/* Constant folding and dead code. */
#include "compute/plan/fold.h"
#include "compute/ops/op.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Folding may grow the data (Expand, Tile), but not without bound: a constant may become this many
 * times the bytes it came from, plus a constant allowance. Beyond that it is computed in each run.
 */
#define GROWTH_MAX 4
#define ALLOWANCE_BYTES ((size_t)16 << 20)

static bool can_fold(const struct graph *graph, const struct node *node)
{
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GRAPH_NONE && !graph->values[node->inputs[i]].is_constant)
            return false;
    return true;
}

static bool is_worth_keeping(const struct op_call *call)
{
    size_t in = 0, out = call->scratch_bytes;
    for (uint32_t i = 0; i < call->input_count; i++) {
        size_t bytes = 0;
        if (call->inputs[i] && tensor_bytes(call->inputs[i], &bytes) == 0)
            in += bytes;
    }
    for (uint32_t i = 0; i < call->output_count; i++) {
        size_t bytes = 0;
        if (!call->outputs[i])
            continue;
        if (tensor_bytes(call->outputs[i], &bytes) || __builtin_add_overflow(out, bytes, &out))
            return false;
    }
    return out / GROWTH_MAX <= in + ALLOWANCE_BYTES / GROWTH_MAX;
}

/* Another view of the first input: Identity, Reshape. */
static bool is_same_bytes(const struct op_call *call)
{
    for (uint32_t i = 1; i < call->output_count; i++)
        if (call->outputs[i])
            return false;
    return (call->node->op->flags & OP_VIEW) && call->outputs[0];
}

static bool alloc_outputs(struct graph *graph, const struct op_call *call)
{
    for (uint32_t i = 0; i < call->output_count; i++) {
        size_t bytes;
        if (!call->outputs[i])
            continue;
        tensor_bytes(call->outputs[i], &bytes);
        call->outputs[i]->data = graph_alloc(graph, bytes);
        if (!call->outputs[i]->data)
            return false;
    }
    return true;
}

/* Infers and computes one node over graph constants. *is_folded tells whether it was done. */
static int fold_node(struct graph *graph, struct node *node, bool *is_folded,
                     struct graph_error *error)
{
    int rc = -ENOMEM;
    *is_folded = false;
    size_t tensor_count = (size_t)node->output_count + 1;
    const struct tensor **inputs = calloc((size_t)node->input_count + 1, sizeof(*inputs));
    struct tensor **outputs = calloc(tensor_count, sizeof(*outputs));
    struct tensor *made = calloc(tensor_count, sizeof(*made));
    void *params = calloc(1, node->op->params_bytes + 1);
    void *scratch = NULL;
    if (!inputs || !outputs || !made || !params)
        goto done;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == GRAPH_NONE)
            continue;
        if (!(node->op->flags & OP_VIEW) && graph_align(graph, node->inputs[i]))
            goto done;
        inputs[i] = &graph->values[node->inputs[i]].constant;
    }
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != GRAPH_NONE)
            outputs[i] = &made[i];
    struct op_call call = {.node = node,
                           .input_count = node->input_count,
                           .output_count = node->output_count,
                           .inputs = inputs,
                           .outputs = outputs,
                           .params = params,
                           .error = error};
    rc = node->op->infer(&call);
    if (rc || !is_worth_keeping(&call))
        goto done;
    rc = -ENOMEM;
    if (is_same_bytes(&call)) {
        outputs[0]->data = inputs[0]->data; /* as large as the weights: not copied */
    } else {
        scratch = aligned_alloc(64, (call.scratch_bytes / 64 + 1) * 64);
        if (!scratch || !alloc_outputs(graph, &call))
            goto done;
        call.scratch = scratch;
        node->op->compute(&call);
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (!outputs[i])
            continue;
        struct value *value = &graph->values[node->outputs[i]];
        value->is_constant = true;
        value->constant = *outputs[i];
        value->type = outputs[i]->type;
        value->producer = GRAPH_NONE;
    }
    *is_folded = true;
    rc = 0;
done:
    free(scratch);
    free(params);
    free(made);
    free(outputs);
    free(inputs);
    return rc;
}

/* Keeps the nodes that are marked, in order. */
static void keep_nodes(struct graph *graph, const bool *is_kept)
{
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        if (!is_kept[n])
            continue;
        graph->nodes[kept] = graph->nodes[n];
        for (uint32_t i = 0; i < graph->nodes[kept].output_count; i++)
            if (graph->nodes[kept].outputs[i] != GRAPH_NONE)
                graph->values[graph->nodes[kept].outputs[i]].producer = kept;
        kept++;
    }
    graph->node_count = kept;
}

int fold_constants(struct graph *graph, struct graph_error *error)
{
    bool *is_kept = calloc((size_t)graph->node_count + 1, sizeof(*is_kept));
    if (!is_kept)
        return graph_fail(error, -ENOMEM, "out of memory while folding constants");
    int rc = 0;
    for (uint32_t n = 0; n < graph->node_count && rc == 0; n++) {
        is_kept[n] = true;
        if (!can_fold(graph, &graph->nodes[n]))
            continue;
        bool is_folded;
        rc = fold_node(graph, &graph->nodes[n], &is_folded, error);
        is_kept[n] = !is_folded;
    }
    if (rc == 0)
        keep_nodes(graph, is_kept);
    else if (rc == -ENOMEM)
        graph_fail(error, rc, "out of memory while folding constants");
    free(is_kept);
    return rc;
}

int fold_dead_nodes(struct graph *graph)
{
    bool *is_used = calloc((size_t)graph->value_count + 1, sizeof(*is_used));
    bool *is_kept = calloc((size_t)graph->node_count + 1, sizeof(*is_kept));
    int rc = -ENOMEM;
    if (!is_used || !is_kept)
        goto done;
    for (uint32_t i = 0; i < graph->output_count; i++)
        is_used[graph->outputs[i]] = true;
    for (uint32_t n = graph->node_count; n-- > 0;) {
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != GRAPH_NONE && is_used[node->outputs[i]])
                is_kept[n] = true;
        for (uint32_t i = 0; is_kept[n] && i < node->input_count; i++)
            if (node->inputs[i] != GRAPH_NONE)
                is_used[node->inputs[i]] = true;
    }
    keep_nodes(graph, is_kept);
    rc = 0;
done:
    free(is_used);
    free(is_kept);
    return rc;
}

static bool is_packed(const struct node *node, uint32_t input)
{
    return input == 1 &&
           (strcmp(node->op_type, "Conv") == 0 || strcmp(node->op_type, "Gemm") == 0 ||
            strcmp(node->op_type, "MatMul") == 0);
}

int fold_align(struct graph *graph)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != GRAPH_NONE && !is_packed(node, i) &&
                graph_align(graph, node->inputs[i]))
                return -ENOMEM;
    }
    return 0;
}
