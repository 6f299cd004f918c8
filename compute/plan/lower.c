/* The frame of the lowering: layers in order, places of values, conversions between layouts. */
#include "compute/plan/lowering.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool lowering_image(const struct lowering *l, uint32_t value, struct image *image)
{
    const struct tensor *tensor = &l->plan->instance.tensors[value];
    const struct shape *shape = &tensor->shape;
    enum row_kind rows = l->config->cuts->rows[value].kind;
    if (tensor->type != TENSOR_F32 || shape->rank < 2 || shape->rank > 4)
        return false;
    if (l->config->has_batch && rows != ROWS_LEADING)
        return false;
    if (l->config->has_batch && l->config->cuts->rows[value].axis != 0)
        return false;
    for (uint32_t d = 0; d < shape->rank; d++)
        if (shape->dims[d] <= 0 || shape->dims[d] > INT32_MAX)
            return false;
    if (shape->dims[0] % l->plan->batch)
        return false;
    image->images_per_row = (size_t)shape->dims[0] / l->plan->batch;
    image->channels = (uint32_t)shape->dims[1];
    image->height = shape->rank == 4 ? (uint32_t)shape->dims[2] : 1;
    image->width = shape->rank == 2 ? 1 : (uint32_t)shape->dims[shape->rank - 1];
    image->pixels = (size_t)image->height * image->width;
    return true;
}

/* Whether both layouts are the same bytes. */
static bool is_same_layout(const struct image *image)
{
    return image->pixels == 1 || image->channels == 1;
}

static uint32_t *place_slot(struct plan *plan, uint32_t value, enum layout layout)
{
    return layout == LAYOUT_PLAIN ? &plan->plain[value] : &plan->last[value];
}

bool lowering_has(const struct lowering *l, uint32_t value, enum layout layout)
{
    return *place_slot(l->plan, value, layout) != PLAN_NONE;
}

static uint32_t add_place(struct lowering *l, const struct place *place)
{
    uint32_t number = plan_add_place(l->plan, place);
    if (number == PLAN_NONE)
        l->is_out_of_memory = true;
    else
        *place_slot(l->plan, place->value, place->layout) = number;
    return number;
}

static size_t row_bytes(const struct lowering *l, uint32_t value)
{
    const struct tensor *tensor = &l->plan->instance.tensors[value];
    size_t bytes = 0;
    tensor_bytes(tensor, &bytes);
    return l->config->cuts->rows[value].kind == ROWS_LEADING ? bytes / l->plan->batch : bytes;
}

uint32_t lowering_make(struct lowering *l, uint32_t value, enum layout layout)
{
    uint32_t present = *place_slot(l->plan, value, layout);
    if (present != PLAN_NONE)
        return present;
    struct place place = {.value = value, .layout = layout, .last_use = 0, .written = UINT32_MAX};
    struct image image;
    if (layout == LAYOUT_LAST && lowering_image(l, value, &image))
        place.stride = image.channels;
    if (layout == LAYOUT_LAST && l->slice_of[value] != GRAPH_NONE) {
        uint32_t whole = lowering_make(l, l->slice_of[value], LAYOUT_LAST);
        if (whole == PLAN_NONE)
            return PLAN_NONE;
        place.buffer = l->plan->places[whole].buffer;
        place.stride = l->plan->places[whole].stride;
        place.offset =
            l->plan->places[whole].offset + (size_t)l->slice_channel[value] * sizeof(float);
        return add_place(l, &place);
    }
    place.buffer = plan_add_buffer(l->plan, row_bytes(l, value));
    if (place.buffer == PLAN_NONE) {
        l->is_out_of_memory = true;
        return PLAN_NONE;
    }
    return add_place(l, &place);
}

struct step *lowering_step(struct lowering *l, enum step_kind kind, uint32_t node)
{
    struct step *step = plan_add_step(l->plan);
    if (!step) {
        l->is_out_of_memory = true;
        return NULL;
    }
    step->kind = kind;
    step->layer = l->layer;
    step->node = node;
    return step;
}

/* A place for what is known before the run. */
static uint32_t constant_place(struct lowering *l, uint32_t value)
{
    const void *data = l->plan->instance.tensors[value].data;
    if (l->graph->values[value].is_constant) {
        if (graph_align(l->config->graph, value)) /* weights that no matrix kernel takes */
            l->is_out_of_memory = true;
        data = l->graph->values[value].constant.data;
    }
    struct place place = {
        .value = value, .layout = LAYOUT_PLAIN, .buffer = PLAN_NONE, .constant = data};
    return add_place(l, &place);
}

