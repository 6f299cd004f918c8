/* Preparing a model: an algorithm for each layer, a plan for each batch size, packed weights. */
#include "compute/engine/model.h"
#include "compute/plan/arena.h"
#include "compute/plan/fingerprint.h"
#include "compute/plan/lower.h"
#include "compute/plan/phases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

const struct plan *model_plan(const struct engine_model *model, uint32_t batch)
{
    uint32_t first = model->config.min_batch;
    if (batch < first || batch - first >= model->plan_count)
        return NULL;
    return &model->plans[batch - first];
}

static void choose_algorithm(struct engine_model *model, struct step *step, uint32_t rows)
{
    uint32_t images = rows * (uint32_t)step->images_per_row;
    const struct conv_shape *shape = &step->conv.shape;
    step->conv.algorithm = choices_get(&model->choices, shape, images);
    model->weights.pieces[step->packed].algorithms |= 1u << step->conv.algorithm;
    step->scratch_bytes =
        conv_scratch_bytes(step->conv.algorithm, model->isa, shape, images, model->config.threads);
}

/* Algorithms and scratch for the rows of the phase that a convolution runs in. */
static void choose_algorithms(struct engine_model *model, struct plan *plan)
{
    plan->scratch_bytes = 0;
    for (uint32_t p = 0; p < plan->phase_count; p++)
        for (uint32_t s = plan->phases[p].first; s < plan->phases[p].end; s++) {
            struct step *step = &plan->steps[s];
            if (step->kind == STEP_CONV)
                choose_algorithm(model, step, plan->phases[p].rows);
            if (step->scratch_bytes > plan->scratch_bytes)
                plan->scratch_bytes = step->scratch_bytes;
        }
}

static int make_plan(struct engine_model *model, struct plan *plan, uint32_t batch,
                     struct graph_error *error)
{
    struct instance_symbols symbols = model->symbols;
    symbols.batch = batch;
    *plan = (struct plan){.batch = batch};
    int rc = instance_init(&plan->instance, &model->graph, model->is_static, &symbols, error);
    if (rc)
        return rc;
    struct lower_config config = {
        .graph = &model->graph,
        .layers = &model->layers,
        .cuts = &model->cuts,
        .isa = model->isa,
        .has_batch = model->has_batch,
    };
    rc = lower(&config, plan, &model->weights);
    if (rc == 0)
        rc = phases_init(plan, &model->cuts, &model->weights, cpu_cache_bytes(3));
    if (rc == 0)
        rc = arena_lay_out(plan, &model->cuts);
    if (rc) {
        plan_fini(plan);
        return graph_fail(error, rc,
                          rc == -EOVERFLOW ? "the tensors do not fit into memory"
                                           : "out of memory while planning");
    }
    choose_algorithms(model, plan);
    return 0;
}

static void init_choices(struct engine_model *model, struct thread_pool *pool)
{
    const struct engine_config *config = &model->config;
    model->choices = (struct choices){.isa = model->isa,
                                      .is_strict = config->is_strict,
                                      .is_measured = config->is_tuned && !config->tuning,
                                      .pool = pool,
                                      .threads = config->threads,
                                      .progress = config->progress,
                                      .progress_arg = config->progress_arg};
}

/* Where choices are kept, in memory of the caller's; NULL when out of memory. */
static char *tuning_path(const struct engine_model *model)
{
    if (model->config.tuning_path)
        return strdup(model->config.tuning_path);
    char *path;
    return asprintf(&path, "%s.tuning", model->path) < 0 ? NULL : path;
}

static int make_plans(struct engine_model *model, struct graph_error *error)
{
    uint32_t first = model->config.min_batch, last = model->config.max_batch;
    if (last > 1 && !model->has_batch)
        return graph_fail(error, -ENOTSUP,
                          "the file fixes its batch; it cannot run %u rows at once (export it with "
                          "a dynamic first dimension)",
                          last);
    model->plans = calloc((size_t)(last - first) + 1, sizeof(*model->plans));
    if (!model->plans)
        return graph_fail(error, -ENOMEM, "out of memory while planning");
    for (uint32_t batch = first; batch <= last; batch++) {
        int rc = make_plan(model, &model->plans[batch - first], batch, error);
        if (rc)
            return rc;
        model->plan_count++;
        if (batch == UINT32_MAX)
            break;
    }
    weights_lay_out(&model->weights);
    return 0;
}

