/* Keeps the values, nodes and weights of a network under construction. */
#include "compute/zoo/builder.h"

#include "compute/zoo/onnx_fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void zoo_builder_fini(struct zoo_builder *builder)
{
    if (!builder)
        return;
    wire_fini(&builder->nodes);
    for (size_t i = 0; i < builder->value_count; i++)
        free(builder->values[i]);
    free(builder->values);
    free(builder->weights);
    *builder = (struct zoo_builder){0};
}

void zoo_fail(struct zoo_builder *builder, int code, const char *format, ...)
{
    if (builder->code)
        return;
    builder->code = code;
    int used = snprintf(builder->error.text, sizeof(builder->error.text), "%s: ", builder->network);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(builder->error.text + used, sizeof(builder->error.text) - (size_t)used, format,
              arguments);
    va_end(arguments);
}

uint32_t zoo_width(const struct zoo_builder *builder, uint32_t channels)
{
    uint32_t divisor = builder->config.width_divisor;
    if (divisor <= 1)
        return channels;
    uint32_t divided = channels / divisor + (channels % divisor > 0);
    return divided + divided % 2;
}

uint32_t zoo_size(const struct zoo_builder *builder, uint32_t published)
{
    return builder->config.input_size ? builder->config.input_size : published;
}

const struct zoo_value *zoo_find(const struct zoo_builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->value_count; i++)
        if (strcmp(builder->values[i]->name, name) == 0)
            return builder->values[i];
    return NULL;
}

/* Room for one more in an array of pointers or structs. */
static void *grow(struct zoo_builder *builder, void *array, size_t count, size_t *capacity,
                  size_t element_bytes)
{
    if (count < *capacity)
        return array;
    size_t larger = 2 * *capacity + 16;
    void *grown = realloc(array, larger * element_bytes);
    if (!grown) {
        zoo_fail(builder, -ENOMEM, "out of memory");
        return array;
    }
    *capacity = larger;
    return grown;
}

const struct zoo_value *zoo_add_value(struct zoo_builder *builder, const char *name, uint32_t rank,
                                      const int64_t dims[], double mean, double second_moment)
{
    if (builder->code)
        return &builder->broken;
    if (strlen(name) >= ZOO_NAME_MAX) {
        zoo_fail(builder, -ENAMETOOLONG, "the name %s is too long", name);
        return &builder->broken;
    }
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i] <= 0 && dims[i] != ZOO_BATCH) {
            zoo_fail(builder, -EINVAL, "input size %u is too small: nothing is left at %s",
                     builder->config.input_size, name);
            return &builder->broken;
        }
    }
    builder->values = grow(builder, builder->values, builder->value_count, &builder->value_capacity,
                           sizeof(*builder->values));
    struct zoo_value *value = calloc(1, sizeof(*value));
    if (builder->code || !value) {
        zoo_fail(builder, -ENOMEM, "out of memory");
        free(value);
        return &builder->broken;
    }
    snprintf(value->name, sizeof(value->name), "%s", name);
    value->rank = rank;
    memcpy(value->dims, dims, rank * sizeof(dims[0]));
    value->mean = mean;
    value->second_moment = second_moment;
    builder->values[builder->value_count++] = value;
    return value;
}

const struct zoo_value *zoo_add_value_like(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, double mean,
                                           double second_moment)
{
    return zoo_add_value(builder, name, x->rank, x->dims, mean, second_moment);
}

/* A weight named "layer.suffix", its kind and data still to be filled in; NULL after a failure. */
static struct zoo_weights *add_weights(struct zoo_builder *builder, const char *layer,
                                       const char *suffix, uint32_t rank, const int64_t dims[])
{
    if (builder->code)
        return NULL;
    builder->weights = grow(builder, builder->weights, builder->weight_count,
                            &builder->weight_capacity, sizeof(*builder->weights));
    if (builder->code)
        return NULL;
    struct zoo_weights *weights = &builder->weights[builder->weight_count++];
    *weights = (struct zoo_weights){.rank = rank};
    snprintf(weights->name, sizeof(weights->name), "%s.%s", layer, suffix);
    for (uint32_t i = 0; i < rank; i++)
        weights->dims[i] = dims[i];
    return weights;
}

static const char *add_random(struct zoo_builder *builder, const char *layer, const char *suffix,
                              uint32_t rank, const int64_t dims[],
                              struct zoo_distribution distribution, uint32_t copies,
                              enum zoo_training training)
{
    struct zoo_weights *weights = add_weights(builder, layer, suffix, rank, dims);
    if (!weights)
        return "";
    weights->kind = ZOO_RANDOM;
    weights->distribution = distribution;
    weights->copies = copies;
    uint64_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= (uint64_t)dims[i];
    if (training == ZOO_TRAINED)
        builder->parameter_count += count / copies;
    return weights->name;
}

