/* Opening a model: from a file to layers and cuts. */
#include "compute/engine/model.h"
#include "compute/onnx/onnx_load.h"
#include "compute/plan/fold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void engine_config_default(struct engine_config *config)
{
    *config = (struct engine_config){
        .threads = 1, .min_batch = 1, .max_batch = 1, .max_cut_tensors = 1, .is_tuned = true};
}

int model_fail(struct engine_error *error, int code, const char *prefix,
               const struct graph_error *cause)
{
    if (!error)
        return code;
    const char *text = cause && cause->text[0] ? cause->text : strerror(-code);
    if (prefix)
        snprintf(error->text, sizeof(error->text), "%.*s: %.*s", 1000, prefix, 3000, text);
    else
        snprintf(error->text, sizeof(error->text), "%s", text);
    return code;
}

static int choose_isa(const char *name, enum isa *isa, struct graph_error *error)
{
    *isa = isa_best();
    if (!name)
        return 0;
    static const enum isa all[] = {ISA_PLAIN, ISA_NEON, ISA_AVX2, ISA_AVX512};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(isa_name(all[i]), name) == 0) {
            *isa = all[i];
            if (isa_available(all[i]))
                return 0;
            return graph_fail(error, -ENOTSUP, "this CPU does not have %s; the best here is %s",
                              name, isa_name(isa_best()));
        }
    return graph_fail(error, -EINVAL,
                      "no instruction set is called '%s'; there are avx512, avx2, neon, plain",
                      name);
}

static int check_config(const struct engine_config *config, struct graph_error *error)
{
    if (config->threads == 0 || config->threads > 4096)
        return graph_fail(error, -EINVAL, "threads must be 1 to 4096, not %u", config->threads);
    if (config->min_batch == 0 || config->min_batch > config->max_batch)
        return graph_fail(error, -EINVAL, "batch sizes %u to %u are not a range of 1 and more",
                          config->min_batch, config->max_batch);
    return 0;
}

/* Fixed values of inputs become constants; the inputs leave the list. */
static int bind_inputs(struct graph *graph, const struct engine_config *config,
                       struct graph_error *error)
{
    for (size_t b = 0; b < config->binding_count; b++) {
        const struct engine_binding *binding = &config->bindings[b];
        uint32_t i = 0;
        while (i < graph->input_count &&
               strcmp(graph->values[graph->inputs[i]].name, binding->input) != 0)
            i++;
        if (i == graph->input_count)
            return graph_fail(error, -EINVAL, "there is no input '%s' to bind", binding->input);
        struct value *value = &graph->values[graph->inputs[i]];
        size_t bytes;
        if (tensor_bytes(&binding->tensor, &bytes))
            return graph_fail(error, -EINVAL, "the tensor bound to '%s' is not valid",
                              binding->input);
        if (value->type != binding->tensor.type)
            return graph_fail(error, -EINVAL, "input '%s' is %s, the tensor bound to it %s",
                              binding->input, tensor_type_name(value->type),
                              tensor_type_name(binding->tensor.type));
        value->is_constant = true;
        value->is_input = false;
        value->constant = binding->tensor;
        memmove(&graph->inputs[i], &graph->inputs[i + 1],
                (graph->input_count - i - 1) * sizeof(*graph->inputs));
        graph->input_count--;
    }
    return 0;
}

/* Takes the config's numbers for symbols over, and finds out what the batch is called. */
static int settle_symbols(struct engine_model *model)
{
    const struct engine_config *config = &model->config;
    size_t count = config->dimension_count;
    model->symbol_names = calloc(count + 1, sizeof(*model->symbol_names));
    model->symbol_values = calloc(count + 1, sizeof(*model->symbol_values));
    if (!model->symbol_names || !model->symbol_values)
        return -ENOMEM;
    const char *batch = graph_batch_symbol(&model->graph);
    for (size_t i = 0; i < count; i++) {
        model->symbol_names[i] = graph_strdup(&model->graph, config->dimensions[i].symbol);
        model->symbol_values[i] = config->dimensions[i].value;
        if (!model->symbol_names[i])
            return -ENOMEM;
        if (batch && strcmp(batch, model->symbol_names[i]) == 0)
            batch = NULL; /* fixed */
    }
    model->symbols = (struct instance_symbols){.batch_symbol = batch,
                                               .batch = 1,
                                               .count = count,
                                               .names = model->symbol_names,
                                               .values = model->symbol_values};
    return 0;
}

