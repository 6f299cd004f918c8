/* What follows a convolution or a matrix product in its layer, folded into its weights or done in
 * its epilogue: batch norm, constants per channel, one residual tensor, one activation. */
#include "compute/plan/lowering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A scalar constant input (or fallback where it is left out). False: not constant. */
static bool constant_scalar(const struct lowering *l, const struct node *node, uint32_t i,
                            float fallback, float *out)
{
    *out = fallback;
    if (i >= node->input_count || node->inputs[i] == GRAPH_NONE)
        return true;
    const float *floats = lowering_floats(l, node->inputs[i], 1);
    if (floats)
        *out = *floats;
    return floats != NULL;
}

static bool clip_of(const struct lowering *l, const struct node *node,
                    struct activation *activation)
{
    float low = node_float(node, "min", -INFINITY), high = node_float(node, "max", INFINITY);
    if (!constant_scalar(l, node, 1, low, &low) || !constant_scalar(l, node, 2, high, &high))
        return false;
    if (isnan(low) || isnan(high) || low > high)
        return false;
    *activation = (struct activation){.kind = ACTIVATION_CLIP, .alpha = low, .beta = high};
    return true;
}

bool lowering_activation(const struct lowering *l, uint32_t n, struct activation *activation)
{
    static const struct {
        const char *type;
        enum activation_kind kind;
        float alpha, beta; /* ONNX's defaults */
    } kinds[] = {
        {"Relu", ACTIVATION_RELU, 0, 0},
        {"LeakyRelu", ACTIVATION_LEAKY_RELU, 0.01f, 0},
        {"Elu", ACTIVATION_ELU, 1, 0},
        {"Selu", ACTIVATION_SELU, 1.67326319217681884765625f, 1.05070102214813232421875f},
        {"Sigmoid", ACTIVATION_SIGMOID, 0, 0},
        {"HardSigmoid", ACTIVATION_HARD_SIGMOID, 0.2f, 0.5f},
        {"HardSwish", ACTIVATION_HARD_SWISH, 0, 0},
        {"Tanh", ACTIVATION_TANH, 0, 0},
        {"Softplus", ACTIVATION_SOFTPLUS, 0, 0},
    };
    const struct node *node = &l->graph->nodes[n];
    if (node->domain[0] || node->input_count == 0 || node->inputs[0] == GRAPH_NONE ||
        l->plan->instance.tensors[node->inputs[0]].type != TENSOR_F32)
        return false;
    if (strcmp(node->op_type, "Clip") == 0)
        return clip_of(l, node, activation);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(node->op_type, kinds[i].type) != 0)
            continue;
        const char *second = kinds[i].kind == ACTIVATION_SELU ? "gamma" : "beta";
        *activation = (struct activation){.kind = kinds[i].kind,
                                          .alpha = node_float(node, "alpha", kinds[i].alpha),
                                          .beta = node_float(node, second, kinds[i].beta)};
        return true;
    }
    return false;
}

static float *filled(struct lowering *l, uint32_t channels, float value)
{
    float *vector = malloc((size_t)channels * sizeof(*vector));
    if (!vector) {
        l->is_out_of_memory = true;
        return NULL;
    }
    for (uint32_t c = 0; c < channels; c++)
        vector[c] = value;
    return vector;
}

static bool ensure_scale_and_shift(struct lowering *l, uint32_t channels, struct fused *fused)
{
    if (!fused->scale)
        fused->scale = filled(l, channels, 1);
    if (!fused->shift)
        fused->shift = filled(l, channels, 0);
    return fused->scale && fused->shift;
}

static bool fuse_batch_norm(struct lowering *l, const struct node *node, uint32_t channels,
                            struct fused *fused)
{
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != GRAPH_NONE)
            return false;
    const float *parts[4]; /* scale, bias, mean, variance */
    for (uint32_t i = 0; i < 4; i++) {
        parts[i] =
            i + 1 < node->input_count ? lowering_floats(l, node->inputs[i + 1], channels) : NULL;
        if (!parts[i])
            return false;
    }
    if (!ensure_scale_and_shift(l, channels, fused))
        return false;
    double epsilon = node_float(node, "epsilon", 1e-5f);
    for (uint32_t c = 0; c < channels; c++) {
        double factor = parts[0][c] / sqrt((double)parts[3][c] + epsilon);
        fused->scale[c] = (float)(fused->scale[c] * factor);
        fused->shift[c] = (float)((fused->shift[c] - (double)parts[2][c]) * factor + parts[1][c]);
    }
    return true;
}

/* The value's constant as one float per channel (step 1) or one for all (step 0); NULL if it is
 * neither when broadcast to a tensor of this rank with channels along axis. */
static const float *per_channel(const struct lowering *l, uint32_t value, uint32_t channels,
                                uint32_t axis, uint32_t rank, size_t *step)
{
    if (value == GRAPH_NONE || !l->graph->values[value].is_constant)
        return NULL;
    const struct tensor *tensor = &l->graph->values[value].constant;
    if (tensor->type != TENSOR_F32 || tensor->shape.rank > rank)
        return NULL;
    *step = 0;
    for (uint32_t d = 0; d < tensor->shape.rank; d++) {
        uint32_t aligned = d + rank - tensor->shape.rank;
        if (tensor->shape.dims[d] == 1)
            continue;
        if (aligned != axis || tensor->shape.dims[d] != channels)
            return NULL;
        *step = 1;
    }
    return tensor->data;
}