/* The same bytes under the other layout's name. */
static uint32_t alias_place(struct lowering *l, uint32_t from, uint32_t value, enum layout layout,
                            uint32_t node)
{
    struct place place = l->plan->places[from];
    place.value = value;
    place.layout = layout;
    place.is_input = false;
    place.last_use = 0;
    struct image image;
    if (layout == LAYOUT_LAST && lowering_image(l, value, &image))
        place.stride = image.channels;
    uint32_t number = add_place(l, &place);
    struct step *step = lowering_step(l, STEP_MARK, node);
    if (!step || number == PLAN_NONE)
        return PLAN_NONE;
    step->input = from;
    step->output = number;
    return number;
}

uint32_t lowering_need(struct lowering *l, uint32_t value, enum layout layout)
{
    uint32_t present = *place_slot(l->plan, value, layout);
    if (present != PLAN_NONE)
        return present;
    if (l->plan->instance.tensors[value].data && layout == LAYOUT_PLAIN)
        return constant_place(l, value);
    enum layout other = layout == LAYOUT_PLAIN ? LAYOUT_LAST : LAYOUT_PLAIN;
    uint32_t from = *place_slot(l->plan, value, other);
    if (from == PLAN_NONE && l->plan->instance.tensors[value].data)
        from = constant_place(l, value);
    if (from == PLAN_NONE) {
        l->is_out_of_memory = true; /* its maker ran out of memory */
        return PLAN_NONE;
    }
    struct image image;
    if (!lowering_image(l, value, &image))
        return from;
    uint32_t node = l->graph->values[value].producer;
    bool is_dense = other == LAYOUT_PLAIN || l->plan->places[from].stride == image.channels;
    bool is_slice = layout == LAYOUT_LAST && l->slice_of[value] != GRAPH_NONE;
    if (is_same_layout(&image) && is_dense && !is_slice)
        return alias_place(l, from, value, layout, node);
    uint32_t to = lowering_make(l, value, layout);
    struct step *step =
        lowering_step(l, layout == LAYOUT_LAST ? STEP_TO_LAST : STEP_TO_PLAIN, node);
    if (!step)
        return PLAN_NONE;
    step->input = from;
    step->output = to;
    step->images_per_row = image.images_per_row;
    step->channels = image.channels;
    step->pixels = image.pixels;
    return to;
}

void lowering_generic(struct lowering *l, uint32_t n)
{
    const struct node *node = &l->graph->nodes[n];
    uint32_t *inputs = plan_alloc(l->plan, ((size_t)node->input_count + 1) * sizeof(*inputs));
    uint32_t *outputs = plan_alloc(l->plan, ((size_t)node->output_count + 1) * sizeof(*outputs));
    if (!inputs || !outputs) {
        l->is_out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < node->input_count; i++)
        inputs[i] = node->inputs[i] == GRAPH_NONE ? PLAN_NONE
                                                  : lowering_need(l, node->inputs[i], LAYOUT_PLAIN);
    for (uint32_t i = 0; i < node->output_count; i++)
        outputs[i] = node->outputs[i] == GRAPH_NONE
                         ? PLAN_NONE
                         : lowering_make(l, node->outputs[i], LAYOUT_PLAIN);
    struct step *step = lowering_step(l, STEP_GENERIC, n);
    if (!step)
        return;
    step->generic.input_count = node->input_count;
    step->generic.output_count = node->output_count;
    step->generic.inputs = inputs;
    step->generic.outputs = outputs;
    step->scratch_bytes = l->plan->instance.scratch_bytes[n];
}

const float *lowering_floats(const struct lowering *l, uint32_t value, size_t count)
{
    if (value == GRAPH_NONE || !l->graph->values[value].is_constant)
        return NULL;
    const struct tensor *tensor = &l->graph->values[value].constant;
    return tensor->type == TENSOR_F32 && tensor_count(tensor) == count ? tensor->data : NULL;
}

/* A change of shape: the output is the input's plain bytes. */
uint32_t lower_view(struct lowering *l, const struct layer *layer, uint32_t at)
{
    uint32_t n = layer->nodes[at];
    const struct node *node = &l->graph->nodes[n];
    if (!(node->op->flags & OP_VIEW) || node->outputs[0] == GRAPH_NONE)
        return 0;
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != GRAPH_NONE)
            return 0; /* Dropout's mask is computed */
    for (uint32_t i = 1; i < node->input_count; i++)
        if (node->inputs[i] != GRAPH_NONE && !l->plan->instance.tensors[node->inputs[i]].data)
            return 0; /* Dropout's ratio may come with the run: it must last until here */
    uint32_t input = node->inputs[0], output = node->outputs[0];
    const struct cuts *cuts = l->config->cuts;
    if (l->plan->instance.tensors[input].data)
        return 0;
    if (l->config->has_batch && cuts->rows[input].kind != cuts->rows[output].kind)
        return 0;
    const struct shape *before = &l->plan->instance.tensors[input].shape;
    const struct shape *after = &l->plan->instance.tensors[output].shape;
    bool keeps_shape = shape_equal(before, after);
    if (keeps_shape && lowering_has(l, input, LAYOUT_LAST) &&
        l->slice_of[output] == GRAPH_NONE) { /* Identity, Dropout */
        uint32_t from = lowering_need(l, input, LAYOUT_LAST);
        struct place place = l->plan->places[from];
        uint32_t number = alias_place(l, from, output, LAYOUT_LAST, n);
        if (number != PLAN_NONE)
            l->plan->places[number].stride = place.stride;
        return 1;
    }
    alias_place(l, lowering_need(l, input, LAYOUT_PLAIN), output, LAYOUT_PLAIN, n);
    return 1;
}