/* A graph that cannot be inferred at batch 2 (a Reshape to fixed numbers) is good for one row. */
static int find_cuts(struct engine_model *model, struct graph_error *error)
{
    struct instance two;
    struct instance_symbols symbols = model->symbols;
    symbols.batch = 2;
    model->has_batch = symbols.batch_symbol &&
                       instance_init(&two, &model->graph, model->is_static, &symbols, NULL) == 0;
    int rc = cuts_init(&model->cuts, &model->graph, &model->layers, &model->one,
                       model->has_batch ? &two : NULL, model->config.max_cut_tensors);
    if (model->has_batch)
        instance_fini(&two);
    if (rc)
        graph_fail(error, rc, "out of memory while looking for cuts");
    return rc;
}

static int analyse(struct engine_model *model, struct graph_error *error)
{
    struct graph *graph = &model->graph;
    int rc = bind_inputs(graph, &model->config, error);
    if (rc)
        return rc;
    rc = fold_constants(graph, error);
    if (rc)
        return rc;
    rc = fold_dead_nodes(graph);
    if (rc == 0)
        rc = fold_align(graph);
    if (rc)
        return graph_fail(error, rc, "out of memory");
    rc = settle_symbols(model);
    if (rc)
        return graph_fail(error, rc, "out of memory");
    model->is_static = calloc((size_t)graph->node_count + 1, sizeof(*model->is_static));
    if (!model->is_static)
        return graph_fail(error, -ENOMEM, "out of memory");
    instance_mark_static(graph, model->is_static);
    rc = instance_init(&model->one, graph, model->is_static, &model->symbols, error);
    if (rc)
        return rc;
    rc = layers_init(&model->layers, graph, model->is_static);
    if (rc)
        return graph_fail(error, rc, "out of memory");
    rc = find_cuts(model, error);
    if (rc)
        return rc;
    rc = model_view(model);
    return rc ? graph_fail(error, rc, "out of memory") : 0;
}

int engine_model_open(const char *path, const struct engine_config *config,
                      struct engine_model **out, struct engine_error *error)
{
    struct graph_error cause = {0};
    struct engine_model *model = calloc(1, sizeof(*model));
    if (!model)
        return model_fail(error, -ENOMEM, path, NULL);
    model->config = *config;
    model->path = strdup(path);
    int rc = model->path ? check_config(config, &cause) : -ENOMEM;
    if (rc == 0)
        rc = choose_isa(config->isa, &model->isa, &cause);
    if (rc) {
        model_fail(error, rc, NULL, &cause);
        goto destroy_model;
    }
    rc = onnx_load(path, &model->graph, &cause);
    if (rc) {
        model_fail(error, rc, strncmp(cause.text, path, strlen(path)) ? path : NULL, &cause);
        goto destroy_model;
    }
    rc = analyse(model, &cause);
    if (rc) {
        model_fail(error, rc, path, &cause);
        goto destroy_model;
    }
    *out = model;
    return 0;
destroy_model:
    engine_model_destroy(model);
    return rc;
}

void engine_model_destroy(struct engine_model *model)
{
    if (!model)
        return;
    for (uint32_t i = 0; i < model->plan_count; i++)
        plan_fini(&model->plans[i]);
    free(model->plans);
    free(model->own_packed);
    weights_fini(&model->weights);
    choices_fini(&model->choices);
    free(model->layer_views);
    free(model->use_views);
    free(model->cut_views);
    free(model->tensor_views);
    cuts_fini(&model->cuts);
    instance_fini(&model->one);
    layers_fini(&model->layers);
    free(model->is_static);
    free(model->symbol_names);
    free(model->symbol_values);
    graph_fini(&model->graph);
    free(model->path);
    free(model);
}
