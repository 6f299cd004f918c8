/* A dispatcher's life, and its models. */
#include "scheduler/dispatch/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of full batches, for clients beside each other: with deadlines not all of it can be had. */
#define IDEAL_SPEED 0.95

enum {
    REMEMBERED_BUCKETS = 256, /* empty ones that still know when somebody last came */
    MOST_REQUESTS = 1 << 24,
    MOST_NUMBERED = 1 << 16, /* workers, models, classes */
};

struct dispatch_config dispatch_config_default(void)
{
    return (struct dispatch_config){
        .mode = DISPATCH_ACROSS,
        .max_delay_ns = 2000000,
        .commit_ahead_ns = 200000,
        .max_run_ns = 2000000,
        .has_admission = true,
        .patience_ns = 1000000000,
    };
}

static bool are_classes_sane(const struct dispatch_config *config)
{
    for (uint32_t i = 0; config->classes && i < config->class_count; i++)
        if (!config->classes[i].weight)
            return false;
    return config->classes;
}

static bool is_sane(const struct dispatch_config *config)
{
    return config->max_requests && config->max_requests <= MOST_REQUESTS && config->max_workers &&
           config->max_workers <= MOST_NUMBERED && config->max_models &&
           config->max_models <= MOST_NUMBERED && config->class_count &&
           config->class_count <= MOST_NUMBERED && are_classes_sane(config) &&
           config->mode <= DISPATCH_ACROSS;
}

static int take_memory(struct dispatch *dispatch)
{
    const struct dispatch_config *config = &dispatch->config;
    const size_t requests = config->max_requests;
    const size_t buckets = requests + REMEMBERED_BUCKETS;
    const size_t words = dispatch->worker_words;
    const int error = bucket_table_init(&dispatch->table, (uint32_t)buckets);
    if (error)
        return error;
    dispatch->classes = calloc(config->class_count, sizeof(*dispatch->classes));
    dispatch->class_queued = calloc(config->class_count, sizeof(*dispatch->class_queued));
    dispatch->class_came_ns = calloc(config->class_count, sizeof(*dispatch->class_came_ns));
    dispatch->requests = calloc(requests, sizeof(*dispatch->requests));
    dispatch->by_urgency = calloc(requests, sizeof(*dispatch->by_urgency));
    dispatch->by_drop = calloc(requests, sizeof(*dispatch->by_drop));
    dispatch->by_age = calloc(requests, sizeof(*dispatch->by_age));
    dispatch->by_crowd = calloc(requests, sizeof(*dispatch->by_crowd));
    dispatch->bucket_nodes = calloc(buckets, sizeof(*dispatch->bucket_nodes));
    dispatch->models = calloc(config->max_models, sizeof(*dispatch->models));
    dispatch->model_workers = calloc(config->max_models * words, sizeof(*dispatch->model_workers));
    dispatch->workers = calloc(config->max_workers, sizeof(*dispatch->workers));
    dispatch->worker_set = calloc(words, sizeof(*dispatch->worker_set));
    dispatch->admission = calloc(config->class_count, sizeof(*dispatch->admission));
    if (share_init(&dispatch->share, config->class_count, config->max_requests) ||
        demand_init(&dispatch->demand, config->max_requests))
        return -ENOMEM;
    const bool has_all = dispatch->admission && dispatch->classes && dispatch->class_queued &&
                         dispatch->class_came_ns && dispatch->requests && dispatch->by_urgency &&
                         dispatch->by_drop && dispatch->by_age && dispatch->by_crowd &&
                         dispatch->bucket_nodes && dispatch->models && dispatch->model_workers &&
                         dispatch->workers && dispatch->worker_set;
    return has_all ? 0 : -ENOMEM;
}

static void set_blank(struct dispatch *dispatch)
{
    const struct dispatch_config *config = &dispatch->config;
    memcpy(dispatch->classes, config->classes, config->class_count * sizeof(*dispatch->classes));
    dispatch->config.classes = dispatch->classes;
    dispatch->drops = dispatch->ages = dispatch->waits = order_heap_empty();
    dispatch->fullness = 1;
    dispatch->share.speed = IDEAL_SPEED;
    for (uint32_t i = 0; i < config->class_count; i++)
        dispatch->admission[i].credits = credits_start(config->max_requests);
    for (uint32_t i = 0; i < config->class_count; i++)
        share_set_weight(&dispatch->share, i, config->classes[i].weight);
    for (uint32_t i = 0; i < config->max_models; i++) {
        struct model *model = &dispatch->models[i];
        model->ready = model->crowd = model->coming = order_heap_empty();
        model->workers = dispatch->model_workers + (size_t)i * dispatch->worker_words;
    }
    for (uint32_t i = 0; i < config->max_workers; i++) {
        dispatch->workers[i].pinned = order_heap_empty();
        dispatch->workers[i].held_first = DISPATCH_NONE;
    }
}

