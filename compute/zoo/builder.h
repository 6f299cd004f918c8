/* Puts a network together layer by layer, and knows every shape on the way.
 *
 * The first failure is remembered and later calls do nothing, so that a network reads as a list of
 * layers without a check after each. Values belong to the builder and live as long as it does. A
 * layer's name is also its output's name; its weights are "name.weight", "name.bias" and so on. */
#ifndef COMPUTE_ZOO_BUILDER_H
#define COMPUTE_ZOO_BUILDER_H

#include "compute/zoo/random.h"
#include "compute/zoo/wire.h"
#include "compute/zoo/zoo.h"

#define ZOO_BATCH (-1) /* the dimension "N" */

enum { ZOO_RANK_MAX = 4, ZOO_NAME_MAX = 64 };

struct zoo_value {
    char name[ZOO_NAME_MAX];
    uint32_t rank;
    int64_t dims[ZOO_RANK_MAX];
    /* Expected mean and mean square of its elements for inputs of variance 1, by rules of thumb:
     * what running variances are made from, so that a network with batch norm keeps its scale. */
    double mean, second_moment;
};

/* A tensor of the file: random float32, or a few given numbers. */
struct zoo_weights {
    char name[ZOO_NAME_MAX];
    uint32_t rank;
    int64_t dims[ZOO_RANK_MAX];
    enum { ZOO_RANDOM, ZOO_INTS, ZOO_FLOATS } kind;
    struct zoo_distribution distribution; /* ZOO_RANDOM */
    uint32_t copies; /* ZOO_RANDOM: the tensor is that many times the same values; default 1 */
    int64_t ints[ZOO_RANK_MAX]; /* ZOO_INTS */
    float floats[ZOO_RANK_MAX]; /* ZOO_FLOATS */
};

struct zoo_builder {
    struct zoo_config config;
    const char *network;
    int code; /* 0, or the first failure */
    struct zoo_error error;
    struct zoo_value broken; /* what layers return after a failure */
    struct wire nodes; /* the graph's nodes, encoded */
    size_t value_count, value_capacity;
    struct zoo_value **values; /* in the order of the layers; the first is the input */
    size_t weight_count, weight_capacity;
    struct zoo_weights *weights;
    uint64_t parameter_count; /* trainable: running means and variances are not */
    const struct zoo_value *output;
};

/* Builds network name in memory, without any weight's values. 0, or code and error are set; either
 * way zoo_builder_fini is due. */
int zoo_build(const char *name, const struct zoo_config *config, struct zoo_builder *builder);
void zoo_builder_fini(struct zoo_builder *builder);

/* The value of that name, or NULL. */
const struct zoo_value *zoo_find(const struct zoo_builder *builder, const char *name);

/* The published channel count divided by width_divisor, even and not below 2 where it was divided
 * at all (groups of 2 must still fit). */
uint32_t zoo_width(const struct zoo_builder *builder, uint32_t channels);

/* The configured input size, or the published one. */
uint32_t zoo_size(const struct zoo_builder *builder, uint32_t published);

/* Remembers the first failure; printf. */
void zoo_fail(struct zoo_builder *builder, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The parts that layers are made of. */

const struct zoo_value *zoo_add_value(struct zoo_builder *builder, const char *name, uint32_t rank,
                                      const int64_t dims[], double mean, double second_moment);
/* One more value of that shape. */
const struct zoo_value *zoo_add_value_like(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, double mean,
                                           double second_moment);

/* Weights are named after their layer: "layer.suffix". The returned name holds until the next
 * weight is added. */
enum zoo_training { ZOO_FROZEN, ZOO_TRAINED };
const char *zoo_add_weights(struct zoo_builder *builder, const char *layer, const char *suffix,
                            uint32_t rank, const int64_t dims[],
                            struct zoo_distribution distribution, enum zoo_training training);
/* Two copies of the same values along the first dimension, which must be 2. */
const char *zoo_add_twin_weights(struct zoo_builder *builder, const char *layer, const char *suffix,
                                 uint32_t rank, const int64_t dims[],
                                 struct zoo_distribution distribution);
const char *zoo_add_ints(struct zoo_builder *builder, const char *layer, const char *suffix,
                         uint32_t count, const int64_t ints[]);
const char *zoo_add_scalar(struct zoo_builder *builder, const char *layer, const char *suffix,
                           float value);

/* A node: begin, one call per input, attributes, end. */
size_t zoo_node_begin(struct zoo_builder *builder, const char *op, const char *name);
void zoo_node_input(struct zoo_builder *builder, const char *name);
void zoo_node_output(struct zoo_builder *builder, const char *name);
void zoo_node_int(struct zoo_builder *builder, const char *name, int64_t value);
void zoo_node_float(struct zoo_builder *builder, const char *name, float value);
void zoo_node_string(struct zoo_builder *builder, const char *name, const char *value);
void zoo_node_strings(struct zoo_builder *builder, const char *name, uint32_t count,
                      const char *const values[]);
void zoo_node_ints(struct zoo_builder *builder, const char *name, uint32_t count,
                   const int64_t values[]);
void zoo_node_end(struct zoo_builder *builder, size_t begin);

#endif
