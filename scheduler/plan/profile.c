/* What a network costs on each side: checks what a profile says. */
#include "scheduler/plan/profile.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct number {
    const char *field;
    double value;
};

static int check_numbers(struct split_error *error, const char *array, uint32_t index,
                         const struct number *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i].value >= 0 && numbers[i].value <= SPLIT_MAX_NUMBER)
            continue;
        char field[96];
        if (array)
            snprintf(field, sizeof(field), "%s[%u].%s", array, index, numbers[i].field);
        else
            snprintf(field, sizeof(field), "%s", numbers[i].field);
        if (!isfinite(numbers[i].value))
            return split_error_set(error, -EINVAL, field, "is not a finite number");
        return split_error_set(error, -EINVAL, field, "is %s (%g)",
                               numbers[i].value < 0 ? "negative" : "too large", numbers[i].value);
    }
    return 0;
}

static int check_layer(const struct split_profile *profile, uint32_t index,
                       struct split_error *error)
{
    const struct split_layer *layer = &profile->layers[index];
    const struct number numbers[] = {
        {"output_bytes", layer->output_bytes},
        {"weight_bytes", layer->weight_bytes},
        {"mobile_ms", layer->mobile_ms},
        {"mobile_mj", layer->mobile_mj},
        {"cloud_ms", layer->cloud_ms},
        {"backward_mobile_ms", layer->backward_mobile_ms},
        {"backward_mobile_mj", layer->backward_mobile_mj},
        {"backward_cloud_ms", layer->backward_cloud_ms},
    };
    int err = check_numbers(error, "layers", index, numbers, sizeof(numbers) / sizeof(numbers[0]));
    for (uint32_t i = 0; !err && i < layer->input_count; i++) {
        char field[96];
        snprintf(field, sizeof(field), "layers[%u].inputs[%u]", index, i);
        if (layer->inputs[i] > index)
            err = split_error_set(error, -EINVAL, field,
                                  "is %u, but layer %u can only take layers before it",
                                  layer->inputs[i], index + 1);
    }
    return err;
}

static int check_block(const struct split_profile *profile, uint32_t index,
                       struct split_error *error)
{
    const struct split_block *block = &profile->blocks[index];
    const struct number numbers[] = {
        {"mobile_ms", block->mobile_ms},
        {"mobile_mj", block->mobile_mj},
        {"cloud_ms", block->cloud_ms},
        {"backward_mobile_ms", block->backward_mobile_ms},
        {"backward_mobile_mj", block->backward_mobile_mj},
        {"backward_cloud_ms", block->backward_cloud_ms},
    };
    int err = check_numbers(error, "blocks", index, numbers, sizeof(numbers) / sizeof(numbers[0]));
    if (err)
        return err;
    char field[96];
    snprintf(field, sizeof(field), "blocks[%u]", index);
    if (block->first < 1 || block->first > block->last || block->last > profile->layer_count)
        return split_error_set(error, -EINVAL, field,
                               "is layers %u to %u, out of range for %u layers", block->first,
                               block->last, profile->layer_count);
    return 0;
}

static int check_skip(const struct split_profile *profile, uint32_t index,
                      struct split_error *error)
{
    const struct split_skip *skip = &profile->skips[index];
    const struct number numbers[] = {{"bytes", skip->bytes}};
    int err = check_numbers(error, "skips", index, numbers, 1);
    if (err)
        return err;
    char field[96];
    snprintf(field, sizeof(field), "skips[%u]", index);
    if (skip->from >= skip->to || skip->to > profile->layer_count)
        return split_error_set(error, -EINVAL, field,
                               "goes from layer %u to %u, out of order or range for %u layers",
                               skip->from, skip->to, profile->layer_count);
    return 0;
}

struct numbered_block {
    uint32_t first, last, index;
};

static int compare_blocks(const void *a, const void *b)
{
    const struct numbered_block *x = a, *y = b;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int check_blocks_differ(const struct split_profile *profile, struct split_error *error)
{
    if (profile->block_count < 2)
        return 0;
    struct numbered_block *blocks = malloc(profile->block_count * sizeof(*blocks));
    if (!blocks)
        return split_error_set(error, -ENOMEM, "blocks", "out of memory");
    for (uint32_t i = 0; i < profile->block_count; i++)
        blocks[i] = (struct numbered_block){profile->blocks[i].first, profile->blocks[i].last, i};
    qsort(blocks, profile->block_count, sizeof(*blocks), compare_blocks);
    int err = 0;
    for (uint32_t i = 1; !err && i < profile->block_count; i++) {
        if (blocks[i].first != blocks[i - 1].first || blocks[i].last != blocks[i - 1].last)
            continue;
        char field[96];
        snprintf(field, sizeof(field), "blocks[%u]", blocks[i].index);
        err = split_error_set(error, -EINVAL, field,
                              "contradicts blocks[%u]: both are layers %u to %u",
                              blocks[i - 1].index, blocks[i].first, blocks[i].last);
    }
    free(blocks);
    return err;
}

static int check_outputs_used(const struct split_profile *profile, struct split_error *error)
{
    bool *is_used = calloc((size_t)profile->layer_count + 1, sizeof(*is_used));
    if (!is_used)
        return split_error_set(error, -ENOMEM, "layers", "out of memory");
    is_used[profile->layer_count] = true;
    for (uint32_t i = 0; i < profile->layer_count; i++) {
        if (!profile->layers[i].input_count)
            is_used[i] = true;
        for (uint32_t k = 0; k < profile->layers[i].input_count; k++)
            is_used[profile->layers[i].inputs[k]] = true;
    }
    for (uint32_t i = 0; i < profile->skip_count; i++)
        is_used[profile->skips[i].from] = true;
    int err = 0;
    for (uint32_t i = 1; !err && i < profile->layer_count; i++) {
        char field[96];
        snprintf(field, sizeof(field), "layers[%u]", i - 1);
        if (!is_used[i])
            err = split_error_set(error, -EINVAL, field, "has an output that no layer takes");
    }
    free(is_used);
    return err;
}

int split_profile_check(const struct split_profile *profile, struct split_error *error)
{
    if (!profile->layer_count)
        return split_error_set(error, -EINVAL, "layers", "is empty");
    if (profile->layer_count > SPLIT_MAX_LAYERS)
        return split_error_set(error, -EINVAL, "layers", "are %u, more than %u",
                               profile->layer_count, (unsigned)SPLIT_MAX_LAYERS);
    if (!profile->batch)
        return split_error_set(error, -EINVAL, "batch", "is 0");
    const struct number input[] = {{"input_bytes", profile->input_bytes}};
    int err = check_numbers(error, NULL, 0, input, 1);
    for (uint32_t i = 0; !err && i < profile->layer_count; i++)
        err = check_layer(profile, i, error);
    for (uint32_t i = 0; !err && i < profile->block_count; i++)
        err = check_block(profile, i, error);
    for (uint32_t i = 0; !err && i < profile->skip_count; i++)
        err = check_skip(profile, i, error);
    if (!err)
        err = check_blocks_differ(profile, error);
    return err ? err : check_outputs_used(profile, error);
}
