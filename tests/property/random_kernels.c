/* Random networks: convolutions, pools, matrix products, normalisations, activations, sums. */
#include "tests/property/random_builder.h"

#include <math.h>
#include <string.h>

static int64_t extent(int64_t in, int64_t pads, int64_t kernel, int64_t dilation, int64_t stride)
{
    int64_t slack = in + pads - (kernel - 1) * dilation - 1;
    return slack < 0 ? 0 : slack / stride + 1;
}

struct geometry {
    int64_t kernel[2], stride[2], dilation[2], pads[4];
    uint32_t rank;
};

/* A window that fits the value; its output sizes in dims[2..]. */
static bool random_geometry(struct random_builder *b, const struct random_value *in, bool is_pool,
                            bool has_dilation, struct geometry *g, int64_t *dims)
{
    g->rank = in->rank - 2;
    bool is_square = random_chance(b, 60), is_plain = random_chance(b, 50);
    int64_t size = random_number(b, 1, 5);
    for (uint32_t i = 0; i < g->rank; i++) {
        g->kernel[i] = is_square ? size : random_number(b, 1, 5);
        g->stride[i] = is_plain ? 1 : random_number(b, 1, 3);
        g->dilation[i] = !has_dilation || is_plain || random_chance(b, 70) ? 1 : 2;
        g->pads[i] = is_plain ? g->kernel[i] / 2 : random_number(b, 0, g->kernel[i] - 1);
        g->pads[g->rank + i] = is_plain ? g->kernel[i] / 2 : random_number(b, 0, g->kernel[i] - 1);
        if (is_pool && g->dilation[i] > 1) /* so that each window meets the input */
            g->pads[i] = g->pads[g->rank + i] = 0;
        dims[2 + i] = extent(in->dims[2 + i], g->pads[i] + g->pads[g->rank + i], g->kernel[i],
                             g->dilation[i], g->stride[i]);
        if (dims[2 + i] < 1)
            return false;
    }
    return true;
}

static void set_geometry(struct random_builder *b, Onnx__NodeProto *node, const struct geometry *g,
                         bool has_dilation)
{
    onnx_model_ints(b->model, node, "kernel_shape", g->rank, g->kernel);
    onnx_model_ints(b->model, node, "strides", g->rank, g->stride);
    onnx_model_ints(b->model, node, "pads", 2 * (size_t)g->rank, g->pads);
    if (has_dilation)
        onnx_model_ints(b->model, node, "dilations", g->rank, g->dilation);
}