typedef uint32_t lower_part(struct lowering *l, const struct layer *layer, uint32_t at);

/* In order of preference; what none of them takes runs as the operator computes it. */
static lower_part *const parts[] = {
    lower_conv, lower_linear, lower_pool,    lower_global_average, lower_lrn,
    lower_view, lower_concat, lower_combine, lower_affine,         lower_activation};

static void lower_layer(struct lowering *l, const struct layer *layer)
{
    for (uint32_t at = 0; at < layer->node_count && !l->is_out_of_memory;) {
        uint32_t taken = 0;
        for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]) && taken == 0; p++)
            taken = parts[p](l, layer, at);
        if (taken == 0) {
            lowering_generic(l, layer->nodes[at]);
            taken = 1;
        }
        at += taken;
    }
}

struct use {
    struct plan *plan;
    uint32_t step;
};

static void note_use(void *arg, uint32_t place, bool is_write)
{
    struct use *use = arg;
    struct place *used = &use->plan->places[place];
    if (is_write)
        used->written = use->step;
    else
        used->last_use = use->step;
}

/* When each place is written and last read; outputs live to the end. */
static void note_uses(struct lowering *l)
{
    struct plan *plan = l->plan;
    for (uint32_t s = 0; s < plan->step_count; s++)
        step_visit_places(&plan->steps[s], note_use, &(struct use){.plan = plan, .step = s});
    for (uint32_t i = 0; i < l->graph->output_count; i++) {
        uint32_t v = l->graph->outputs[i];
        uint32_t place = plan->plain[v] != PLAN_NONE ? plan->plain[v] : plan->last[v];
        if (place != PLAN_NONE)
            plan->places[place].last_use = plan->step_count;
    }
}

static int alloc_lists(struct lowering *l, const struct lower_config *config)
{
    size_t values = (size_t)config->graph->value_count + 1;
    struct plan *plan = l->plan;
    plan->plain = malloc(values * sizeof(*plan->plain));
    plan->last = malloc(values * sizeof(*plan->last));
    plan->layer_first = calloc((size_t)config->layers->count + 1, sizeof(*plan->layer_first));
    l->slice_of = malloc(values * sizeof(*l->slice_of));
    l->slice_channel = calloc(values, sizeof(*l->slice_channel));
    if (!plan->plain || !plan->last || !plan->layer_first || !l->slice_of || !l->slice_channel)
        return -ENOMEM;
    memset(plan->plain, 0xff, values * sizeof(*plan->plain));
    memset(plan->last, 0xff, values * sizeof(*plan->last));
    memset(l->slice_of, 0xff, values * sizeof(*l->slice_of));
    return 0;
}

int lower(const struct lower_config *config, struct plan *plan, struct weights *weights)
{
    struct lowering l = {
        .config = config, .graph = config->graph, .plan = plan, .weights = weights};
    int rc = alloc_lists(&l, config);
    if (rc)
        goto done;
    lowering_find_slices(&l);
    for (uint32_t i = 0; i < config->graph->input_count; i++) {
        uint32_t place = lowering_make(&l, config->graph->inputs[i], LAYOUT_PLAIN);
        if (place != PLAN_NONE)
            plan->places[place].is_input = true;
    }
    for (uint32_t i = 0; i < config->layers->count && !l.is_out_of_memory; i++) {
        l.layer = i;
        plan->layer_first[i] = plan->step_count;
        lower_layer(&l, &config->layers->items[i]);
    }
    plan->layer_first[config->layers->count] = plan->step_count;
    for (uint32_t i = 0; i < config->graph->output_count && !l.is_out_of_memory; i++) {
        uint32_t v = config->graph->outputs[i];
        if (plan->instance.tensors[v].data)
            lowering_need(&l, v, LAYOUT_PLAIN);
    }
    rc = l.is_out_of_memory ? -ENOMEM : 0;
    if (rc == 0)
        note_uses(&l);
done:
    free(l.slice_of);
    free(l.slice_channel);
    return rc;
}
