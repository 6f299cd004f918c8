/* Layers without weights: activations, pools, normalisation across channels, moving data. */
#include "compute/zoo/layers.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const struct zoo_value *zoo_add_input(struct zoo_builder *builder, const char *name, uint32_t rank,
                                      const int64_t dims[])
{
    return zoo_add_value(builder, name, rank, dims, 0, 1);
}

const struct zoo_value *zoo_add_image(struct zoo_builder *builder, uint32_t published_size)
{
    int64_t size = zoo_size(builder, published_size);
    return zoo_add_input(builder, "input", 4, (int64_t[]){ZOO_BATCH, 3, size, size});
}

void zoo_set_output(struct zoo_builder *builder, const struct zoo_value *value)
{
    builder->output = value;
}

/* Starts a node with one input and one output of the same name as the node. */
static size_t begin_unary(struct zoo_builder *builder, const char *op, const struct zoo_value *x,
                          const struct zoo_value *y)
{
    size_t node = zoo_node_begin(builder, op, y->name);
    zoo_node_input(builder, x->name);
    zoo_node_output(builder, y->name);
    return node;
}

/* Moments of x where its negative part is scaled by slope, if x were normal. Phi and phi, the
 * normal distribution and its density, are stood for by formulas good to 3 % that need no more than
 * sqrt: libm's own differ between platforms, and files must not. */
static void rectify(const struct zoo_value *x, double slope, double *mean, double *second_moment)
{
    double variance = x->second_moment - x->mean * x->mean;
    double deviation = sqrt(variance > 0 ? variance : 0);
    double t = deviation > 0 ? x->mean / deviation : 8;
    double t2 = t * t;
    double positive = 0.5 + 0.5 * t / sqrt(t2 + 1.5708); /* Phi(t) */
    double density = 0.39894 / (1 + t2 / 2 + t2 * t2 / 8); /* phi(t) */
    double upper = x->mean * positive + deviation * density;
    double upper_square = x->second_moment * positive + x->mean * deviation * density;
    *mean = upper + slope * (x->mean - upper);
    *second_moment = upper_square + slope * slope * (x->second_moment - upper_square);
}

/* An operator without attributes that keeps the shape. */
static const struct zoo_value *add_elementwise(struct zoo_builder *builder, const char *op,
                                               const char *name, const struct zoo_value *x,
                                               double mean, double second_moment)
{
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, mean, second_moment);
    if (!builder->code)
        zoo_node_end(builder, begin_unary(builder, op, x, y));
    return y;
}

const struct zoo_value *zoo_add_relu(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x)
{
    double mean, second_moment;
    rectify(x, 0, &mean, &second_moment);
    return add_elementwise(builder, "Relu", name, x, mean, second_moment);
}

const struct zoo_value *zoo_add_tanh(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x)
{
    return add_elementwise(builder, "Tanh", name, x, 0, x->second_moment / (1 + x->second_moment));
}

const struct zoo_value *zoo_add_leaky_relu(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, float slope)
{
    double mean, second_moment;
    rectify(x, (double)slope, &mean, &second_moment);
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, mean, second_moment);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, "LeakyRelu", x, y);
    zoo_node_float(builder, "alpha", slope);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_clipped_relu(struct zoo_builder *builder, const char *name,
                                             const struct zoo_value *x, float most)
{
    double mean, second_moment;
    rectify(x, 0, &mean, &second_moment);
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, mean, second_moment);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "Clip", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_scalar(builder, name, "min", 0));
    zoo_node_input(builder, zoo_add_scalar(builder, name, "max", most));
    zoo_node_output(builder, name);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_softmax(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x)
{
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, 0, 0.01);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, "Softmax", x, y);
    zoo_node_int(builder, "axis", -1);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_lrn(struct zoo_builder *builder, const char *name,
                                    const struct zoo_value *x, uint32_t size, float alpha,
                                    float beta, float bias)
{
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, x->mean, x->second_moment);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, "LRN", x, y);
    zoo_node_int(builder, "size", size);
    zoo_node_float(builder, "alpha", alpha);
    zoo_node_float(builder, "beta", beta);
    zoo_node_float(builder, "bias", bias);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_sum(struct zoo_builder *builder, const char *name,
                                    const struct zoo_value *a, const struct zoo_value *b)
{
    if (!builder->code && memcmp(a->dims, b->dims, sizeof(a->dims)) != 0)
        zoo_fail(builder, -EINVAL, "the terms of %s differ in shape", name);
    const struct zoo_value *y =
        zoo_add_value_like(builder, name, a, a->mean + b->mean,
                           a->second_moment + b->second_moment + 2 * a->mean * b->mean);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "Add", name);
    zoo_node_input(builder, a->name);
    zoo_node_input(builder, b->name);
    zoo_node_output(builder, name);
    zoo_node_end(builder, node);
    return y;
}

