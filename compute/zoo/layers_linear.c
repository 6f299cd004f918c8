/* Layers with weights: convolutions, fully connected and recurrent layers, batch norm. */
#include "compute/zoo/layers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

static const struct zoo_distribution BIAS = {.centre = 0, .deviation = 0.05};

/* He et al., "Delving deep into rectifiers" (2015): keeps the scale through ReLU layers. */
static struct zoo_distribution he(double fan_in)
{
    return (struct zoo_distribution){.centre = 0, .deviation = sqrt(2 / fan_in)};
}

static double linear_second_moment(const struct zoo_value *x)
{
    return 2 * x->second_moment + BIAS.deviation * BIAS.deviation;
}

static void set_repeated(int64_t values[], uint32_t count, int64_t value)
{
    for (uint32_t i = 0; i < count; i++)
        values[i] = value;
}

/* The attributes that both kinds of convolution have. */
static void convolution_attributes(struct zoo_builder *builder, uint32_t spatial,
                                   const struct zoo_convolution *shape)
{
    int64_t values[2 * ZOO_RANK_MAX];
    set_repeated(values, spatial, shape->kernel);
    zoo_node_ints(builder, "kernel_shape", spatial, values);
    set_repeated(values, spatial, shape->stride);
    zoo_node_ints(builder, "strides", spatial, values);
    set_repeated(values, 2 * spatial, shape->pad);
    zoo_node_ints(builder, "pads", 2 * spatial, values);
    if (shape->groups > 1)
        zoo_node_int(builder, "group", shape->groups);
}

static const struct zoo_value *finish_convolution(struct zoo_builder *builder, const char *op,
                                                  const struct zoo_value *x,
                                                  const struct zoo_value *y,
                                                  const int64_t weight_dims[], double fan_in,
                                                  const struct zoo_convolution *shape)
{
    size_t node = zoo_node_begin(builder, op, y->name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_weights(builder, y->name, "weight", x->rank, weight_dims,
                                            he(fan_in), ZOO_TRAINED));
    if (!shape->has_no_bias)
        zoo_node_input(builder, zoo_add_weights(builder, y->name, "bias", 1,
                                                (int64_t[]){shape->channels}, BIAS, ZOO_TRAINED));
    zoo_node_output(builder, y->name);
    convolution_attributes(builder, x->rank - 2, shape);
    if (shape->output_pad > 0) {
        int64_t pads[ZOO_RANK_MAX];
        set_repeated(pads, x->rank - 2, shape->output_pad);
        zoo_node_ints(builder, "output_padding", x->rank - 2, pads);
    }
    zoo_node_end(builder, node);
    return y;
}

static void convolution_defaults(struct zoo_convolution *shape)
{
    if (shape->stride == 0)
        shape->stride = 1;
    if (shape->groups == 0)
        shape->groups = 1;
}

const struct zoo_value *zoo_add_conv(struct zoo_builder *builder, const char *name,
                                     const struct zoo_value *x, struct zoo_convolution shape)
{
    if (builder->code)
        return &builder->broken;
    convolution_defaults(&shape);
    if (x->dims[1] % shape.groups != 0 || shape.channels % shape.groups != 0) {
        zoo_fail(builder, -EINVAL, "channels of %s do not divide into %u groups", name,
                 shape.groups);
        return &builder->broken;
    }
    int64_t weights[ZOO_RANK_MAX] = {shape.channels, x->dims[1] / shape.groups};
    int64_t dims[ZOO_RANK_MAX] = {ZOO_BATCH, shape.channels};
    double fan_in = (double)weights[1];
    for (uint32_t i = 2; i < x->rank; i++) {
        int64_t room = x->dims[i] + 2 * (int64_t)shape.pad - shape.kernel;
        weights[i] = shape.kernel;
        dims[i] = room < 0 ? 0 : room / shape.stride + 1;
        fan_in *= shape.kernel;
    }
    const struct zoo_value *y =
        zoo_add_value(builder, name, x->rank, dims, 0, linear_second_moment(x));
    if (builder->code)
        return y;
    return finish_convolution(builder, "Conv", x, y, weights, fan_in, &shape);
}

const struct zoo_value *zoo_add_conv_transpose(struct zoo_builder *builder, const char *name,
                                               const struct zoo_value *x,
                                               struct zoo_convolution shape)
{
    if (builder->code)
        return &builder->broken;
    convolution_defaults(&shape);
    int64_t weights[ZOO_RANK_MAX] = {x->dims[1], shape.channels};
    int64_t dims[ZOO_RANK_MAX] = {ZOO_BATCH, shape.channels};
    double fan_in = (double)x->dims[1]; /* each output sees (kernel / stride)^n of the inputs */
    for (uint32_t i = 2; i < x->rank; i++) {
        weights[i] = shape.kernel;
        dims[i] = (x->dims[i] - 1) * shape.stride + shape.kernel + shape.output_pad -
                  2 * (int64_t)shape.pad;
        fan_in *= (double)shape.kernel / shape.stride;
    }
    const struct zoo_value *y =
        zoo_add_value(builder, name, x->rank, dims, 0, linear_second_moment(x));
    if (builder->code)
        return y;
    return finish_convolution(builder, "ConvTranspose", x, y, weights, fan_in, &shape);
}