int engine_model_prepare(struct engine_model *model, struct engine_error *error)
{
    struct graph_error cause = {0};
    struct thread_pool *pool = NULL;
    int rc = thread_pool_create(model->config.threads, &pool);
    if (rc)
        return model_fail(error, rc, "cannot start threads", NULL);
    init_choices(model, pool);
    model->weights.graph = &model->graph;
    model->weights.isa = model->isa;
    char *path = model->choices.is_measured ? tuning_path(model) : NULL;
    if (path)
        choices_read(&model->choices, path);
    if (model->config.tuning)
        choices_read_text(&model->choices, model->config.tuning);
    rc = make_plans(model, &cause);
    if (rc)
        model_fail(error, rc, model->path, &cause);
    else if (path && model->choices.is_changed)
        choices_write(&model->choices,
                      path); /* a folder without write permission: next time again */
    model->choices.pool = NULL;
    free(path);
    thread_pool_destroy(pool);
    return rc;
}

int engine_model_tuning(const struct engine_model *model, char **text)
{
    return choices_write_text(&model->choices, text);
}

size_t engine_model_weights_bytes(const struct engine_model *model)
{
    return model->weights.bytes;
}

/* Two ends agree on packed weights if they agree on the network, the pieces and their order. */
static void weights_key(const struct engine_model *model, uint8_t key[16])
{
    struct fingerprint fingerprint;
    fingerprint_init(&fingerprint);
    fingerprint_graph(&fingerprint, &model->graph, false);
    for (uint32_t i = 0; i < model->weights.count; i++) {
        const struct piece *piece = &model->weights.pieces[i];
        const uint64_t numbers[] = {piece->kind, piece->node, piece->algorithms, piece->end};
        fingerprint_add(&fingerprint, numbers, sizeof(numbers));
    }
    fingerprint_finish(&fingerprint, key);
}

static void report_packing(void *arg, double fraction)
{
    const struct engine_config *config = arg;
    config->progress(config->progress_arg, "packing weights", fraction);
}

int engine_model_pack(struct engine_model *model, void *memory, struct engine_error *error)
{
    struct thread_pool *pool;
    int rc = thread_pool_create(model->config.threads, &pool);
    if (rc)
        return model_fail(error, rc, "cannot start threads", NULL);
    if (!memory && model->weights.bytes > 0) {
        size_t bytes =
            (model->weights.bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
        memory = model->own_packed = aligned_alloc(HUGE_PAGE_BYTES, bytes);
        if (!memory) {
            thread_pool_destroy(pool);
            return model_fail(error, -ENOMEM, "no memory for the packed weights", NULL);
        }
        madvise(memory, bytes, MADV_HUGEPAGE);
    }
    uint8_t key[16];
    weights_key(model, key);
    weights_pack(&model->weights, key, memory, pool, model->config.progress ? report_packing : NULL,
                 &model->config);
    model->packed = memory;
    thread_pool_destroy(pool);
    return 0;
}

int engine_model_attach(struct engine_model *model, const void *memory, size_t bytes,
                        struct engine_error *error)
{
    uint8_t key[16];
    weights_key(model, key);
    if (!weights_check(&model->weights, key, memory, bytes)) {
        struct graph_error cause = {
            "the packed weights are of another model, configuration or version; pack them again"};
        return model_fail(error, -EINVAL, model->path, &cause);
    }
    model->packed = memory;
    return 0;
}

void engine_model_fingerprint(const struct engine_model *model, uint8_t fingerprint[16])
{
    struct fingerprint state;
    fingerprint_init(&state);
    fingerprint_graph(&state, &model->graph, true);
    fingerprint_finish(&state, fingerprint);
}

/* The step that does most of a layer's work: its matrix product if it has one. */
const char *engine_model_algorithm(const struct engine_model *model, uint32_t layer, uint32_t batch)
{
    const struct plan *plan = model_plan(model, batch);
    if (!plan || layer >= model->layers.count)
        return "";
    static const char *const names[] = {
        [STEP_MARK] = "none",       [STEP_TO_LAST] = "layout",
        [STEP_TO_PLAIN] = "layout", [STEP_LINEAR] = "linear",
        [STEP_POOL] = "pool",       [STEP_GLOBAL_AVERAGE] = "global-average",
        [STEP_LRN] = "lrn",         [STEP_AFFINE] = "affine",
        [STEP_COMBINE] = "combine", [STEP_COPY] = "copy",
        [STEP_GENERIC] = "generic",
    };
    const char *name = "none";
    for (uint32_t s = plan->layer_first[layer]; s < plan->layer_first[layer + 1]; s++) {
        const struct step *step = &plan->steps[s];
        if (step->kind == STEP_CONV)
            return conv_algorithm_name(step->conv.algorithm);
        if (step->kind == STEP_LINEAR)
            return names[STEP_LINEAR];
        if (step->kind != STEP_MARK && step->kind != STEP_TO_LAST && step->kind != STEP_TO_PLAIN)
            name = names[step->kind];
    }
    return name;
}
