/* Puts measured and scaled times into the planner's profile. */
#include "scheduler/profile/costs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int side_times_init(struct side_times *times, const struct measurement *measurement)
{
    times->layer_ms = calloc((size_t)measurement->layer_count + 1, sizeof(*times->layer_ms));
    times->block_ms = calloc((size_t)measurement->block_count + 1, sizeof(*times->block_ms));
    if (times->layer_ms && times->block_ms)
        return 0;
    side_times_fini(times);
    return -ENOMEM;
}

void side_times_fini(struct side_times *times)
{
    if (!times)
        return;
    free(times->layer_ms);
    free(times->block_ms);
    *times = (struct side_times){0};
}

void side_times_measured(struct side_times *times, const struct measurement *measurement)
{
    for (uint32_t i = 0; i < measurement->layer_count; i++)
        times->layer_ms[i] = measurement->layers[i].ms;
    for (uint32_t i = 0; i < measurement->block_count; i++)
        times->block_ms[i] = measurement->blocks[i].time.ms;
}

void side_times_scaled(struct side_times *times, const struct measurement *measurement,
                       const struct roofline_layer *layers, const struct device *device)
{
    struct device here;
    roofline_fit(&here, layers, measurement->layer_count);
    for (uint32_t i = 0; i < measurement->layer_count; i++)
        times->layer_ms[i] = roofline_scale(&here, device, &layers[i]);
    for (uint32_t i = 0; i < measurement->block_count; i++) {
        const struct measured_block *block = &measurement->blocks[i];
        double here_ms = 0, there_ms = 0;
        for (uint32_t l = block->first; l <= block->last; l++) {
            here_ms += measurement->layers[l - 1].ms;
            there_ms += times->layer_ms[l - 1];
        }
        double ratio = here_ms > 0 ? block->time.ms / here_ms : 1;
        times->block_ms[i] = there_ms * fmin(fmax(ratio, 1 / ROOFLINE_SLACK), ROOFLINE_SLACK);
    }
}

static int compare_blocks(const void *a, const void *b)
{
    const struct split_block *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last > y->last) - (x->last < y->last);
}

static const struct split_block *find_block(const struct split_profile *profile, uint32_t first,
                                            uint32_t last)
{
    const struct split_block key = {.first = first, .last = last};
    if (!profile->block_count)
        return NULL;
    return bsearch(&key, profile->blocks, profile->block_count, sizeof(key), compare_blocks);
}

void side_times_of(struct side_times *times, const struct measurement *measurement,
                   struct split_profile *other)
{
    for (uint32_t i = 0; i < measurement->layer_count; i++)
        times->layer_ms[i] = other->layers[i].cloud_ms;
    if (other->block_count)
        qsort(other->blocks, other->block_count, sizeof(*other->blocks), compare_blocks);
    for (uint32_t i = 0; i < measurement->block_count; i++) {
        const struct measured_block *block = &measurement->blocks[i];
        const struct split_block *same = find_block(other, block->first, block->last);
        times->block_ms[i] = same ? same->cloud_ms : 0;
        for (uint32_t l = block->first; !same && l <= block->last; l++)
            times->block_ms[i] += times->layer_ms[l - 1];
    }
}

void roofline_layers_fill(struct roofline_layer *layers, const struct engine_model *model,
                          const struct measurement *measurement, const struct split_profile *sizes,
                          uint32_t element_bytes)
{
    for (uint32_t i = 0; i < measurement->layer_count; i++) {
        const struct engine_layer *layer = engine_model_layer(model, i);
        double bytes = (double)layer->weight_bytes +
                       sizes->layers[i].output_bytes / element_bytes * sizeof(float);
        for (uint32_t u = 0; u < layer->use_count; u++) {
            const struct engine_tensor *tensor = &layer->uses[u].tensor;
            bytes += (double)tensor->bytes * (tensor->batch_axis < 0 ? 1 : sizes->batch);
        }
        layers[i] =
            (struct roofline_layer){.type = device_type_of(layer->type, layer->is_depthwise),
                                    .flops = layer->flops * sizes->batch,
                                    .bytes = bytes,
                                    .ms = measurement->layers[i].ms};
    }
}

int costs_fill(struct split_profile *profile, const struct measurement *measurement,
               const struct side_times *mobile, const struct side_times *cloud, double mobile_watts,
               double backward)
{
    for (uint32_t i = 0; i < profile->layer_count; i++) {
        struct split_layer *layer = &profile->layers[i];
        layer->mobile_ms = mobile->layer_ms[i];
        layer->mobile_mj = mobile->layer_ms[i] * mobile_watts;
        layer->cloud_ms = cloud->layer_ms[i];
        layer->backward_mobile_ms = backward * layer->mobile_ms;
        layer->backward_mobile_mj = backward * layer->mobile_mj;
        layer->backward_cloud_ms = backward * layer->cloud_ms;
    }
    if (!measurement->block_count)
        return 0;
    profile->blocks = calloc(measurement->block_count, sizeof(*profile->blocks));
    if (!profile->blocks)
        return -ENOMEM;
    profile->block_count = measurement->block_count;
    for (uint32_t i = 0; i < profile->block_count; i++) {
        struct split_block *block = &profile->blocks[i];
        *block = (struct split_block){.first = measurement->blocks[i].first,
                                      .last = measurement->blocks[i].last,
                                      .mobile_ms = mobile->block_ms[i],
                                      .mobile_mj = mobile->block_ms[i] * mobile_watts,
                                      .cloud_ms = cloud->block_ms[i],
                                      .has_backward = backward > 0};
        block->backward_mobile_ms = backward * block->mobile_ms;
        block->backward_mobile_mj = backward * block->mobile_mj;
        block->backward_cloud_ms = backward * block->cloud_ms;
    }
    return 0;
}
