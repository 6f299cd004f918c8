/* Layers between the matrix products: pools, normalisations, sums, concatenations, activations. */
#include "compute/plan/lowering.h"
#include "compute/ops/window.h"

#include <stdlib.h>
#include <string.h>

static bool is_type(const struct node *node, const char *type)
{
    return strcmp(node->op_type, type) == 0;
}

static bool has_one_output(const struct node *node)
{
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != GRAPH_NONE)
            return false;
    return node->output_count > 0 && node->outputs[0] != GRAPH_NONE;
}

/* A step from one channels-last value to another. */
static struct step *image_step(struct lowering *l, enum step_kind kind, uint32_t node,
                               uint32_t input, uint32_t output, const struct image *image)
{
    uint32_t from = lowering_need(l, input, LAYOUT_LAST);
    uint32_t to = lowering_make(l, output, LAYOUT_LAST);
    struct step *step = lowering_step(l, kind, node);
    if (!step)
        return NULL;
    step->input = from;
    step->output = to;
    step->images_per_row = image->images_per_row;
    step->pixels = image->pixels;
    step->channels = image->channels;
    return step;
}

/* The next node of the layer as an activation of `result`; *result moves on to its output. */
static uint32_t follow_activation(struct lowering *l, const struct layer *layer, uint32_t at,
                                  uint32_t *result, struct activation *activation)
{
    *activation = (struct activation){0};
    if (at + 1 >= layer->node_count)
        return 1;
    uint32_t n = layer->nodes[at + 1];
    const struct node *node = &l->graph->nodes[n];
    if (!has_one_output(node) || node->inputs[0] != *result ||
        !lowering_activation(l, n, activation))
        return 1;
    *result = node->outputs[0];
    return 2;
}

uint32_t lower_pool(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    bool is_average = is_type(node, "AveragePool");
    if ((!is_average && !is_type(node, "MaxPool")) || !has_one_output(node))
        return 0;
    struct image in, out;
    if (!lowering_image(l, node->inputs[0], &in) || !lowering_image(l, node->outputs[0], &out))
        return 0;
    const struct window *window = l->plan->instance.params[n];
    uint32_t rank = window->spatial_rank, w = rank - 1;
    if (rank != 1 && rank != 2)
        return 0;
    bool is_2d = rank == 2;
    struct pool_shape shape = {
        .channels = in.channels,
        .in_height = in.height,
        .in_width = in.width,
        .out_height = out.height,
        .out_width = out.width,
        .kernel_height = is_2d ? (uint32_t)window->kernel[0] : 1,
        .kernel_width = (uint32_t)window->kernel[w],
        .stride_height = is_2d ? (uint32_t)window->stride[0] : 1,
        .stride_width = (uint32_t)window->stride[w],
        .dilation_height = is_2d ? (uint32_t)window->dilation[0] : 1,
        .dilation_width = (uint32_t)window->dilation[w],
        .pad_top = is_2d ? (uint32_t)window->pad_begin[0] : 0,
        .pad_left = (uint32_t)window->pad_begin[w],
        .pad_bottom = is_2d ? (uint32_t)window->pad_end[0] : 0,
        .pad_right = (uint32_t)window->pad_end[w],
        .is_average = is_average,
        .count_include_pad = is_average && node_int(node, "count_include_pad", 0),
    };
    if (is_average && (shape.dilation_height != 1 || shape.dilation_width != 1))
        return 0;
    struct step *step = image_step(l, STEP_POOL, n, node->inputs[0], node->outputs[0], &out);
    if (step)
        step->pool = shape;
    return 1;
}

uint32_t lower_global_average(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    struct image image;
    if (!is_type(node, "GlobalAveragePool") || !lowering_image(l, node->inputs[0], &image))
        return 0;
    image_step(l, STEP_GLOBAL_AVERAGE, n, node->inputs[0], node->outputs[0], &image);
    return 1;
}

uint32_t lower_lrn(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    struct image image;
    if (!is_type(node, "LRN") || !lowering_image(l, node->inputs[0], &image))
        return 0;
    struct step *step = image_step(l, STEP_LRN, n, node->inputs[0], node->outputs[0], &image);
    if (step) {
        step->lrn.size = (uint32_t)node_int(node, "size", 1);
        step->lrn.alpha = node_float(node, "alpha", 1e-4f);
        step->lrn.beta = node_float(node, "beta", 0.75f);
        step->lrn.bias = node_float(node, "bias", 1);
    }
    return 1;
}

/* Batch norm (and what follows it) that no convolution took in. */
uint32_t lower_affine(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    struct image image;
    if (!is_type(node, "BatchNormalization") || !lowering_image(l, node->inputs[0], &image))
        return 0;
    struct fused fused;
    lowering_fuse_affine(l, layer, at, node->inputs[0], image.channels, &fused);
    if (fused.taken == 0) {
        free(fused.scale);
        free(fused.shift);
        return 0;
    }
    struct step *step = image_step(l, STEP_AFFINE, layer->nodes[at + fused.taken - 1],
                                   node->inputs[0], fused.result, &image);
    if (!step) {
        free(fused.scale);
        free(fused.shift);
        return fused.taken;
    }
    step->packed = lowering_piece(l, &(struct piece){.kind = PIECE_AFFINE,
                                                     .node = n,
                                                     .channels = image.channels,
                                                     .scale = fused.scale,
                                                     .shift = fused.shift});
    step->has_bias = step->has_scale = true;
    step->activation = fused.activation;
    return fused.taken;
}

