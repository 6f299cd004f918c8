/* The steps to be placed: unrolls a profile's layers, blocks and tensors. */
#include "scheduler/plan/problem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct split_cost forward_cost(double mobile_ms, double mobile_mj, double cloud_ms)
{
    return (struct split_cost){
        .mobile_ms = mobile_ms, .mobile_mj = mobile_mj, .cloud_ms = cloud_ms};
}

static int compare_groups(const void *a, const void *b)
{
    const struct split_group *x = a, *y = b;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* The place of a group of one step, before blocks are added: they stand at their step's number. */
static void add_block(struct split_problem *problem, const struct split_group *group)
{
    if (group->first == group->last)
        problem->groups[group->first - 1] = *group;
    else
        problem->groups[problem->group_count++] = *group;
    problem->has_blocks = true;
}

static int unroll_groups(struct split_problem *problem, const struct split_profile *profile)
{
    const uint32_t n = profile->layer_count;
    size_t most = (size_t)problem->count + (size_t)profile->block_count * (problem->count / n);
    problem->groups = calloc(most, sizeof(*problem->groups));
    if (!problem->groups || most > UINT32_MAX)
        return -ENOMEM;
    problem->group_count = problem->count;
    double *weights = calloc((size_t)n + 1, sizeof(*weights)); /* of layers 1..i */
    if (!weights)
        return -ENOMEM;
    for (uint32_t i = 1; i <= n; i++) {
        const struct split_layer *layer = &profile->layers[i - 1];
        weights[i] = weights[i - 1] + layer->weight_bytes;
        problem->groups[i - 1] = (struct split_group){
            i, i, forward_cost(layer->mobile_ms, layer->mobile_mj, layer->cloud_ms)};
        if (problem->mode == SPLIT_INFERENCE)
            continue;
        uint32_t step = 2 * n + 1 - i;
        problem->groups[step - 1] =
            (struct split_group){step,
                                 step,
                                 {layer->backward_mobile_ms, layer->backward_mobile_mj,
                                  layer->backward_cloud_ms, layer->weight_bytes}};
    }
    for (uint32_t i = 0; i < profile->block_count; i++) {
        const struct split_block *block = &profile->blocks[i];
        add_block(problem, &(struct split_group){
                               block->first, block->last,
                               forward_cost(block->mobile_ms, block->mobile_mj, block->cloud_ms)});
        if (problem->mode == SPLIT_INFERENCE || !block->has_backward)
            continue;
        add_block(problem,
                  &(struct split_group){2 * n + 1 - block->last,
                                        2 * n + 1 - block->first,
                                        {block->backward_mobile_ms, block->backward_mobile_mj,
                                         block->backward_cloud_ms,
                                         weights[block->last] - weights[block->first - 1]}});
    }
    free(weights);
    qsort(problem->groups, problem->group_count, sizeof(*problem->groups), compare_groups);
    return 0;
}

/* One use of a tensor: layer `to` takes the output of layer `from`. */
struct use {
    uint32_t from, to;
    double bytes;
};

static int compare_uses(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->bytes < y->bytes || x->bytes > y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static double bytes_of(const struct split_profile *profile, uint32_t layer)
{
    return layer ? profile->layers[layer - 1].output_bytes : profile->input_bytes;
}

/* Every use once, those of one tensor side by side. */
static int list_uses(const struct split_profile *profile, bool has_result, struct use **uses,
                     size_t *use_count)
{
    size_t count = (size_t)profile->skip_count + 1;
    for (uint32_t i = 0; i < profile->layer_count; i++)
        count += profile->layers[i].input_count ? profile->layers[i].input_count : 1;
    struct use *list = calloc(count, sizeof(*list));
    if (!list)
        return -ENOMEM;
    count = 0;
    for (uint32_t i = 1; i <= profile->layer_count; i++) {
        const struct split_layer *layer = &profile->layers[i - 1];
        if (!layer->input_count)
            list[count++] = (struct use){i - 1, i, bytes_of(profile, i - 1)};
        for (uint32_t k = 0; k < layer->input_count; k++)
            list[count++] = (struct use){layer->inputs[k], i, bytes_of(profile, layer->inputs[k])};
    }
    for (uint32_t i = 0; i < profile->skip_count; i++)
        list[count++] =
            (struct use){profile->skips[i].from, profile->skips[i].to, profile->skips[i].bytes};
    if (has_result)
        list[count++] = (struct use){profile->layer_count, profile->layer_count + 1,
                                     bytes_of(profile, profile->layer_count)};
    qsort(list, count, sizeof(*list), compare_uses);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || compare_uses(&list[kept - 1], &list[i]))
            list[kept++] = list[i];
    *uses = list;
    *use_count = kept;
    return 0;
}

static uint32_t first_step(const struct split_tensor *tensor)
{
    return tensor->is_gathered ? tensor->others[0] : tensor->hub;
}

static uint32_t last_step(const struct split_tensor *tensor)
{
    return tensor->is_gathered ? tensor->hub : tensor->others[tensor->other_count - 1];
}

static int compare_tensors(const void *a, const void *b)
{
    const struct split_tensor *x = a, *y = b;
    if (first_step(x) != first_step(y))
        return first_step(x) < first_step(y) ? -1 : 1;
    return last_step(x) < last_step(y) ? -1 : last_step(x) > last_step(y);
}

static bool is_one_tensor(const struct use *a, const struct use *b)
{
    return a->from == b->from && a->bytes >= b->bytes && a->bytes <= b->bytes;
}

static int unroll_tensors(struct split_problem *problem, const struct split_profile *profile)
{
    const uint32_t n = profile->layer_count;
    const bool is_training = problem->mode == SPLIT_TRAINING;
    struct use *uses = NULL;
    size_t use_count;
    int err = list_uses(profile, !is_training, &uses, &use_count);
    if (err)
        return err;
    size_t most = 2 * use_count + 1;
    problem->others = calloc(most, sizeof(*problem->others));
    problem->tensors = calloc(most, sizeof(*problem->tensors));
    if (!problem->others || !problem->tensors) {
        free(uses);
        return -ENOMEM;
    }
    uint32_t *end = problem->others;
    for (size_t i = 0, next; i < use_count; i = next) {
        struct split_tensor tensor = {.bytes = uses[i].bytes, .hub = uses[i].from, .others = end};
        for (next = i; next < use_count && is_one_tensor(&uses[i], &uses[next]); next++)
            *end++ = uses[next].to;
        tensor.other_count = (uint32_t)(next - i);
        problem->tensors[problem->tensor_count++] = tensor;
        if (!is_training || !uses[i].from) /* nobody wants the gradient of the input */
            continue;
        struct split_tensor gradient = {.bytes = tensor.bytes,
                                        .hub = 2 * n + 1 - tensor.hub,
                                        .is_gathered = true,
                                        .other_count = tensor.other_count,
                                        .others = end};
        for (uint32_t k = tensor.other_count; k > 0; k--)
            *end++ = 2 * n + 1 - tensor.others[k - 1];
        problem->tensors[problem->tensor_count++] = gradient;
    }
    if (is_training) { /* the loss follows the last layer: its output goes to its backward pass */
        *end = n + 1;
        problem->tensors[problem->tensor_count++] = (struct split_tensor){
            .bytes = bytes_of(profile, n), .hub = n, .other_count = 1, .others = end};
    }
    free(uses);
    qsort(problem->tensors, problem->tensor_count, sizeof(*problem->tensors), compare_tensors);
    return 0;
}

static bool is_chain(const struct split_problem *problem)
{
    for (uint32_t i = 0; i < problem->tensor_count; i++) {
        const struct split_tensor *tensor = &problem->tensors[i];
        if (first_step(tensor) != i || last_step(tensor) != i + 1)
            return false;
    }
    return true;
}

int split_problem_init(struct split_problem *problem, const struct split_profile *profile,
                       enum split_mode mode, struct split_error *error)
{
    *problem = (struct split_problem){.mode = mode};
    int err = split_profile_check(profile, error);
    if (err)
        return err;
    problem->layer_count = profile->layer_count;
    problem->count = mode == SPLIT_TRAINING ? 2 * profile->layer_count : profile->layer_count;
    err = unroll_groups(problem, profile);
    if (!err)
        err = unroll_tensors(problem, profile);
    if (err) {
        split_problem_fini(problem);
        return split_error_set(error, err, "layers", "out of memory");
    }
    problem->is_chain = is_chain(problem);
    return 0;
}

void split_problem_fini(struct split_problem *problem)
{
    if (!problem)
        return;
    free(problem->groups);
    free(problem->tensors);
    free(problem->others);
    *problem = (struct split_problem){0};
}

const struct split_group *split_problem_group(const struct split_problem *problem, uint32_t first,
                                              uint32_t last)
{
    const struct split_group key = {.first = first, .last = last};
    if (!first || first > last || last > problem->count)
        return NULL;
    if (problem->group_count == problem->count) /* steps alone */
        return first == last ? &problem->groups[first - 1] : NULL;
    if (problem->group_count == (uint64_t)problem->count * (problem->count + 1) / 2) /* all */
        return &problem->groups[(size_t)last * (last - 1) / 2 + first - 1];
    return bsearch(&key, problem->groups, problem->group_count, sizeof(key), compare_groups);
}