int dispatch_create(const struct dispatch_config *config, struct dispatch **dispatch)
{
    *dispatch = NULL;
    if (!is_sane(config))
        return -EINVAL;
    struct dispatch *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->config = *config;
    made->worker_words = (config->max_workers + 63) / 64;
    const int error = take_memory(made);
    if (error) {
        dispatch_destroy(made);
        return error;
    }
    set_blank(made);
    *dispatch = made;
    return 0;
}

static void model_fini(struct model *model)
{
    batch_cost_fini(&model->cost);
    free(model->flows);
    model->flows = NULL;
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    for (uint32_t i = 0; dispatch->models && i < dispatch->config.max_models; i++)
        model_fini(&dispatch->models[i]);
    bucket_table_fini(&dispatch->table);
    share_fini(&dispatch->share);
    demand_fini(&dispatch->demand);
    free(dispatch->admission);
    free(dispatch->classes);
    free(dispatch->class_came_ns);
    free(dispatch->class_queued);
    free(dispatch->requests);
    free(dispatch->by_urgency);
    free(dispatch->by_drop);
    free(dispatch->by_age);
    free(dispatch->by_crowd);
    free(dispatch->bucket_nodes);
    free(dispatch->models);
    free(dispatch->model_workers);
    free(dispatch->workers);
    free(dispatch->worker_set);
    free(dispatch);
}

void dispatch_set_delay(struct dispatch *dispatch, uint64_t max_delay_ns)
{
    dispatch->config.max_delay_ns = max_delay_ns;
    for (uint32_t i = 0; i < dispatch->table.count; i++)
        if (dispatch->table.buckets[i].place != BUCKET_IDLE)
            dispatch_queue_place(dispatch, i);
    for (uint32_t i = 0; i < dispatch->model_end; i++)
        dispatch->models[i].wants_join = true;
}

int dispatch_set_class_limit(struct dispatch *dispatch, uint32_t class_index, uint32_t max_queued)
{
    if (class_index >= dispatch->config.class_count)
        return -EINVAL;
    dispatch->classes[class_index].max_queued = max_queued;
    return 0;
}

int dispatch_set_class(struct dispatch *dispatch, uint32_t class_index,
                       const struct dispatch_class *limits)
{
    if (class_index >= dispatch->config.class_count || !limits->weight)
        return -EINVAL;
    dispatch->classes[class_index] = *limits;
    share_set_weight(&dispatch->share, class_index, limits->weight);
    return 0;
}

void dispatch_set_target_delay(struct dispatch *dispatch, uint64_t target_delay_ns)
{
    dispatch->config.target_delay_ns = target_delay_ns;
}

int dispatch_add_model(struct dispatch *dispatch, uint32_t model,
                       const struct dispatch_model *facts)
{
    if (model >= dispatch->config.max_models)
        return -EINVAL;
    struct model *made = &dispatch->models[model];
    if (made->is_there)
        return -EEXIST;
    const int error = batch_cost_init(&made->cost, facts);
    if (error)
        return error;
    made->habit = (struct admission_habit){.rows = 1, .ratio = 1};
    made->flows =
        calloc((size_t)facts->cut_count * (1 + dispatch->config.class_count), sizeof(*made->flows));
    if (!made->flows) {
        batch_cost_fini(&made->cost);
        return -ENOMEM;
    }
    made->join_at_ns = 0;
    made->is_there = true;
    if (dispatch->model_end <= model)
        dispatch->model_end = model + 1;
    return 0;
}

int dispatch_remove_model(struct dispatch *dispatch, uint32_t model)
{
    if (model >= dispatch->config.max_models || !dispatch->models[model].is_there)
        return -EINVAL;
    struct model *gone = &dispatch->models[model];
    if (gone->request_count || gone->open_count)
        return -EBUSY;
    for (uint32_t i = 0; i < dispatch->config.max_workers; i++)
        dispatch_worker_lost_model(dispatch, i, model);
    bucket_table_forget_model(&dispatch->table, model);
    model_fini(gone);
    gone->is_there = false;
    while (dispatch->model_end && !dispatch->models[dispatch->model_end - 1].is_there)
        dispatch->model_end--;
    return 0;
}