static const struct zoo_value *add_pool(struct zoo_builder *builder, const char *op,
                                        const char *name, const struct zoo_value *x,
                                        const struct zoo_pool *shape, double growth)
{
    if (builder->code)
        return &builder->broken;
    int64_t stride = shape->stride ? shape->stride : 1;
    int64_t dims[ZOO_RANK_MAX] = {x->dims[0], x->dims[1]};
    for (uint32_t i = 2; i < x->rank; i++) {
        int64_t room = x->dims[i] + 2 * (int64_t)shape->pad - shape->kernel;
        dims[i] = (room + (shape->rounds_up ? stride - 1 : 0)) / stride + 1;
        if (room < 0)
            dims[i] = 0;
    }
    const struct zoo_value *y = zoo_add_value(builder, name, x->rank, dims, sqrt(growth) * x->mean,
                                              growth * x->second_moment);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, op, x, y);
    uint32_t spatial = x->rank - 2;
    int64_t kernel[ZOO_RANK_MAX], strides[ZOO_RANK_MAX], pads[2 * ZOO_RANK_MAX];
    for (uint32_t i = 0; i < spatial; i++) {
        kernel[i] = shape->kernel;
        strides[i] = stride;
        pads[i] = pads[spatial + i] = shape->pad;
    }
    zoo_node_ints(builder, "kernel_shape", spatial, kernel);
    zoo_node_ints(builder, "strides", spatial, strides);
    zoo_node_ints(builder, "pads", 2 * spatial, pads);
    if (shape->rounds_up)
        zoo_node_int(builder, "ceil_mode", 1);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_max_pool(struct zoo_builder *builder, const char *name,
                                         const struct zoo_value *x, struct zoo_pool shape)
{
    return add_pool(builder, "MaxPool", name, x, &shape, 1.8);
}

const struct zoo_value *zoo_add_average_pool(struct zoo_builder *builder, const char *name,
                                             const struct zoo_value *x, struct zoo_pool shape)
{
    return add_pool(builder, "AveragePool", name, x, &shape, 0.8);
}

const struct zoo_value *zoo_add_global_average_pool(struct zoo_builder *builder, const char *name,
                                                    const struct zoo_value *x)
{
    int64_t dims[ZOO_RANK_MAX] = {x->dims[0], x->dims[1], 1, 1};
    const struct zoo_value *y =
        zoo_add_value(builder, name, x->rank, dims, x->mean, 0.8 * x->second_moment);
    if (!builder->code)
        zoo_node_end(builder, begin_unary(builder, "GlobalAveragePool", x, y));
    return y;
}

