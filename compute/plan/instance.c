/* Shape inference over a whole graph, with evaluation of what shapes alone decide. */
#include "compute/plan/instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int own(struct instance *instance, void *memory)
{
    if (!memory)
        return -ENOMEM;
    if (instance->owned_count == instance->owned_capacity) {
        size_t capacity = instance->owned_capacity ? instance->owned_capacity * 2 : 64;
        void **grown = reallocarray(instance->owned, capacity, sizeof(*grown));
        if (!grown) {
            free(memory);
            return -ENOMEM;
        }
        instance->owned = grown;
        instance->owned_capacity = capacity;
    }
    instance->owned[instance->owned_count++] = memory;
    return 0;
}

static void *alloc_aligned(size_t bytes)
{
    size_t rounded = (bytes / 64 + 1) * 64;
    return aligned_alloc(64, rounded);
}

void instance_mark_static(const struct graph *graph, bool *is_static)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        bool all = true;
        for (uint32_t i = 0; i < node->input_count && all; i++) {
            uint32_t v = node->inputs[i];
            if (v == GRAPH_NONE || graph->values[v].is_constant)
                continue;
            uint32_t producer = graph->values[v].producer;
            all = producer != GRAPH_NONE && is_static[producer];
        }
        is_static[n] = all || (node->op->flags & OP_OF_SHAPE);
    }
}

const char *graph_symbol(const struct value *value, uint32_t axis, char text[GRAPH_SYMBOL_BYTES])
{
    const char *symbol = value->dimensions[axis].symbol;
    if (symbol[0])
        snprintf(text, GRAPH_SYMBOL_BYTES, "%s", symbol);
    else
        snprintf(text, GRAPH_SYMBOL_BYTES, "%s:%u", value->name, axis);
    return text;
}

static bool is_batch_name(const char *name)
{
    return strcmp(name, "batch") == 0 || strcmp(name, "batch_size") == 0 ||
           strcmp(name, "N") == 0 || strcmp(name, "n") == 0;
}

const char *graph_batch_symbol(const struct graph *graph)
{
    const char *only = NULL;
    bool is_only = true;
    const char *named = NULL;
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const struct value *value = &graph->values[graph->inputs[i]];
        for (uint32_t d = 0; d < value->dimension_count; d++) {
            const char *symbol = value->dimensions[d].symbol;
            if (!symbol)
                continue;
            if (is_batch_name(symbol) && !named)
                named = symbol;
            if (only && strcmp(only, symbol) != 0)
                is_only = false;
            only = only ? only : symbol;
        }
    }
    if (named)
        return named;
    if (graph->input_count > 0) {
        const struct value *first = &graph->values[graph->inputs[0]];
        if (first->dimension_count > 0 && first->dimensions[0].symbol)
            return first->dimensions[0].symbol;
    }
    return is_only ? only : NULL;
}

static int input_shape(const struct value *value, const struct instance_symbols *symbols,
                       struct shape *shape, struct graph_error *error)
{
    if (!value->has_dimensions)
        return graph_fail(error, -EINVAL, "input '%s' has no shape in the file; export it with one",
                          value->name);
    if (value->dimension_count > TENSOR_MAX_RANK)
        return graph_fail(error, -EINVAL, "input '%s' has %u dimensions; at most %d are supported",
                          value->name, value->dimension_count, TENSOR_MAX_RANK);
    shape->rank = value->dimension_count;
    bool has_unnamed = false;
    for (uint32_t d = 0; d < shape->rank; d++) {
        const struct dimension *dimension = &value->dimensions[d];
        shape->dims[d] = dimension->value;
        if (!dimension->symbol)
            continue;
        char symbol[GRAPH_SYMBOL_BYTES];
        graph_symbol(value, d, symbol);
        bool is_known = false;
        for (size_t s = 0; s < symbols->count && !is_known; s++)
            if (strcmp(symbols->names[s], symbol) == 0) {
                shape->dims[d] = symbols->values[s];
                is_known = true;
            }
        bool can_be_batch = dimension->symbol[0] || !has_unnamed;
        has_unnamed = has_unnamed || !dimension->symbol[0];
        if (!is_known && can_be_batch && symbols->batch_symbol &&
            strcmp(symbols->batch_symbol, dimension->symbol) == 0) {
            shape->dims[d] = symbols->batch;
            is_known = true;
        }
        if (!is_known)
            return graph_fail(error, -EINVAL,
                              "dimension %u of input '%s' is open ('%s'); give it a number "
                              "(--dim %s=NUMBER)",
                              d, value->name, symbol, symbol);
        if (shape->dims[d] < 0)
            return graph_fail(error, -EINVAL, "dimension '%s' of input '%s' is negative", symbol,
                              value->name);
    }
    return 0;
}