static bool grow_conv(struct random_builder *b, struct random_value *in)
{
    struct geometry g;
    int64_t dims[4] = {-1}, channels = in->dims[1];
    if (in->rank < 3 || !random_geometry(b, in, false, true, &g, dims))
        return false;
    int64_t groups = 1, kind = random_number(b, 0, 9);
    if (kind < 2)
        groups = channels;
    else if (kind == 2 && channels % 2 == 0)
        groups = 2;
    int64_t most = random_chance(b, 25) ? 40 : 12;
    dims[1] = groups * random_number(b, 1, most / groups > 0 ? most / groups : 1);
    if (random_chance(b, 30) && channels % groups == 0 && channels <= 40)
        dims[1] = channels; /* so that it can be added to its input */
    int64_t shape[4] = {dims[1], channels / groups, g.kernel[0], g.kernel[1]};
    int64_t taps = shape[1] * g.kernel[0] * (g.rank == 2 ? g.kernel[1] : 1);
    if (dims[1] * dims[2] * (g.rank == 2 ? dims[3] : 1) > RANDOM_MAX_ELEMENTS)
        return false;
    const char *weights = random_floats(b, in->rank, shape, 0, (float)(1.7 / sqrt((double)taps)));
    const char *bias = random_chance(b, 60) ? random_floats(b, 1, dims + 1, 0, 0.5f) : "";
    Onnx__NodeProto *node;
    const char *out =
        random_node(b, "Conv", random_text(b, "%s %s %s", in->name, weights, bias), &node);
    set_geometry(b, node, &g, true);
    onnx_model_int(b->model, node, "group", groups);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

static bool grow_pool(struct random_builder *b, struct random_value *in)
{
    struct geometry g;
    int64_t dims[4] = {-1, in->dims[1]};
    bool is_max = random_chance(b, 50);
    if (in->rank < 3 || !random_geometry(b, in, true, is_max, &g, dims))
        return false;
    Onnx__NodeProto *node;
    const char *out = random_node(b, is_max ? "MaxPool" : "AveragePool", in->name, &node);
    set_geometry(b, node, &g, is_max);
    if (random_chance(b, 30)) {
        onnx_model_int(b->model, node, "ceil_mode", 1);
        for (uint32_t i = 0; i < g.rank; i++) {
            int64_t reach = (g.kernel[i] - 1) * g.dilation[i] + 1;
            int64_t slack = in->dims[2 + i] + g.pads[i] + g.pads[g.rank + i] - reach;
            dims[2 + i] = slack / g.stride[i] + 1;
            if (slack % g.stride[i] && dims[2 + i] * g.stride[i] < in->dims[2 + i] + g.pads[i])
                dims[2 + i]++;
        }
    }
    if (!is_max && random_chance(b, 50))
        onnx_model_int(b->model, node, "count_include_pad", 1);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

static bool grow_global_pool(struct random_builder *b, struct random_value *in)
{
    if (in->rank < 3)
        return false;
    const char *out = random_node(b, random_chance(b, 80) ? "GlobalAveragePool" : "GlobalMaxPool",
                                  in->name, NULL);
    in->readers++;
    random_add_value(b, out, in->rank, (int64_t[]){-1, in->dims[1], 1, 1});
    return true;
}

static bool grow_batch_norm(struct random_builder *b, struct random_value *in)
{
    const int64_t *channels = in->dims + 1;
    const char *inputs =
        random_text(b, "%s %s %s %s %s", in->name, random_floats(b, 1, channels, 1, 0.5f),
                    random_floats(b, 1, channels, 0, 0.5f), random_floats(b, 1, channels, 0, 0.5f),
                    random_floats(b, 1, channels, 1, 0.5f));
    const char *out = random_node(b, "BatchNormalization", inputs, NULL);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

static bool grow_activation(struct random_builder *b, struct random_value *in)
{
    static const char *const kinds[] = {
        "Relu",     "Relu", "Relu", "LeakyRelu", "Sigmoid", "Tanh",      "Elu", "HardSigmoid",
        "Softplus", "Selu", "Clip", "Clip",      "PRelu",   "HardSwish", "Abs", "Neg"};
    const char *kind = kinds[random_number(b, 0, sizeof(kinds) / sizeof(kinds[0]) - 1)];
    const char *inputs = in->name;
    if (strcmp(kind, "HardSwish") == 0) /* opset 14: as exporters write it before */
        kind = "HardSigmoid";
    if (strcmp(kind, "Clip") == 0) {
        const char *low = random_chance(b, 80) ? random_floats(b, 0, NULL, -0.5f, 0.3f) : "-";
        const char *high = random_chance(b, 80) ? random_floats(b, 0, NULL, 1, 0.9f) : "-";
        inputs = random_text(b, "%s %s %s", in->name, low, high);
    }
    if (strcmp(kind, "PRelu") == 0) {
        int64_t slope[4] = {in->dims[1], 1, 1, 1};
        inputs =
            random_text(b, "%s %s", in->name, random_floats(b, in->rank - 1, slope, 0.2f, 0.2f));
    }
    Onnx__NodeProto *node;
    const char *out = random_node(b, kind, inputs, &node);
    if (strcmp(kind, "LeakyRelu") == 0 && random_chance(b, 50))
        onnx_model_float(b->model, node, "alpha", 0.3f);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

/* x * HardSigmoid(x): two readers of x. */
static bool grow_swish(struct random_builder *b, struct random_value *in)
{
    const char *gate =
        random_node(b, random_chance(b, 50) ? "HardSigmoid" : "Sigmoid", in->name, NULL);
    const char *out = random_node(b, "Mul", random_text(b, "%s %s", in->name, gate), NULL);
    in->readers += 2;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

/* Squeeze and excite: x * Sigmoid(Conv(GlobalAveragePool(x))). */
static bool grow_excite(struct random_builder *b, struct random_value *in)
{
    if (in->rank < 3)
        return false;
    int64_t shape[4] = {in->dims[1], in->dims[1], 1, 1};
    const char *pooled = random_node(b, "GlobalAveragePool", in->name, NULL);
    const char *weights =
        random_floats(b, in->rank, shape, 0, (float)(1.7 / sqrt((double)in->dims[1])));
    const char *gate = random_node(b, "Conv", random_text(b, "%s %s", pooled, weights), NULL);
    gate = random_node(b, "Sigmoid", gate, NULL);
    const char *out = random_node(b, "Mul", random_text(b, "%s %s", in->name, gate), NULL);
    in->readers += 2;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

/* No differences: of two values that are nearly equal, only rounding would be left. */
static bool grow_sum(struct random_builder *b, struct random_value *in)
{
    struct random_value *other = random_chance(b, 5) ? in : random_twin(b, in);
    if (!other)
        return false;
    static const char *const kinds[] = {"Add", "Add", "Add", "Sum", "Mul", "Mul", "Max"};
    const char *kind = kinds[random_number(b, 0, 6)];
    bool is_swapped = random_chance(b, 50);
    const char *out = random_node(b, kind,
                                  random_text(b, "%s %s", is_swapped ? other->name : in->name,
                                              is_swapped ? in->name : other->name),
                                  NULL);
    in->readers++;
    other->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

/* Arithmetic with a constant: one number, one per channel, one per element, one per column. */
static bool grow_constant(struct random_builder *b, struct random_value *in)
{
    int64_t dims[4] = {1, 1, 1, 1};
    uint32_t rank = in->rank;
    switch (random_number(b, 0, 5)) {
    case 0:
        rank = (uint32_t)random_number(b, 0, 1);
        break;
    case 1:
        memcpy(dims + 1, in->dims + 1, (rank - 1) * sizeof(*dims));
        break;
    case 2:
        dims[rank - 1] = in->dims[rank - 1];
        break;
    case 3:
        dims[0] = in->dims[1];
        rank--;
        break;
    default:
        dims[1] = in->dims[1];
        break;
    }
    static const char *const kinds[] = {"Add", "Sub", "Mul", "Div", "Add", "Mul"};
    const char *kind = kinds[random_number(b, 0, 5)];
    const char *constant = random_floats(b, rank, dims, 1, 0.4f);
    bool is_swapped = random_chance(b, 30) && strcmp(kind, "Div") != 0;
    const char *out = random_node(
        b, kind,
        random_text(b, "%s %s", is_swapped ? constant : in->name, is_swapped ? in->name : constant),
        NULL);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

static bool grow_lrn(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 4)
        return false;
    Onnx__NodeProto *node;
    const char *out = random_node(b, "LRN", in->name, &node);
    onnx_model_int(b->model, node, "size", random_number(b, 1, 6));
    onnx_model_float(b->model, node, "alpha", random_chance(b, 50) ? 1e-4f : 0.5f);
    onnx_model_float(b->model, node, "beta", random_chance(b, 50) ? 0.75f : 0.6f);
    if (random_chance(b, 50))
        onnx_model_float(b->model, node, "bias", 2);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

static bool grow_softmax(struct random_builder *b, struct random_value *in)
{
    Onnx__NodeProto *node;
    const char *out = random_node(b, "Softmax", in->name, &node);
    onnx_model_int(b->model, node, "axis", random_chance(b, 50) ? -1 : 1);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

static bool grow_gemm(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 2)
        return false;
    int64_t columns = random_number(b, 1, 50), depth = in->dims[1];
    bool is_transposed = random_chance(b, 60);
    int64_t shape[2] = {is_transposed ? columns : depth, is_transposed ? depth : columns};
    const char *weights = random_floats(b, 2, shape, 0, (float)(1.7 / sqrt((double)depth)));
    const char *bias = "";
    int64_t kind = random_number(b, 0, 3);
    if (kind == 1)
        bias = random_floats(b, 1, &columns, 0, 0.5f);
    if (kind == 2)
        bias = random_floats(b, 2, (int64_t[]){1, columns}, 0, 0.5f);
    if (kind == 3)
        bias = random_floats(b, 1, (int64_t[]){1}, 0, 0.5f);
    Onnx__NodeProto *node;
    const char *out =
        random_node(b, "Gemm", random_text(b, "%s %s %s", in->name, weights, bias), &node);
    onnx_model_int(b->model, node, "transB", is_transposed);
    if (random_chance(b, 30)) {
        onnx_model_float(b->model, node, "alpha", 0.5f);
        onnx_model_float(b->model, node, "beta", 2);
    }
    in->readers++;
    random_add_value(b, out, 2, (int64_t[]){-1, columns});
    return true;
}

static bool grow_matmul(struct random_builder *b, struct random_value *in)
{
    int64_t depth = in->dims[in->rank - 1], columns = random_number(b, 1, 30);
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    dims[in->rank - 1] = columns;
    const char *weights =
        random_floats(b, 2, (int64_t[]){depth, columns}, 0, (float)(1.7 / sqrt((double)depth)));
    const char *out = random_node(b, "MatMul", random_text(b, "%s %s", in->name, weights), NULL);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

random_grow *const random_kernel_growers[] = {
    grow_conv,        grow_conv,       grow_conv,       grow_conv,
    grow_conv,        grow_pool,       grow_pool,       grow_batch_norm,
    grow_batch_norm,  grow_activation, grow_activation, grow_activation,
    grow_global_pool, grow_swish,      grow_excite,     grow_sum,
    grow_sum,         grow_sum,        grow_sum,        grow_constant,
    grow_constant,    grow_lrn,        grow_softmax,    grow_gemm,
    grow_gemm,        grow_gemm,       grow_matmul,     NULL};
