/* Carries times measured on one machine over to another by a roofline model of both.
 *
 *   model(layer, device) = max(flops / F, bytes / B) + overhead      F, B, overhead by layer type
 *   time there           = model(layer, there) * c,  c = time here / model(layer, here)
 *
 * "here" is fitted to the measurement, so that c is near 1 for ordinary layers; a layer that is
 * unusually slow or fast for its size here (odd shapes, a clever algorithm) stays so there. c is
 * held within [1/ROOFLINE_SLACK, ROOFLINE_SLACK]: what is beyond that is this machine's own affair.
 * Bytes are a layer's weights, inputs and output in float32.
 *
 * Limits: no caches (a small tensor moves at the speed of memory), no clock that drops with heat,
 * other kernels and fusions there than here, and sustained speeds that are themselves estimates.
 * Expect a factor of two, not per cent; measure on the device where that matters. */
#ifndef SCHEDULER_PROFILE_ROOFLINE_H
#define SCHEDULER_PROFILE_ROOFLINE_H

#include "scheduler/profile/device.h"

#include <stddef.h>

#define ROOFLINE_SLACK 4.0

struct roofline_layer {
    enum device_type type;
    double flops, bytes; /* for the whole batch */
    double ms; /* measured */
};

/* What the model says. */
double roofline_ms(const struct device *device, const struct roofline_layer *layer);

/* Fits speeds and overheads to measured layers, type by type: those whose model is nearest to the
 * times, by the square of the logarithm, long layers counting more. Types that do not occur are
 * left at speeds of 1. Name and power are left out. */
void roofline_fit(struct device *here, const struct roofline_layer *layers, size_t count);

/* The layer's time there. */
double roofline_scale(const struct device *here, const struct device *there,
                      const struct roofline_layer *layer);

#endif