enum arithmetic { NOT_ARITHMETIC, IS_ADD, IS_SUB, IS_MUL, IS_DIV };

static enum arithmetic arithmetic_of(const struct node *node)
{
    if (node->input_count != 2)
        return NOT_ARITHMETIC;
    if (strcmp(node->op_type, "Add") == 0 || strcmp(node->op_type, "Sum") == 0)
        return IS_ADD;
    if (strcmp(node->op_type, "Sub") == 0)
        return IS_SUB;
    if (strcmp(node->op_type, "Mul") == 0)
        return IS_MUL;
    return strcmp(node->op_type, "Div") == 0 ? IS_DIV : NOT_ARITHMETIC;
}

static bool fuse_constant(struct lowering *l, const struct node *node, enum arithmetic kind,
                          uint32_t present, uint32_t channels, uint32_t axis, struct fused *fused)
{
    bool is_first = node->inputs[0] == present;
    uint32_t other = is_first ? node->inputs[1] : node->inputs[0];
    if (!is_first && (kind == IS_SUB || kind == IS_DIV))
        return false;
    size_t step;
    const struct shape *shape = &l->plan->instance.tensors[present].shape;
    const float *values = per_channel(l, other, channels, axis, shape->rank, &step);
    if (!values || !shape_equal(shape, &l->plan->instance.tensors[node->outputs[0]].shape) ||
        !ensure_scale_and_shift(l, channels, fused))
        return false;
    for (uint32_t c = 0; c < channels; c++) {
        float value = values[c * step];
        if (kind == IS_ADD)
            fused->shift[c] += value;
        if (kind == IS_SUB)
            fused->shift[c] -= value;
        if (kind == IS_MUL || kind == IS_DIV) {
            fused->scale[c] = kind == IS_MUL ? fused->scale[c] * value : fused->scale[c] / value;
            fused->shift[c] = kind == IS_MUL ? fused->shift[c] * value : fused->shift[c] / value;
        }
    }
    return true;
}

static bool fuse_residual(struct lowering *l, const struct node *node, uint32_t present,
                          struct fused *fused)
{
    uint32_t other = node->inputs[0] == present ? node->inputs[1] : node->inputs[0];
    if (other == GRAPH_NONE || other == present || l->plan->instance.tensors[other].data)
        return false;
    const struct tensor *tensors = l->plan->instance.tensors;
    if (tensors[other].type != TENSOR_F32 ||
        !shape_equal(&tensors[other].shape, &tensors[present].shape))
        return false;
    struct image image; /* it must be there in the layout that the root writes */
    if (!lowering_image(l, other, &image) && l->config->cuts->rows[other].kind != ROWS_LEADING)
        return false;
    fused->residual = other;
    return true;
}

uint32_t lowering_piece(struct lowering *l, const struct piece *piece)
{
    uint32_t number = weights_find(l->weights, piece->node);
    if (number != UINT32_MAX) {
        free(piece->scale);
        free(piece->shift);
        return number;
    }
    number = weights_add(l->weights, piece);
    if (number == UINT32_MAX)
        l->is_out_of_memory = true;
    return number;
}

/* Takes node n of the layer into fused, if it can be. */
static bool fuse_node(struct lowering *l, uint32_t n, uint32_t channels, uint32_t axis,
                      bool allows_residual, struct fused *fused)
{
    const struct node *node = &l->graph->nodes[n];
    bool has_residual = fused->residual != GRAPH_NONE;
    if (node->output_count == 0 || node->outputs[0] == GRAPH_NONE ||
        fused->activation.kind != ACTIVATION_NONE)
        return false;
    if (lowering_activation(l, n, &fused->activation))
        return true;
    if (has_residual)
        return false;
    if (strcmp(node->op_type, "BatchNormalization") == 0)
        return axis == 1 && fuse_batch_norm(l, node, channels, fused);
    enum arithmetic kind = arithmetic_of(node);
    if (kind == NOT_ARITHMETIC)
        return false;
    if (fuse_constant(l, node, kind, fused->result, channels, axis, fused))
        return true;
    return kind == IS_ADD && allows_residual && fuse_residual(l, node, fused->result, fused);
}

static void fuse_from(struct lowering *l, const struct layer *layer, uint32_t at, uint32_t channels,
                      uint32_t axis, bool allows_residual, struct fused *fused)
{
    for (uint32_t i = at; i < layer->node_count; i++) {
        if (!fuse_node(l, layer->nodes[i], channels, axis, allows_residual, fused))
            return;
        fused->taken++;
        fused->result = l->graph->nodes[layer->nodes[i]].outputs[0];
    }
}

void lowering_fuse(struct lowering *l, const struct layer *layer, uint32_t at, uint32_t result,
                   uint32_t channels, uint32_t axis, const float *bias, struct fused *fused)
{
    *fused = (struct fused){.residual = GRAPH_NONE, .taken = 1, .result = result};
    if (bias) {
        fused->shift = filled(l, channels, 0);
        if (!fused->shift)
            return;
        memcpy(fused->shift, bias, (size_t)channels * sizeof(*bias));
    }
    fuse_from(l, layer, at + 1, channels, axis, true, fused);
}

void lowering_fuse_affine(struct lowering *l, const struct layer *layer, uint32_t at,
                          uint32_t input, uint32_t channels, struct fused *fused)
{
    *fused = (struct fused){.residual = GRAPH_NONE, .taken = 0, .result = input};
    fuse_from(l, layer, at, channels, 1, false, fused);
}
