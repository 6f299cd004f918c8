/* Turns what layers read into the planner's chain, skips and inputs.
 *
 * To the planner each layer takes the output of the layer before it, unless its inputs are listed.
 * So every use that is not of that kind becomes a skip, and a layer that does not read its
 * predecessor at all (a parallel branch) also lists the inputs that it does have. */
#include "scheduler/profile/model_profile.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    const struct engine_model *model;
    struct split_profile *profile;
    uint32_t batch, element_bytes;
    uint32_t *inputs; /* where the next list goes */
    /* Per layer, 0 for the network's inputs: bytes of all that it makes, where two of these are of
     * one size; the planner tells tensors apart by maker and size, so they go as one. Else 0. */
    double *bundle_bytes;
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

static const struct engine_tensor *find(const struct engine_model *model, uint32_t boundary,
                                        const char *name)
{
    const struct engine_cut *cut = engine_model_cut(model, boundary);
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (strcmp(cut->tensors[t].name, name) == 0)
            return &cut->tensors[t];
    return NULL;
}

/* What a tensor that this layer makes (0: an input) counts as. */
static double made_bytes(const struct builder *b, uint32_t from, const struct engine_tensor *tensor)
{
    return b->bundle_bytes[from] > 0 ? b->bundle_bytes[from] : sent_bytes(b, tensor);
}

static bool is_made_by(const struct builder *b, uint32_t from, const struct engine_tensor *tensor)
{
    return from == 0 || !find(b->model, from - 1, tensor->name);
}

static bool is_same(double a, double b)
{
    return a >= b && a <= b;
}

static void set_bundle(struct builder *b, uint32_t from)
{
    const struct engine_cut *cut = engine_model_cut(b->model, from);
    bool has_twins = false;
    double sum = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        if (!is_made_by(b, from, &cut->tensors[t]))
            continue;
        double bytes = sent_bytes(b, &cut->tensors[t]);
        sum += bytes;
        for (uint32_t other = 0; other < t; other++)
            has_twins |= is_made_by(b, from, &cut->tensors[other]) &&
                         is_same(bytes, sent_bytes(b, &cut->tensors[other]));
    }
    b->bundle_bytes[from] = has_twins ? sum : 0;
}

/* What a layer hands to the next one; where that reads none of it, the largest that it makes. */
static double output_of(const struct builder *b, uint32_t layer)
{
    const struct engine_layer *next = engine_model_layer(b->model, layer);
    for (uint32_t u = 0; u < next->use_count; u++)
        if (next->uses[u].from == layer)
            return made_bytes(b, layer, &next->uses[u].tensor);
    const struct engine_cut *cut = engine_model_cut(b->model, layer);
    double most = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        if (is_made_by(b, layer, &cut->tensors[t]))
            most = fmax(most, made_bytes(b, layer, &cut->tensors[t]));
    return most;
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

/* A layer that does not read the one before it lists what it reads instead. Where it reads nothing
 * but tensors that are not their maker's output_bytes (a second input of the network), no list can
 * say so, and it stays with the one before it: whose output is alive there anyway, so that this
 * costs nothing unless these two layers alone are apart. */
static void list_inputs(struct builder *b, uint32_t number)
{
    const struct engine_layer *view = engine_model_layer(b->model, number - 1);
    struct split_layer *layer = &b->profile->layers[number - 1];
    layer->inputs = b->inputs;
    for (uint32_t u = 0; u < view->use_count; u++) {
        const struct engine_use *use = &view->uses[u];
        if (is_same(made_bytes(b, use->from, &use->tensor), output_bytes(b, use->from)) &&
            !has_input(layer, use->from)) {
            *b->inputs++ = use->from;
            layer->input_count++;
        }
    }
}

static void link_layer(struct builder *b, uint32_t number)
{
    const struct engine_layer *view = engine_model_layer(b->model, number - 1);
    bool has_chain = view->use_count == 0;
    for (uint32_t u = 0; u < view->use_count; u++) {
        const struct engine_use *use = &view->uses[u];
        double bytes = made_bytes(b, use->from, &use->tensor);
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
            add_skip(b, from, n, made_bytes(b, from, &cut->tensors[t]));
    }
}

/* Inputs of the network that nobody reads: a request brings them all the same. */
static void carry_inputs(struct builder *b)
{
    const struct engine_cut *cut = engine_model_cut(b->model, 0);
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        double bytes = made_bytes(b, 0, &cut->tensors[t]);
        bool is_read = is_same(bytes, b->profile->input_bytes);
        for (uint32_t i = 0; i < b->profile->skip_count; i++)
            is_read |= b->profile->skips[i].from == 0 && is_same(b->profile->skips[i].bytes, bytes);
        if (!is_read)
            add_skip(b, 0, 1, bytes);
    }
}

static int take_memory(struct model_profile *model_profile, const struct engine_model *model)
{
    struct split_profile *profile = &model_profile->profile;
    const uint32_t n = profile->layer_count;
    size_t uses =
        (size_t)engine_model_cut(model, 0)->tensor_count + engine_model_cut(model, n)->tensor_count;
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
    b.bundle_bytes = calloc((size_t)n + 1, sizeof(*b.bundle_bytes));
    if (!b.bundle_bytes) {
        model_profile_fini(model_profile);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++)
        set_bundle(&b, i);
    b.profile->input_bytes = output_of(&b, 0);
    for (uint32_t i = 1; i <= n; i++) {
        const struct engine_layer *layer = engine_model_layer(model, i - 1);
        b.profile->layers[i - 1].name = layer->name;
        b.profile->layers[i - 1].weight_bytes = (double)layer->weight_bytes;
        b.profile->layers[i - 1].output_bytes = i < n ? output_of(&b, i) : cut_bytes(&b, n);
    }
    for (uint32_t i = 1; i <= n; i++)
        link_layer(&b, i);
    carry_outputs(&b);
    carry_inputs(&b);
    free(b.bundle_bytes);
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
