/* A device as a few numbers: how fast it computes and moves each type of layer, what power it
 * takes. device_file.h reads one from a file. */
#ifndef SCHEDULER_PROFILE_DEVICE_H
#define SCHEDULER_PROFILE_DEVICE_H

#include <stdbool.h>

enum device_type {
    DEVICE_CONV, /* convolutions, transposed ones too */
    DEVICE_DEPTHWISE, /* convolutions with one input channel per group */
    DEVICE_LINEAR, /* matrix products, recurrent layers */
    DEVICE_POOL,
    DEVICE_NORM, /* normalisations, softmax, reductions */
    DEVICE_OTHER, /* sums, activations, copies, and what is new */
    DEVICE_TYPE_COUNT,
};

/* "conv", "depthwise", "linear", "pool", "norm", "other". */
const char *device_type_name(enum device_type type);

/* Of an engine's layer: engine_layer.type ("Conv+Relu") and is_depthwise. */
enum device_type device_type_of(const char *layer_type, bool is_depthwise);

/* Sustained, not peak; all above 0 but overhead_ms, 0 or more. */
struct device_speed {
    double flops_per_s;
    double bytes_per_s;
    double overhead_ms; /* per layer: what a layer costs that does next to nothing */
};

struct device {
    char name[64];
    double power_watts; /* of the whole device while it computes */
    struct device_speed speeds[DEVICE_TYPE_COUNT];
};

#endif
