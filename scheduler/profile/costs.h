/* From a measurement to a profile's costs: times of each side, energy of the mobile. */
#ifndef SCHEDULER_PROFILE_COSTS_H
#define SCHEDULER_PROFILE_COSTS_H

#include "scheduler/plan/profile.h"
#include "scheduler/profile/measure.h"
#include "scheduler/profile/roofline.h"

/* The times of one side. */
struct side_times {
    double *layer_ms; /* [layer_count] */
    double *block_ms; /* [block_count] */
};

/* Room for these times. 0 or -ENOMEM; a failed init leaves nothing to undo. */
int side_times_init(struct side_times *times, const struct measurement *measurement);
void side_times_fini(struct side_times *times); /* accepts NULL and a zeroed object */

/* As measured. */
void side_times_measured(struct side_times *times, const struct measurement *measurement);

/* As measured, carried over to another device. A block keeps its ratio to the sum of its layers,
 * within ROOFLINE_SLACK. layers are the measured ones. */
void side_times_scaled(struct side_times *times, const struct measurement *measurement,
                       const struct roofline_layer *layers, const struct device *device);

/* The cloud's times of another profile of the same network, which has as many layers: a block that
 * it lacks costs the sum of its layers there. Sorts the other's blocks. */
void side_times_of(struct side_times *times, const struct measurement *measurement,
                   struct split_profile *other);

/* What the roofline needs to know of each layer. sizes: the same model's, without costs;
 * element_bytes as they were counted there. */
void roofline_layers_fill(struct roofline_layer *layers, const struct engine_model *model,
                          const struct measurement *measurement, const struct split_profile *sizes,
                          uint32_t element_bytes);

/* Fills the costs of the layers and takes blocks along. Energy is time times power. backward: each
 * backward pass costs this many times its forward one; 0: nothing. 0 or -ENOMEM. */
int costs_fill(struct split_profile *profile, const struct measurement *measurement,
               const struct side_times *mobile, const struct side_times *cloud, double mobile_watts,
               double backward);

#endif