/* Sum or product of two image tensors of one shape, at least one of them channels last already. */
uint32_t lower_combine(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    bool is_product = is_type(node, "Mul");
    bool is_sum = is_type(node, "Add") || is_type(node, "Sum");
    if ((!is_product && !is_sum) || node->input_count != 2)
        return 0;
    const struct tensor *tensors = l->plan->instance.tensors;
    uint32_t a = node->inputs[0], b = node->inputs[1];
    struct image image, other;
    if (!lowering_image(l, a, &image) || !lowering_image(l, b, &other) || tensors[a].data ||
        tensors[b].data || !shape_equal(&tensors[a].shape, &tensors[b].shape))
        return 0;
    if (!lowering_has(l, a, LAYOUT_LAST) && !lowering_has(l, b, LAYOUT_LAST))
        return 0;
    uint32_t result = node->outputs[0];
    struct activation activation;
    uint32_t taken = follow_activation(l, layer, at, &result, &activation);
    uint32_t second = lowering_need(l, b, LAYOUT_LAST);
    struct step *step =
        image_step(l, STEP_COMBINE, layer->nodes[at + taken - 1], a, result, &image);
    if (step) {
        step->second = second;
        step->is_product = is_product;
        step->activation = activation;
    }
    return taken;
}

/* Concatenation along channels: inputs that were written into their slice already cost nothing. */
uint32_t lower_concat(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    if (!is_type(node, "Concat"))
        return 0;
    int64_t axis = node_int(node, "axis", 0);
    uint32_t output = node->outputs[0];
    const struct shape *shape = &l->plan->instance.tensors[output].shape;
    struct image whole;
    if ((axis != 1 && axis + (int64_t)shape->rank != 1) || shape->rank < 3 ||
        !lowering_image(l, output, &whole))
        return 0;
    bool has_last = false;
    for (uint32_t i = 0; i < node->input_count; i++) {
        struct image image;
        if (!lowering_image(l, node->inputs[i], &image))
            return 0;
        has_last = has_last || lowering_has(l, node->inputs[i], LAYOUT_LAST);
    }
    if (!has_last) { /* it stays plain: its inputs must not count on a slice */
        for (uint32_t i = 0; i < node->input_count; i++)
            if (l->slice_of[node->inputs[i]] == output)
                l->slice_of[node->inputs[i]] = GRAPH_NONE;
        return 0;
    }
    uint32_t to = lowering_make(l, output, LAYOUT_LAST);
    uint32_t channel = 0;
    for (uint32_t i = 0; i < node->input_count && !l->is_out_of_memory; i++) {
        struct image image;
        lowering_image(l, node->inputs[i], &image);
        bool is_slice =
            l->slice_of[node->inputs[i]] == output && l->slice_channel[node->inputs[i]] == channel;
        uint32_t from = lowering_need(l, node->inputs[i], LAYOUT_LAST);
        struct step *step = lowering_step(l, is_slice ? STEP_MARK : STEP_COPY, n);
        if (!step)
            break;
        struct place slice = l->plan->places[to];
        slice.offset += (size_t)channel * sizeof(float);
        slice.last_use = 0;
        step->input = from;
        step->images_per_row = image.images_per_row;
        step->pixels = image.pixels;
        step->channels = image.channels;
        /* The slice as a place of its own, so that the copy knows where; the whole is marked as
         * written by the last step. */
        step->output = is_slice ? to : plan_add_place(l->plan, &slice);
        if (step->output == PLAN_NONE)
            l->is_out_of_memory = true;
        channel += image.channels;
    }
    struct step *step = lowering_step(l, STEP_MARK, n);
    if (step) {
        step->input = PLAN_NONE;
        step->output = to;
    }
    return 1;
}

/* An activation that no root took in, over a value in whichever layout it is there. */
uint32_t lower_activation(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    struct activation activation;
    if (!has_one_output(node) || !lowering_activation(l, n, &activation))
        return 0;
    struct image image;
    uint32_t input = node->inputs[0], output = node->outputs[0];
    if (!lowering_image(l, input, &image) || !lowering_has(l, input, LAYOUT_LAST))
        return 0;
    struct step *step = image_step(l, STEP_AFFINE, n, input, output, &image);
    if (step)
        step->activation = activation;
    return 1;
}

void lowering_find_slices(struct lowering *l)
{
    const struct tensor *tensors = l->plan->instance.tensors;
    for (uint32_t n = 0; n < l->graph->node_count; n++) {
        const struct node *node = &l->graph->nodes[n];
        struct image image;
        if (!is_type(node, "Concat") || l->config->layers->layer_of_node[n] == GRAPH_NONE ||
            tensors[node->outputs[0]].shape.rank < 3 ||
            !lowering_image(l, node->outputs[0], &image))
            continue;
        int64_t axis = node_int(node, "axis", 0);
        if (axis != 1 && axis + (int64_t)tensors[node->outputs[0]].shape.rank != 1)
            continue;
        bool all_images = true;
        for (uint32_t i = 0; i < node->input_count && all_images; i++)
            all_images = lowering_image(l, node->inputs[i], &image);
        uint32_t channel = 0;
        for (uint32_t i = 0; i < node->input_count && all_images; i++) {
            uint32_t v = node->inputs[i];
            lowering_image(l, v, &image);
            uint32_t producer = l->graph->values[v].producer;
            if (producer != GRAPH_NONE && !tensors[v].data && l->slice_of[v] == GRAPH_NONE) {
                l->slice_of[v] = node->outputs[0];
                l->slice_channel[v] = channel;
            }
            channel += image.channels;
        }
    }
}
