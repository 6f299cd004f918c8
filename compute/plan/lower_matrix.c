/* Layers that are matrix products inside: convolutions and fully connected layers with constant
 * weights. */
#include "compute/plan/lowering.h"
#include "compute/ops/window.h"

#include <stdlib.h>
#include <string.h>

/* Images' geometry from the node's window; false where it does not fit the kernels' interface. */
static bool conv_shape_of(const struct lowering *l, uint32_t n, const struct image *in,
                          const struct image *out, struct conv_shape *shape)
{
    const struct window *window = l->plan->instance.params[n];
    uint32_t rank = window->spatial_rank;
    if (rank != 1 && rank != 2)
        return false;
    uint32_t w = rank - 1; /* the window's axis for the width; 1-D images have height 1 */
    *shape = (struct conv_shape){
        .in_height = in->height,
        .in_width = in->width,
        .in_channels = in->channels,
        .out_height = out->height,
        .out_width = out->width,
        .out_channels = out->channels,
        .kernel_height = rank == 2 ? (uint32_t)window->kernel[0] : 1,
        .kernel_width = (uint32_t)window->kernel[w],
        .stride_height = rank == 2 ? (uint32_t)window->stride[0] : 1,
        .stride_width = (uint32_t)window->stride[w],
        .dilation_height = rank == 2 ? (uint32_t)window->dilation[0] : 1,
        .dilation_width = (uint32_t)window->dilation[w],
        .pad_top = rank == 2 ? (uint32_t)window->pad_begin[0] : 0,
        .pad_left = (uint32_t)window->pad_begin[w],
        .groups = (uint32_t)node_int(&l->graph->nodes[n], "group", 1),
    };
    return true;
}

uint32_t lower_conv(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    if (strcmp(node->op_type, "Conv") != 0)
        return 0;
    struct image in, out;
    struct conv_shape shape;
    if (l->plan->instance.tensors[node->inputs[0]].shape.rank < 3 ||
        !lowering_image(l, node->inputs[0], &in) || !lowering_image(l, node->outputs[0], &out) ||
        !conv_shape_of(l, n, &in, &out, &shape))
        return 0;
    size_t count = (size_t)out.channels * (in.channels / shape.groups) * shape.kernel_height *
                   shape.kernel_width;
    const float *weights = lowering_floats(l, node->inputs[1], count);
    bool has_bias = node->input_count > 2 && node->inputs[2] != GRAPH_NONE;
    const float *bias = has_bias ? lowering_floats(l, node->inputs[2], out.channels) : NULL;
    if (!weights || (has_bias && !bias))
        return 0;

    struct fused fused;
    lowering_fuse(l, layer, at, node->outputs[0], out.channels, 1, bias, &fused);
    uint32_t input = lowering_need(l, node->inputs[0], LAYOUT_LAST);
    uint32_t residual =
        fused.residual == GRAPH_NONE ? PLAN_NONE : lowering_need(l, fused.residual, LAYOUT_LAST);
    uint32_t output = lowering_make(l, fused.result, LAYOUT_LAST);
    struct step *step = lowering_step(l, STEP_CONV, layer->nodes[at + fused.taken - 1]);
    if (!step || l->is_out_of_memory) {
        free(fused.scale);
        free(fused.shift);
        return fused.taken;
    }
    step->input = input;
    step->second = residual;
    step->output = output;
    step->images_per_row = in.images_per_row;
    step->pixels = out.pixels;
    step->channels = out.channels;
    step->activation = fused.activation;
    step->has_bias = fused.shift != NULL;
    step->conv.shape = shape;
    step->packed = lowering_piece(l, &(struct piece){.kind = PIECE_CONV,
                                                     .node = n,
                                                     .conv = shape,
                                                     .weights = weights,
                                                     .weights_bytes = count * sizeof(float),
                                                     .channels = out.channels,
                                                     .scale = fused.scale,
                                                     .shift = fused.shift});
    return fused.taken;
}

