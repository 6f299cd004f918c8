/* Turns what layers read into the planner's chain, skips and inputs.
 *
 * To the planner each layer takes the output of the layer before it, unless its inputs are listed.
 * So every use that is not of that kind becomes a skip, and a layer that does not read its
 * predecessor at all (a parallel branch) also lists the inputs that it does have. */
#include "scheduler/profile/model_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    const struct engine_model *model;
    struct split_profile *profile;
    uint32_t batch, element_bytes;
    uint32_t *inputs; /* where the next list goes */
};

static double sent_bytes(const struct builder *b, const struct engine_tensor *tensor)
{
    double bytes = (double)tensor->bytes;
    if (tensor->type == TENSOR_F32)
        bytes = bytes / sizeof(float) * b->element_bytes;
    return tensor->batch_axis < 0 ? bytes : bytes * b->batch;
}

static double cut_bytes(const struct builder *b, uint32_t boundary)
{
    const struct engine_cut *cut = engine_model_cut(b->model, boundary);
    double bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        bytes += sent_bytes(b, &cut->tensors[t]);
    return bytes;
}

static double output_bytes(const struct builder *b, uint32_t layer)
{
    return layer ? b->profile->layers[layer - 1].output_bytes : b->profile->input_bytes;
}

static double use_bytes(const struct builder *b, const struct engine_use *use)
{
    return use->from ? sent_bytes(b, &use->tensor) : b->profile->input_bytes;
}

static const struct engine_tensor *find(const struct engine_model *model, uint32_t boundary,
                                        const char *name)
{
    const struct engine_cut *cut = engine_model_cut(model, boundary);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (strcmp(cut->tensors[t].name, name) == 0)
            return &cut->tensors[t];
    return NULL;
}

/* What a layer hands to the next one; where that reads none of it, the largest that it makes. */
static void set_output(struct builder *b, uint32_t layer)
{
    const uint32_t n = b->profile->layer_count;
    double *bytes = &b->profile->layers[layer - 1].output_bytes;
    if (layer == n) {
        *bytes = cut_bytes(b, n);
        return;
    }
    const struct engine_layer *next = engine_model_layer(b->model, layer);
    for (uint32_t u = 0; u < next->use_count; u++)
        if (next->uses[u].from == layer) {
            *bytes = sent_bytes(b, &next->uses[u].tensor);
            return;
        }
    const struct engine_cut *cut = engine_model_cut(b->model, layer);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        double made =
            find(b->model, layer - 1, cut->tensors[t].name) ? 0 : sent_bytes(b, &cut->tensors[t]);
        *bytes = made > *bytes ? made : *bytes;
    }
}

static bool is_same(double a, double b)
{
    return a >= b && a <= b;
}

static void add_skip(struct builder *b, uint32_t from, uint32_t to, double bytes)
{
    struct split_profile *profile = b->profile;
    for (uint32_t i = profile->skip_count; i > 0 && profile->skips[i - 1].to == to; i--)
        if (profile->skips[i - 1].from == from && is_same(profile->skips[i - 1].bytes, bytes))
            return;
    profile->skips[profile->skip_count++] = (struct split_skip){from, to, bytes};
}

static bool has_input(const struct split_layer *layer, uint32_t from)
{
    for (uint32_t i = 0; i < layer->input_count; i++)
        if (layer->inputs[i] == from)
            return true;
    return false;
}

/* A layer that does not read the one before it lists what it reads instead. */
static void list_inputs(struct builder *b, uint32_t number)
{
    const struct engine_layer *view = engine_model_layer(b->model, number - 1);
    struct split_layer *layer = &b->profile->layers[number - 1];
    layer->inputs = b->inputs;
    for (uint32_t u = 0; u < view->use_count; u++) {
        const struct engine_use *use = &view->uses[u];
        if (is_same(use_bytes(b, use), output_bytes(b, use->from)) &&
            !has_input(layer, use->from)) {
            *b->inputs++ = use->from;
            layer->input_count++;
        }
    }
    if (!layer->input_count) {
        *b->inputs++ = view->uses[0].from;
        layer->input_count = 1;
    }
}

static void link_layer(struct builder *b, uint32_t number)
{
    const struct engine_layer *view = engine_model_layer(b->model, number - 1);
    bool has_chain = view->use_count == 0;
    for (uint32_t u = 0; u < view->use_count; u++) {
        const struct engine_use *use = &view->uses[u];
        double bytes = use_bytes(b, use);
        if (use->from == number - 1 && is_same(bytes, output_bytes(b, use->from)))
            has_chain = true;
        else
            add_skip(b, use->from, number, bytes);
    }
    if (!has_chain)
        list_inputs(b, number);
}

/* Outputs of the network that an earlier layer makes: the last layer takes them along. */
static void carry_outputs(struct builder *b)
{
    const uint32_t n = b->profile->layer_count;
    const struct engine_cut *cut = engine_model_cut(b->model, n);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        uint32_t from = n;
        while (from > 0 && find(b->model, from - 1, cut->tensors[t].name))
            from--;
        if (from < n)
            add_skip(b, from, n, from ? sent_bytes(b, &cut->tensors[t]) : b->profile->input_bytes);
    }
}

static int take_memory(struct model_profile *model_profile, const struct engine_model *model)
{
    struct split_profile *profile = &model_profile->profile;
    const uint32_t n = profile->layer_count;
    size_t uses = engine_model_cut(model, n)->tensor_count;
    for (uint32_t i = 0; i < n; i++)
        uses += engine_model_layer(model, i)->use_count;
    profile->layers = calloc(n, sizeof(*profile->layers));
    profile->skips = calloc(uses + 1, sizeof(*profile->skips));
    model_profile->inputs = calloc(uses + 1, sizeof(*model_profile->inputs));
    if (profile->layers && profile->skips && model_profile->inputs)
        return 0;
    model_profile_fini(model_profile);
    return -ENOMEM;
}

int model_profile_init(struct model_profile *model_profile, const struct engine_model *model,
                       const char *name, uint32_t batch, uint32_t element_bytes)
{
    const uint32_t n = engine_model_layer_count(model);
    *model_profile =
        (struct model_profile){.profile = {.model = name, .batch = batch, .layer_count = n}};
    if (!n || n > SPLIT_MAX_LAYERS || engine_model_cut_count(model) != n + 1)
        return -EINVAL;
    int err = take_memory(model_profile, model);
    if (err)
        return err;
    struct builder b = {.model = model,
                        .profile = &model_profile->profile,
                        .batch = batch,
                        .element_bytes = element_bytes,
                        .inputs = model_profile->inputs};
    b.profile->input_bytes = cut_bytes(&b, 0);
    for (uint32_t i = 1; i <= n; i++) {
        const struct engine_layer *layer = engine_model_layer(model, i - 1);
        b.profile->layers[i - 1].name = layer->name;
        b.profile->layers[i - 1].weight_bytes = (double)layer->weight_bytes;
        set_output(&b, i);
    }
    for (uint32_t i = 1; i <= n; i++)
        link_layer(&b, i);
    carry_outputs(&b);
    return 0;
}

void model_profile_fini(struct model_profile *model_profile)
{
    if (!model_profile)
        return;
    free(model_profile->profile.layers);
    free(model_profile->profile.blocks);
    free(model_profile->profile.skips);
    free(model_profile->inputs);
    *model_profile = (struct model_profile){0};
}