const struct zoo_value *zoo_add_dense(struct zoo_builder *builder, const char *name,
                                      const struct zoo_value *x, uint32_t outputs)
{
    const struct zoo_value *y = zoo_add_value(builder, name, 2, (int64_t[]){ZOO_BATCH, outputs}, 0,
                                              linear_second_moment(x));
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "Gemm", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder,
                   zoo_add_weights(builder, name, "weight", 2, (int64_t[]){outputs, x->dims[1]},
                                   he((double)x->dims[1]), ZOO_TRAINED));
    zoo_node_input(builder, zoo_add_weights(builder, name, "bias", 1, (int64_t[]){outputs}, BIAS,
                                            ZOO_TRAINED));
    zoo_node_output(builder, name);
    zoo_node_int(builder, "transB", 1);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_matmul(struct zoo_builder *builder, const char *name,
                                       const struct zoo_value *x, uint32_t outputs)
{
    if (builder->code)
        return &builder->broken;
    int64_t inputs = x->dims[x->rank - 1];
    int64_t dims[ZOO_RANK_MAX];
    for (uint32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    dims[x->rank - 1] = outputs;
    char bias_name[ZOO_NAME_MAX];
    snprintf(bias_name, sizeof(bias_name), "%s_bias", name);
    zoo_add_value(builder, name, x->rank, dims, 0, 2 * x->second_moment);
    const struct zoo_value *y =
        zoo_add_value(builder, bias_name, x->rank, dims, 0, linear_second_moment(x));
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "MatMul", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder,
                   zoo_add_weights(builder, name, "weight", 2, (int64_t[]){inputs, outputs},
                                   he((double)inputs), ZOO_TRAINED));
    zoo_node_output(builder, name);
    zoo_node_end(builder, node);
    node = zoo_node_begin(builder, "Add", y->name);
    zoo_node_input(builder, name);
    zoo_node_input(builder, zoo_add_weights(builder, name, "bias", 1, (int64_t[]){outputs}, BIAS,
                                            ZOO_TRAINED));
    zoo_node_output(builder, y->name);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_bidirectional_rnn(struct zoo_builder *builder, const char *name,
                                                  const struct zoo_value *x, uint32_t hidden,
                                                  float clip)
{
    if (builder->code)
        return &builder->broken;
    int64_t inputs = x->dims[2];
    /* The fan-in counts both the input and the state, so that the state settles and does not grow
     * with time; its mean square then is about the input's. */
    struct zoo_distribution weights = he((double)inputs + hidden);
    const struct zoo_value *y =
        zoo_add_value(builder, name, 4, (int64_t[]){x->dims[0], 2, x->dims[1], hidden}, x->mean,
                      x->second_moment);
    if (builder->code)
        return y;
    size_t node = zoo_node_begin(builder, "RNN", name);
    zoo_node_input(builder, x->name);
    zoo_node_input(builder, zoo_add_twin_weights(builder, name, "input_weight", 3,
                                                 (int64_t[]){2, hidden, inputs}, weights));
    zoo_node_input(builder, zoo_add_weights(builder, name, "state_weight", 3,
                                            (int64_t[]){2, hidden, hidden}, weights, ZOO_TRAINED));
    zoo_node_input(builder, zoo_add_twin_weights(builder, name, "bias", 2,
                                                 (int64_t[]){2, 2 * (int64_t)hidden}, BIAS));
    zoo_node_output(builder, name);
    zoo_node_string(builder, "direction", "bidirectional");
    zoo_node_int(builder, "hidden_size", hidden);
    zoo_node_strings(builder, "activations", 2, (const char *const[]){"Relu", "Relu"});
    /* ONNX clips what goes into the activation to [-clip, clip]: for ReLU min(max(z, 0), clip). */
    zoo_node_float(builder, "clip", clip);
    zoo_node_end(builder, node);
    return y;
}

const struct zoo_value *zoo_add_batch_norm(struct zoo_builder *builder, const char *name,
                                           const struct zoo_value *x)
{
    const struct zoo_value *y = zoo_add_value_like(builder, name, x, 0, 1);
    if (builder->code)
        return y;
    /* Statistics as training would have left them: the estimated variance, varied by channel. */
    double variance = x->second_moment;
    const struct {
        const char *suffix;
        struct zoo_distribution distribution;
        enum zoo_training training;
    } parameters[] = {
        {"scale", {1, 0.1}, ZOO_TRAINED},
        {"shift", {0, 0.1}, ZOO_TRAINED},
        {"running_mean", {0, 0.1 * sqrt(variance)}, ZOO_FROZEN},
        {"running_variance", {variance, 0.1 * variance}, ZOO_FROZEN},
    };
    size_t node = zoo_node_begin(builder, "BatchNormalization", name);
    zoo_node_input(builder, x->name);
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        zoo_node_input(builder, zoo_add_weights(builder, name, parameters[i].suffix, 1,
                                                (int64_t[]){x->dims[1]}, parameters[i].distribution,
                                                parameters[i].training));
    zoo_node_output(builder, name);
    zoo_node_float(builder, "epsilon", 1e-5f);
    zoo_node_end(builder, node);
    return y;
}
