/* Inside of the engine: what a model holds. Private to compute/engine. */
#ifndef COMPUTE_ENGINE_MODEL_H
#define COMPUTE_ENGINE_MODEL_H

#include "compute/engine.h"
#include "compute/plan/choose.h"
#include "compute/plan/cuts.h"
#include "compute/plan/plan.h"
#include "compute/plan/weights.h"

struct engine_model {
    /* From open; read-only afterwards. */
    char *path;
    struct engine_config config; /* its pointers hold until prepare has returned */
    enum isa isa;
    struct graph graph;
    bool *is_static;
    struct layers layers;
    struct instance one; /* at batch 1 */
    struct cuts cuts;
    struct engine_layer *layer_views;
    struct engine_use *use_views; /* of all layers, one after another */
    struct engine_cut *cut_views;
    struct engine_tensor *tensor_views; /* of all cuts, one after another */
    bool has_batch;
    struct instance_symbols symbols;
    const char **symbol_names; /* owned copies' pointers, in the graph's memory */
    int64_t *symbol_values;
    /* From prepare. */
    struct choices choices;
    struct weights weights;
    struct plan *plans; /* for min_batch, min_batch + 1, ... max_batch */
    uint32_t plan_count;
    /* From pack or attach. */
    const void *packed;
    void *own_packed; /* to be freed */
};

/* Fills the views of layers and cuts, once those are known. 0 or -ENOMEM. */
int model_view(struct engine_model *model);

/* The plan for this batch size; NULL where it is out of range or prepare was not called. */
const struct plan *model_plan(const struct engine_model *model, uint32_t batch);

/* Copies a graph's error into the caller's and returns code. prefix may be NULL. */
int model_fail(struct engine_error *error, int code, const char *prefix,
               const struct graph_error *cause);

#endif