const struct zoo_value *zoo_add_concat(struct zoo_builder *builder, const char *name,
                                       uint32_t count, const struct zoo_value *const parts[])
{
    if (builder->code)
        return &builder->broken;
    int64_t dims[ZOO_RANK_MAX];
    memcpy(dims, parts[0]->dims, sizeof(dims));
    double mean_sum = parts[0]->mean, sum = parts[0]->second_moment;
    for (uint32_t i = 1; i < count; i++) {
        dims[1] += parts[i]->dims[1];
        mean_sum += parts[i]->mean;
        sum += parts[i]->second_moment;
        for (uint32_t d = 2; d < parts[0]->rank; d++)
            if (parts[i]->dims[d] != dims[d])
                zoo_fail(builder, -EINVAL, "the parts of %s differ in size; try another input size",
                         name);
    }
    const struct zoo_value *y =
        zoo_add_value(builder, name, parts[0]->rank, dims, mean_sum / count, sum / count);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "Concat", name);
    for (uint32_t i = 0; i < count; i++)
        zoo_node_input(builder, parts[i]->name);
    zoo_node_output(builder, name);
    zoo_node_int(builder, "axis", 1);
    zoo_node_end(builder, node);
    return y;
}

void zoo_add_split(struct zoo_builder *builder, const char *name, const struct zoo_value *x,
                   uint32_t count, const char *const names[], const int64_t sizes[],
                   const struct zoo_value *parts[])
{
    size_t node = zoo_node_begin(builder, "Split", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_ints(builder, name, "sizes", count, sizes));
    for (uint32_t i = 0; i < count; i++) {
        int64_t dims[ZOO_RANK_MAX];
        memcpy(dims, x->dims, sizeof(dims));
        dims[1] = sizes[i];
        parts[i] = zoo_add_value(builder, names[i], x->rank, dims, x->mean, x->second_moment);
        zoo_node_output(builder, names[i]);
    }
    zoo_node_int(builder, "axis", 1);
    zoo_node_end(builder, node);
}

const struct zoo_value *zoo_add_flatten(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x)
{
    int64_t features = 1;
    for (uint32_t i = 1; i < x->rank; i++)
        features *= x->dims[i];
    const struct zoo_value *y = zoo_add_value(builder, name, 2, (int64_t[]){x->dims[0], features},
                                              x->mean, x->second_moment);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, "Flatten", x, y);
    zoo_node_int(builder, "axis", 1);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_reshape(struct zoo_builder *builder, const char *name,
                                        const struct zoo_value *x, uint32_t rank,
                                        const int64_t dims[])
{
    int64_t all[ZOO_RANK_MAX] = {ZOO_BATCH}, shape[ZOO_RANK_MAX] = {0}; /* 0 keeps the batch */
    for (uint32_t i = 0; i < rank; i++)
        all[i + 1] = shape[i + 1] = dims[i];
    const struct zoo_value *y =
        zoo_add_value(builder, name, rank + 1, all, x->mean, x->second_moment);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "Reshape", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_ints(builder, name, "shape", rank + 1, shape));
    zoo_node_output(builder, name);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_transpose(struct zoo_builder *builder, const char *name,
                                          const struct zoo_value *x, const int64_t order[])
{
    int64_t dims[ZOO_RANK_MAX] = {0};
    for (uint32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[order[i]];
    const struct zoo_value *y =
        zoo_add_value(builder, name, x->rank, dims, x->mean, x->second_moment);
    if (builder->code)
        return y;
    size_t node = begin_unary(builder, "Transpose", x, y);
    zoo_node_ints(builder, "perm", x->rank, order);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_reduce_sum(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x, uint32_t dimension)
{
    if (builder->code)
        return &builder->broken;
    int64_t dims[ZOO_RANK_MAX] = {0};
    for (uint32_t i = 0, out = 0; i < x->rank; i++)
        if (i != dimension)
            dims[out++] = x->dims[i];
    double terms = (double)x->dims[dimension];
    const struct zoo_value *y =
        zoo_add_value(builder, name, x->rank - 1, dims, terms * x->mean,
                      terms * x->second_moment + terms * (terms - 1) * x->mean * x->mean);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "ReduceSum", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_ints(builder, name, "axes", 1, (int64_t[]){dimension}));
    zoo_node_output(builder, name);
    zoo_node_int(builder, "keepdims", 0);
    zoo_node_end(builder, node);
    return y;
}