void instance_call(const struct instance *instance, uint32_t n, struct op_call *call,
                   const struct tensor **inputs, struct tensor **outputs)
{
    const struct node *node = &instance->graph->nodes[n];
    for (uint32_t i = 0; i < node->input_count; i++)
        inputs[i] = node->inputs[i] == GRAPH_NONE ? NULL : &instance->tensors[node->inputs[i]];
    for (uint32_t i = 0; i < node->output_count; i++)
        outputs[i] = node->outputs[i] == GRAPH_NONE ? NULL : &instance->tensors[node->outputs[i]];
    *call = (struct op_call){
        .node = node,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .inputs = inputs,
        .outputs = outputs,
        .params = instance->params[n],
        .scratch_bytes = instance->scratch_bytes[n],
    };
}

/* Computes a static node's outputs into memory of the instance. */
static int evaluate(struct instance *instance, struct op_call *call, struct graph_error *error)
{
    for (uint32_t i = 0; i < call->output_count; i++) {
        struct tensor *output = call->outputs[i];
        if (!output)
            continue;
        size_t bytes;
        if (tensor_bytes(output, &bytes) ||
            bytes > INSTANCE_STATIC_BYTES_MAX - instance->static_bytes)
            return graph_fail(error, -EFBIG,
                              "%s node '%s': what follows from shapes alone takes more than %zu "
                              "MiB in this network",
                              call->node->op_type, call->node->name,
                              INSTANCE_STATIC_BYTES_MAX >> 20);
        instance->static_bytes += bytes;
        output->data = alloc_aligned(bytes);
        int rc = own(instance, output->data);
        if (rc)
            return rc;
    }
    if (call->scratch_bytes > INSTANCE_STATIC_BYTES_MAX)
        return graph_fail(error, -EFBIG, "%s node '%s' needs too much memory to evaluate",
                          call->node->op_type, call->node->name);
    void *scratch = alloc_aligned(call->scratch_bytes);
    if (!scratch)
        return -ENOMEM;
    call->scratch = scratch;
    call->node->op->compute(call);
    free(scratch);
    return 0;
}

static int infer_node(struct instance *instance, uint32_t n, bool is_static,
                      struct graph_error *error)
{
    const struct node *node = &instance->graph->nodes[n];
    if (node->op->params_bytes > 0) {
        void *params = alloc_aligned(node->op->params_bytes);
        int rc = own(instance, params);
        if (rc)
            return rc;
        memset(params, 0, node->op->params_bytes);
        instance->params[n] = params;
    }
    const struct tensor **inputs = calloc((size_t)node->input_count + 1, sizeof(*inputs));
    struct tensor **outputs = calloc((size_t)node->output_count + 1, sizeof(*outputs));
    int rc = -ENOMEM;
    if (!inputs || !outputs)
        goto free_lists;
    struct op_call call;
    instance_call(instance, n, &call, inputs, outputs);
    call.error = error;
    rc = node->op->infer(&call);
    instance->scratch_bytes[n] = call.scratch_bytes;
    for (uint32_t i = 0; rc == 0 && i < call.output_count; i++) {
        size_t bytes;
        if (outputs[i] && tensor_bytes(outputs[i], &bytes))
            rc = graph_fail(error, -EOVERFLOW, "%s node '%s': output %u is too large",
                            node->op_type, node->name, i);
    }
    if (rc == 0 && is_static)
        rc = evaluate(instance, &call, error);
free_lists:
    free(inputs);
    free(outputs);
    return rc;
}

int instance_init(struct instance *instance, const struct graph *graph, const bool *is_static,
                  const struct instance_symbols *symbols, struct graph_error *error)
{
    if (error)
        error->text[0] = '\0';
    *instance = (struct instance){.graph = graph, .batch = symbols->batch};
    instance->tensors = calloc((size_t)graph->value_count + 1, sizeof(*instance->tensors));
    instance->params = calloc((size_t)graph->node_count + 1, sizeof(*instance->params));
    instance->scratch_bytes = calloc((size_t)graph->node_count + 1, sizeof(size_t));
    int rc = -ENOMEM;
    if (!instance->tensors || !instance->params || !instance->scratch_bytes)
        goto fail;
    for (uint32_t v = 0; v < graph->value_count; v++)
        if (graph->values[v].is_constant)
            instance->tensors[v] = graph->values[v].constant;
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const struct value *value = &graph->values[graph->inputs[i]];
        struct tensor *tensor = &instance->tensors[graph->inputs[i]];
        tensor->type = value->type;
        rc = input_shape(value, symbols, &tensor->shape, error);
        if (rc)
            goto fail;
        size_t bytes;
        rc = tensor_bytes(tensor, &bytes);
        if (rc) {
            graph_fail(error, rc, "input '%s' is too large", value->name);
            goto fail;
        }
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        rc = infer_node(instance, n, is_static[n], error);
        if (rc)
            goto fail;
    }
    return 0;
fail:
    if (rc == -ENOMEM)
        graph_fail(error, rc, "out of memory while inferring shapes");
    instance_fini(instance);
    return rc;
}

void instance_fini(struct instance *instance)
{
    if (!instance)
        return;
    for (size_t i = 0; i < instance->owned_count; i++)
        free(instance->owned[i]);
    free(instance->owned);
    free(instance->tensors);
    free(instance->params);
    free(instance->scratch_bytes);
    *instance = (struct instance){0};
}