const char *zoo_add_weights(struct zoo_builder *builder, const char *layer, const char *suffix,
                            uint32_t rank, const int64_t dims[],
                            struct zoo_distribution distribution, enum zoo_training training)
{
    return add_random(builder, layer, suffix, rank, dims, distribution, 1, training);
}

const char *zoo_add_twin_weights(struct zoo_builder *builder, const char *layer, const char *suffix,
                                 uint32_t rank, const int64_t dims[],
                                 struct zoo_distribution distribution)
{
    return add_random(builder, layer, suffix, rank, dims, distribution, 2, ZOO_TRAINED);
}

const char *zoo_add_ints(struct zoo_builder *builder, const char *layer, const char *suffix,
                         uint32_t count, const int64_t ints[])
{
    struct zoo_weights *weights = add_weights(builder, layer, suffix, 1, (int64_t[]){count});
    if (!weights)
        return "";
    weights->kind = ZOO_INTS;
    memcpy(weights->ints, ints, count * sizeof(ints[0]));
    return weights->name;
}

const char *zoo_add_scalar(struct zoo_builder *builder, const char *layer, const char *suffix,
                           float value)
{
    struct zoo_weights *weights = add_weights(builder, layer, suffix, 0, NULL);
    if (!weights)
        return "";
    weights->kind = ZOO_FLOATS;
    weights->floats[0] = value;
    return weights->name;
}

size_t zoo_node_begin(struct zoo_builder *builder, const char *op, const char *name)
{
    size_t begin = wire_begin(&builder->nodes, GRAPH_NODE);
    wire_string(&builder->nodes, NODE_OP_TYPE, op);
    wire_string(&builder->nodes, NODE_NAME, name);
    return begin;
}

void zoo_node_input(struct zoo_builder *builder, const char *name)
{
    wire_string(&builder->nodes, NODE_INPUT, name);
}

void zoo_node_output(struct zoo_builder *builder, const char *name)
{
    wire_string(&builder->nodes, NODE_OUTPUT, name);
}

void zoo_node_int(struct zoo_builder *builder, const char *name, int64_t value)
{
    size_t begin = wire_begin(&builder->nodes, NODE_ATTRIBUTE);
    wire_string(&builder->nodes, ATTRIBUTE_NAME, name);
    wire_int(&builder->nodes, ATTRIBUTE_I, value);
    wire_int(&builder->nodes, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_INT);
    wire_end(&builder->nodes, begin);
}

void zoo_node_float(struct zoo_builder *builder, const char *name, float value)
{
    size_t begin = wire_begin(&builder->nodes, NODE_ATTRIBUTE);
    wire_string(&builder->nodes, ATTRIBUTE_NAME, name);
    wire_float(&builder->nodes, ATTRIBUTE_F, value);
    wire_int(&builder->nodes, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_FLOAT);
    wire_end(&builder->nodes, begin);
}

void zoo_node_strings(struct zoo_builder *builder, const char *name, uint32_t count,
                      const char *const values[])
{
    size_t begin = wire_begin(&builder->nodes, NODE_ATTRIBUTE);
    wire_string(&builder->nodes, ATTRIBUTE_NAME, name);
    for (uint32_t i = 0; i < count; i++)
        wire_string(&builder->nodes, ATTRIBUTE_STRINGS, values[i]);
    wire_int(&builder->nodes, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_STRINGS);
    wire_end(&builder->nodes, begin);
}

void zoo_node_string(struct zoo_builder *builder, const char *name, const char *value)
{
    size_t begin = wire_begin(&builder->nodes, NODE_ATTRIBUTE);
    wire_string(&builder->nodes, ATTRIBUTE_NAME, name);
    wire_string(&builder->nodes, ATTRIBUTE_S, value);
    wire_int(&builder->nodes, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_STRING);
    wire_end(&builder->nodes, begin);
}

void zoo_node_ints(struct zoo_builder *builder, const char *name, uint32_t count,
                   const int64_t values[])
{
    size_t begin = wire_begin(&builder->nodes, NODE_ATTRIBUTE);
    wire_string(&builder->nodes, ATTRIBUTE_NAME, name);
    for (uint32_t i = 0; i < count; i++)
        wire_int(&builder->nodes, ATTRIBUTE_INTS, values[i]);
    wire_int(&builder->nodes, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_INTS);
    wire_end(&builder->nodes, begin);
}

void zoo_node_end(struct zoo_builder *builder, size_t begin)
{
    wire_end(&builder->nodes, begin);
}