/* The constant matrix of a Gemm or MatMul as linear weights. */
static bool linear_of(const struct lowering *l, const struct node *node, struct piece *piece)
{
    uint32_t w = node->inputs[1];
    if (!l->graph->values[w].is_constant)
        return false;
    const struct tensor *tensor = &l->graph->values[w].constant;
    bool is_gemm = strcmp(node->op_type, "Gemm") == 0;
    if (tensor->type != TENSOR_F32 || tensor->shape.rank != 2 ||
        (is_gemm && node_int(node, "transA", 0)))
        return false;
    bool is_transposed = is_gemm && node_int(node, "transB", 0);
    size_t rows = (size_t)tensor->shape.dims[0], columns = (size_t)tensor->shape.dims[1];
    piece->kind = PIECE_LINEAR;
    piece->weights = tensor->data;
    piece->weights_bytes = rows * columns * sizeof(float);
    piece->linear.depth = is_transposed ? columns : rows;
    piece->linear.columns = is_transposed ? rows : columns;
    piece->depth_stride = is_transposed ? 1 : columns;
    piece->column_stride = is_transposed ? columns : 1;
    piece->alpha = is_gemm ? node_float(node, "alpha", 1) : 1;
    return rows > 0 && columns > 0 && columns <= UINT32_MAX && rows <= UINT32_MAX;
}

/* Gemm's C as a row of columns floats, owned by the caller. *is_fit false: it is something else. */
static float *gemm_bias(struct lowering *l, const struct node *node, size_t columns, bool *is_fit)
{
    *is_fit = true;
    if (strcmp(node->op_type, "Gemm") != 0 || node->input_count < 3 ||
        node->inputs[2] == GRAPH_NONE)
        return NULL;
    const float *values = lowering_floats(l, node->inputs[2], columns);
    const float *one = lowering_floats(l, node->inputs[2], 1);
    const struct shape *shape = &l->plan->instance.tensors[node->inputs[2]].shape;
    bool is_row = values && (shape->rank == 1 || (shape->rank == 2 && shape->dims[0] == 1));
    *is_fit = is_row || one;
    if (!*is_fit)
        return NULL;
    float *bias = malloc(columns * sizeof(*bias));
    if (!bias) {
        l->is_out_of_memory = true;
        return NULL;
    }
    float beta = node_float(node, "beta", 1);
    for (size_t c = 0; c < columns; c++)
        bias[c] = beta * (is_row ? values[c] : *one);
    return bias;
}

uint32_t lower_linear(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    if (strcmp(node->op_type, "Gemm") != 0 && strcmp(node->op_type, "MatMul") != 0)
        return 0;
    struct piece piece = {.node = n};
    const struct tensor *input = &l->plan->instance.tensors[node->inputs[0]];
    enum row_kind rows = l->config->cuts->rows[node->inputs[0]].kind;
    if (input->type != TENSOR_F32 || input->shape.rank < 2 || input->data ||
        !linear_of(l, node, &piece) || (l->config->has_batch && rows != ROWS_LEADING))
        return 0;
    size_t matrix_rows = shape_span(&input->shape, 0, input->shape.rank - 1);
    if (matrix_rows == 0 || matrix_rows % l->plan->batch)
        return 0;
    bool is_fit;
    size_t columns = piece.linear.columns;
    float *bias = gemm_bias(l, node, columns, &is_fit);
    if (!is_fit || l->is_out_of_memory)
        return 0;

    struct fused fused;
    uint32_t axis = input->shape.rank - 1;
    lowering_fuse(l, layer, at, node->outputs[0], (uint32_t)columns, axis, bias, &fused);
    free(bias);
    uint32_t in = lowering_need(l, node->inputs[0], LAYOUT_PLAIN);
    uint32_t residual =
        fused.residual == GRAPH_NONE ? PLAN_NONE : lowering_need(l, fused.residual, LAYOUT_PLAIN);
    uint32_t output = lowering_make(l, fused.result, LAYOUT_PLAIN);
    struct step *step = lowering_step(l, STEP_LINEAR, layer->nodes[at + fused.taken - 1]);
    if (!step || l->is_out_of_memory) {
        free(fused.scale);
        free(fused.shift);
        return fused.taken;
    }
    step->input = in;
    step->second = residual;
    step->output = output;
    step->images_per_row = matrix_rows / l->plan->batch;
    step->channels = (uint32_t)columns;
    step->pixels = 1;
    step->activation = fused.activation;
    step->has_bias = fused.shift != NULL;
    step->linear = piece.linear;
    piece.channels = (uint32_t)columns;
    piece.scale = fused.scale;
    piece.shift = fused.shift;
    step->packed = lowering_piece(l, &piece);
    return fused.taken;
}
