/* Operation counts by definition. */
#include "compute/plan/flops.h"

#include <string.h>

static double count_of(const struct instance *instance, uint32_t value)
{
    return value == GRAPH_NONE ? 0 : (double)tensor_count(&instance->tensors[value]);
}

static const struct shape *shape_of(const struct instance *instance, uint32_t value)
{
    return &instance->tensors[value].shape;
}

double node_flops(const struct instance *instance, uint32_t n)
{
    const struct node *node = &instance->graph->nodes[n];
    if (node->input_count == 0 || node->inputs[0] == GRAPH_NONE || node->outputs[0] == GRAPH_NONE)
        return 0;
    if (node->op->flags & (OP_VIEW | OP_OF_SHAPE))
        return 0;
    double in = count_of(instance, node->inputs[0]), out = count_of(instance, node->outputs[0]);
    const char *type = node->op_type;
    if (node->input_count > 1 && node->inputs[1] != GRAPH_NONE) {
        const struct shape *b = shape_of(instance, node->inputs[1]);
        double weights = count_of(instance, node->inputs[1]);
        if (strcmp(type, "Conv") == 0 && b->dims[0] > 0)
            return 2 * out * weights / (double)b->dims[0];
        if (strcmp(type, "ConvTranspose") == 0 && b->dims[0] > 0)
            return 2 * in * weights / (double)b->dims[0];
        const struct shape *a = shape_of(instance, node->inputs[0]);
        if (strcmp(type, "Gemm") == 0 && a->rank == 2)
            return 2 * out * (double)a->dims[node_int(node, "transA", 0) ? 0 : 1];
        if (strcmp(type, "MatMul") == 0 && a->rank > 0)
            return 2 * out * (double)a->dims[a->rank - 1];
    }
    bool is_recurrent =
        strcmp(type, "LSTM") == 0 || strcmp(type, "GRU") == 0 || strcmp(type, "RNN") == 0;
    if (is_recurrent && node->input_count > 2 && shape_of(instance, node->inputs[0])->rank == 3) {
        const struct shape *x = shape_of(instance, node->inputs[0]);
        double steps = (double)x->dims[0] * (double)x->dims[1];
        return 2 * steps *
               (count_of(instance, node->inputs[1]) + count_of(instance, node->inputs[2]));
    }
    return in > out ? in : out;
}
