/* Fits a roofline by trying what the layers themselves suggest. */
#include "scheduler/profile/roofline.h"

#include <math.h>
#include <string.h>

#define MAX_TRIED 40 /* candidates for each speed */
#define MAX_SAMPLE 256 /* layers that a candidate is tried on */

static double model_ms(const struct device_speed *speed, const struct roofline_layer *layer)
{
    double flops_ms = 1e3 * layer->flops / speed->flops_per_s;
    double bytes_ms = 1e3 * layer->bytes / speed->bytes_per_s;
    return fmax(flops_ms, bytes_ms) + speed->overhead_ms;
}

double roofline_ms(const struct device *device, const struct roofline_layer *layer)
{
    return model_ms(&device->speeds[layer->type], layer);
}

/* The layers of one type that took any time, evenly picked where they are too many. */
struct sample {
    size_t count;
    const struct roofline_layer *layers[MAX_SAMPLE];
};

static bool is_usable(const struct roofline_layer *layer, enum device_type type)
{
    return layer->type == type && layer->ms > 0 && layer->flops > 0 && layer->bytes > 0;
}

static void pick(struct sample *sample, const struct roofline_layer *layers, size_t count,
                 enum device_type type)
{
    size_t usable = 0, seen = 0;
    for (size_t i = 0; i < count; i++)
        usable += is_usable(&layers[i], type);
    size_t step = (usable + MAX_SAMPLE - 1) / MAX_SAMPLE;
    sample->count = 0;
    for (size_t i = 0; i < count; i++)
        if (is_usable(&layers[i], type) && seen++ % step == 0)
            sample->layers[sample->count++] = &layers[i];
}

static double misfit(const struct sample *sample, const struct device_speed *speed)
{
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++) {
        double error = log(sample->layers[i]->ms / model_ms(speed, sample->layers[i]));
        sum += sample->layers[i]->ms * error * error;
    }
    return sum;
}

/* Tries each pair of speeds at which some layer runs, with this overhead. */
static void try_speeds(const struct sample *sample, double overhead_ms, struct device_speed *best,
                       double *least)
{
    size_t step = (sample->count + MAX_TRIED - 1) / MAX_TRIED;
    for (size_t f = 0; f < sample->count; f += step) {
        double flops_ms = sample->layers[f]->ms - overhead_ms;
        if (flops_ms <= 0)
            continue;
        for (size_t b = 0; b < sample->count; b += step) {
            double bytes_ms = sample->layers[b]->ms - overhead_ms;
            if (bytes_ms <= 0)
                continue;
            struct device_speed speed = {.flops_per_s = 1e3 * sample->layers[f]->flops / flops_ms,
                                         .bytes_per_s = 1e3 * sample->layers[b]->bytes / bytes_ms,
                                         .overhead_ms = overhead_ms};
            double found = misfit(sample, &speed);
            if (found < *least) {
                *least = found;
                *best = speed;
            }
        }
    }
}

void roofline_fit(struct device *here, const struct roofline_layer *layers, size_t count)
{
    static const double overheads[] = {0, 0.25, 0.5, 0.75, 0.95}; /* of the shortest layer */
    *here = (struct device){0};
    for (int type = 0; type < DEVICE_TYPE_COUNT; type++) {
        struct sample sample;
        pick(&sample, layers, count, (enum device_type)type);
        double shortest_ms = INFINITY, least = INFINITY;
        for (size_t i = 0; i < sample.count; i++)
            shortest_ms = fmin(shortest_ms, sample.layers[i]->ms);
        here->speeds[type] = (struct device_speed){.flops_per_s = 1, .bytes_per_s = 1};
        /* One layer tells nothing about overhead. */
        size_t tried = sample.count > 1 ? sizeof(overheads) / sizeof(overheads[0]) : 1;
        for (size_t o = 0; sample.count && o < tried; o++)
            try_speeds(&sample, overheads[o] * shortest_ms, &here->speeds[type], &least);
    }
}

double roofline_scale(const struct device *here, const struct device *there,
                      const struct roofline_layer *layer)
{
    if (layer->flops <= 0) /* another shape for the same bytes: nothing to carry over */
        return layer->ms;
    double correction = layer->ms / roofline_ms(here, layer);
    correction = fmin(fmax(correction, 1 / ROOFLINE_SLACK), ROOFLINE_SLACK);
    return roofline_ms(there, layer) * correction;
}
