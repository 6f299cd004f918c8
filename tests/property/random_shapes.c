/* Random networks: what moves elements about: concatenations, slices, pads, changes of shape, and
 * passages where the batch is not the first dimension. */
#include "compute/ops/op.h"
#include "tests/property/random_builder.h"

#include <string.h>

/* A value that differs from `value` in dims[axis] only. */
static struct random_value *neighbour(struct random_builder *b, const struct random_value *value,
                                      uint32_t axis)
{
    uint32_t start = (uint32_t)random_number(b, 0, b->value_count - 1);
    for (uint32_t i = 0; i < b->value_count; i++) {
        struct random_value *other = &b->values[(start + i) % b->value_count];
        bool fits = other->rank == value->rank;
        for (uint32_t d = 1; d < value->rank && fits; d++)
            fits = d == axis || other->dims[d] == value->dims[d];
        if (fits)
            return other;
    }
    return NULL;
}

static bool grow_concat(struct random_builder *b, struct random_value *in)
{
    uint32_t axis = random_chance(b, 80) ? 1 : (uint32_t)random_number(b, 1, in->rank - 1);
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    const char *inputs = in->name;
    in->readers++;
    for (int64_t i = random_number(b, 1, 3); i > 0; i--) {
        struct random_value *other = neighbour(b, in, axis);
        if (!other || random_row_elements(other) > RANDOM_MAX_ELEMENTS / 4)
            continue;
        inputs = random_chance(b, 50) ? random_text(b, "%s %s", inputs, other->name)
                                      : random_text(b, "%s %s", other->name, inputs);
        dims[axis] += other->dims[axis];
        other->readers++;
    }
    Onnx__NodeProto *node;
    const char *out = random_node(b, "Concat", inputs, &node);
    onnx_model_int(b->model, node, "axis",
                   random_chance(b, 50) ? (int64_t)axis - (int64_t)in->rank : (int64_t)axis);
    random_add_value(b, out, in->rank, dims);
    return true;
}

/* Two branches and their concatenation, as in inception modules: each branch made for its slice. */
static bool grow_branches(struct random_builder *b, struct random_value *in)
{
    if (in->rank < 3)
        return false;
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    dims[1] = 0;
    const char *inputs = "";
    for (int64_t i = random_number(b, 2, 3); i > 0; i--) {
        int64_t shape[4] = {random_number(b, 1, 12), in->dims[1], 1, 1};
        const char *weights = random_floats(b, in->rank, shape, 0, 0.4f);
        const char *branch =
            random_node(b, "Conv", random_text(b, "%s %s", in->name, weights), NULL);
        if (random_chance(b, 60))
            branch = random_node(b, "Relu", branch, NULL);
        inputs = random_text(b, "%s%s%s", inputs, inputs[0] ? " " : "", branch);
        dims[1] += shape[0];
        in->readers++;
        int64_t made[4];
        memcpy(made, in->dims, sizeof(made));
        made[1] = shape[0];
        random_add_value(b, branch, in->rank, made);
        b->values[b->value_count - 1].readers++;
    }
    Onnx__NodeProto *node;
    const char *out = random_node(b, "Concat", inputs, &node);
    onnx_model_int(b->model, node, "axis", 1);
    random_add_value(b, out, in->rank, dims);
    return true;
}

static bool grow_split(struct random_builder *b, struct random_value *in)
{
    uint32_t axis = (uint32_t)random_number(b, 1, in->rank - 1);
    if (in->dims[axis] < 2)
        return false;
    int64_t first = random_number(b, 1, in->dims[axis] - 1);
    int64_t sizes[2] = {first, in->dims[axis] - first};
    const char *left = random_name(b, "v"), *right = random_name(b, "v");
    const char *inputs = random_text(b, "%s %s", in->name, random_ints(b, 2, sizes));
    Onnx__NodeProto *node =
        onnx_model_node(b->model, "Split", inputs, random_text(b, "%s %s", left, right));
    onnx_model_int(b->model, node, "axis", axis);
    in->readers++;
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    dims[axis] = sizes[0];
    random_add_value(b, left, in->rank, dims);
    dims[axis] = sizes[1];
    random_add_value(b, right, in->rank, dims);
    return true;
}

static bool grow_slice(struct random_builder *b, struct random_value *in)
{
    int64_t axis = random_number(b, 1, in->rank - 1), size = in->dims[axis];
    int64_t start = random_number(b, 0, size - 1), step = random_number(b, 1, 2);
    int64_t end = random_number(b, start + 1, size), dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    dims[axis] = (end - start + step - 1) / step;
    if (random_chance(b, 20)) { /* backwards */
        start = -1;
        end = INT64_MIN + 1;
        step = -1;
        dims[axis] = size;
    }
    const char *out = random_node(b, "Slice",
                                  random_text(b, "%s %s %s %s %s", in->name,
                                              random_ints(b, 1, &start), random_ints(b, 1, &end),
                                              random_ints(b, 1, &axis), random_ints(b, 1, &step)),
                                  NULL);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

static bool grow_pad(struct random_builder *b, struct random_value *in)
{
    if (in->rank < 3 || random_row_elements(in) > RANDOM_MAX_ELEMENTS / 4)
        return false;
    static const char *const modes[] = {"constant", "reflect", "edge"};
    const char *mode = modes[random_number(b, 0, 2)];
    int64_t pads[8] = {0}, dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    for (uint32_t d = 2; d < in->rank; d++) {
        int64_t most = strcmp(mode, "reflect") == 0 && in->dims[d] < 3 ? in->dims[d] - 1 : 2;
        pads[d] = random_number(b, 0, most);
        pads[in->rank + d] = random_number(b, 0, most);
        dims[d] += pads[d] + pads[in->rank + d];
    }
    Onnx__NodeProto *node;
    const char *out = random_node(
        b, "Pad", random_text(b, "%s %s", in->name, random_ints(b, 2 * (size_t)in->rank, pads)),
        &node);
    onnx_model_string(b->model, node, "mode", mode);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

static bool grow_resize(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 4 || random_row_elements(in) > RANDOM_MAX_ELEMENTS / 4 ||
        !op_find("", "Resize", 13))
        return false;
    const float scales[4] = {1, 1, 2, 2};
    const char *name = random_name(b, "c");
    onnx_model_constant(b->model, name, 1, 1, (int64_t[]){4}, scales, sizeof(scales));
    Onnx__NodeProto *node;
    const char *out = random_node(b, "Resize", random_text(b, "%s - %s", in->name, name), &node);
    onnx_model_string(b->model, node, "mode", random_chance(b, 50) ? "nearest" : "linear");
    in->readers++;
    random_add_value(b, out, 4, (int64_t[]){-1, in->dims[1], in->dims[2] * 2, in->dims[3] * 2});
    return true;
}

static bool grow_flatten(struct random_builder *b, struct random_value *in)
{
    if (in->rank == 2)
        return false;
    const char *out = random_node(b, "Flatten", in->name, NULL);
    in->readers++;
    random_add_value(b, out, 2, (int64_t[]){-1, random_row_elements(in)});
    return true;
}

static bool grow_reshape(struct random_builder *b, struct random_value *in)
{
    int64_t count = random_row_elements(in), dims[4] = {-1, 1, 1, 1};
    uint32_t rank = (uint32_t)random_number(b, 2, 4);
    for (uint32_t d = 1; d + 1 < rank; d++) {
        int64_t factor = random_number(b, 1, 8);
        while (count % factor)
            factor--;
        dims[d] = factor;
        count /= factor;
    }
    dims[rank - 1] = count;
    int64_t wanted[4];
    memcpy(wanted, dims, sizeof(wanted));
    if (random_chance(b, 40)) { /* the batch from the input, the last one from what is left */
        wanted[0] = 0;
        wanted[rank - 1] = -1;
    }
    const char *out = random_node(
        b, "Reshape", random_text(b, "%s %s", in->name, random_ints(b, rank, wanted)), NULL);
    in->readers++;
    random_add_value(b, out, rank, dims);
    return true;
}

static bool grow_same(struct random_builder *b, struct random_value *in)
{
    const char *out = random_node(b, random_chance(b, 50) ? "Dropout" : "Identity", in->name, NULL);
    in->readers++;
    random_add_value(b, out, in->rank, in->dims);
    return true;
}

static bool grow_transpose(struct random_builder *b, struct random_value *in)
{
    if (in->rank < 3)
        return false;
    int64_t order[4] = {0, 1, 2, 3}, dims[4];
    uint32_t a = (uint32_t)random_number(b, 1, in->rank - 2);
    order[a] = (int64_t)a + 1;
    order[a + 1] = (int64_t)a;
    if (in->rank == 4 && random_chance(b, 40))
        memcpy(order, (int64_t[]){0, 2, 3, 1}, sizeof(order));
    for (uint32_t d = 0; d < in->rank; d++)
        dims[d] = in->dims[order[d]];
    Onnx__NodeProto *node;
    const char *out = random_node(b, "Transpose", in->name, &node);
    onnx_model_ints(b->model, node, "perm", in->rank, order);
    in->readers++;
    random_add_value(b, out, in->rank, dims);
    return true;
}

/* Batch in the middle: [N,S,C] to [S,N,C], something there, and back. */
static bool grow_sequence_first(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 3)
        return false;
    const int64_t order[3] = {1, 0, 2};
    Onnx__NodeProto *node;
    const char *now = random_node(b, "Transpose", in->name, &node);
    onnx_model_ints(b->model, node, "perm", 3, order);
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    int64_t columns = random_number(b, 1, 12);
    switch (random_number(b, 0, 4)) {
    case 0:
        now = random_node(b, "Relu", now, NULL);
        break;
    case 1:
        now = random_node(b, "Add",
                          random_text(b, "%s %s", now, random_floats(b, 1, dims + 2, 0, 1)), NULL);
        break;
    case 2:
        now = random_node(b, "MatMul",
                          random_text(b, "%s %s", now,
                                      random_floats(b, 2, (int64_t[]){dims[2], columns}, 0, 0.4f)),
                          NULL);
        dims[2] = columns;
        break;
    case 3: {
        /* Mixed: [S * N, C] and back, the batch found again by the input's own shape. */
        const char *flat = random_node(
            b, "Reshape", random_text(b, "%s %s", now, random_ints(b, 2, (int64_t[]){-1, dims[2]})),
            NULL);
        flat = random_node(b, "MatMul",
                           random_text(b, "%s %s", flat,
                                       random_floats(b, 2, (int64_t[]){dims[2], columns}, 0, 0.4f)),
                           NULL);
        now = random_node(
            b, "Reshape",
            random_text(b, "%s %s", flat, random_ints(b, 3, (int64_t[]){dims[1], -1, columns})),
            NULL);
        dims[2] = columns;
        break;
    }
    default: {
        const char *w = random_floats(b, 3, (int64_t[]){1, columns, dims[2]}, 0, 0.5f);
        const char *r = random_floats(b, 3, (int64_t[]){1, columns, columns}, 0, 0.5f);
        const char *made = random_name(b, "v");
        Onnx__NodeProto *rnn =
            onnx_model_node(b->model, "RNN", random_text(b, "%s %s %s", now, w, r), made);
        onnx_model_int(b->model, rnn, "hidden_size", columns);
        now = random_node(b, "Squeeze",
                          random_text(b, "%s %s", made, random_ints(b, 1, (int64_t[]){1})), NULL);
        dims[2] = columns;
        break;
    }
    }
    now = random_node(b, "Transpose", now, &node);
    onnx_model_ints(b->model, node, "perm", 3, order);
    in->readers++;
    random_add_value(b, now, 3, dims);
    return true;
}

/* Rows merged with the sequence: [N,S,C] to [N*S,C], a matrix product, and back. */
static bool grow_merged(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 3)
        return false;
    int64_t steps = in->dims[1], depth = in->dims[2], columns = random_number(b, 1, 20);
    const char *now = random_node(
        b, "Reshape", random_text(b, "%s %s", in->name, random_ints(b, 2, (int64_t[]){-1, depth})),
        NULL);
    const char *weights = random_floats(b, 2, (int64_t[]){depth, columns}, 0, 0.5f);
    now = random_node(b, "Gemm", random_text(b, "%s %s", now, weights), NULL);
    if (random_chance(b, 50))
        now = random_node(b, "Relu", now, NULL);
    now = random_node(
        b, "Reshape",
        random_text(b, "%s %s", now, random_ints(b, 3, (int64_t[]){-1, steps, columns})), NULL);
    in->readers++;
    random_add_value(b, now, 3, (int64_t[]){-1, steps, columns});
    return true;
}

/* Frames merged with the rows: [N,F,H,W] as N*F images of one channel, a convolution, and back. */
static bool grow_frames(struct random_builder *b, struct random_value *in)
{
    if (in->rank != 4)
        return false;
    const int64_t *d = in->dims;
    const char *now = random_node(
        b, "Reshape",
        random_text(b, "%s %s", in->name, random_ints(b, 4, (int64_t[]){-1, 1, d[2], d[3]})), NULL);
    int64_t channels = random_number(b, 1, 3);
    const char *weights = random_floats(b, 4, (int64_t[]){channels, 1, 3, 3}, 0, 0.5f);
    Onnx__NodeProto *node;
    now = random_node(b, "Conv", random_text(b, "%s %s", now, weights), &node);
    onnx_model_ints(b->model, node, "pads", 4, (int64_t[]){1, 1, 1, 1});
    if (random_chance(b, 50))
        now = random_node(b, "Relu", now, NULL);
    now = random_node(b, "Reshape",
                      random_text(b, "%s %s", now,
                                  random_ints(b, 4, (int64_t[]){-1, d[1] * channels, d[2], d[3]})),
                      NULL);
    in->readers++;
    random_add_value(b, now, 4, (int64_t[]){-1, d[1] * channels, d[2], d[3]});
    return true;
}

/* Flattening as PyTorch exports it: the batch read from the shape. */
static bool grow_view_by_shape(struct random_builder *b, struct random_value *in)
{
    const char *shape = random_node(b, "Shape", in->name, NULL);
    const char *batch = random_node(
        b, "Gather", random_text(b, "%s %s", shape, random_ints(b, 1, (int64_t[]){0})), NULL);
    Onnx__NodeProto *node;
    const char *wanted = random_node(
        b, "Concat", random_text(b, "%s %s", batch, random_ints(b, 1, (int64_t[]){-1})), &node);
    onnx_model_int(b->model, node, "axis", 0);
    const char *out = random_node(b, "Reshape", random_text(b, "%s %s", in->name, wanted), NULL);
    in->readers += 2;
    random_add_value(b, out, 2, (int64_t[]){-1, random_row_elements(in)});
    return true;
}

/* Numbers per row that follow from the batch's size alone, joined along channels. */
static bool grow_positions(struct random_builder *b, struct random_value *in)
{
    if (random_row_elements(in) > RANDOM_MAX_ELEMENTS / 8)
        return false;
    int64_t dims[4];
    memcpy(dims, in->dims, sizeof(dims));
    dims[0] = 8; /* the largest batch, and more */
    const char *table = random_floats(b, in->rank, dims, 0, 1);
    const char *shape = random_node(b, "Shape", in->name, NULL);
    const char *zero = random_ints(b, 1, (int64_t[]){0});
    const char *batch = random_node(b, "Gather", random_text(b, "%s %s", shape, zero), NULL);
    const char *rows =
        random_node(b, "Slice", random_text(b, "%s %s %s %s", table, zero, batch, zero), NULL);
    Onnx__NodeProto *node;
    dims[0] = -1;
    bool is_concat = random_chance(b, 60);
    const char *out = random_node(b, is_concat ? "Concat" : "Add",
                                  random_text(b, "%s %s", in->name, rows), &node);
    if (is_concat) {
        onnx_model_int(b->model, node, "axis", 1);
        dims[1] *= 2;
    }
    in->readers += 2;
    random_add_value(b, out, in->rank, dims);
    return true;
}

random_grow *const random_shape_growers[] = {
    grow_concat, grow_concat,    grow_branches,       grow_branches,       grow_split,
    grow_slice,  grow_pad,       grow_resize,         grow_flatten,        grow_reshape,
    grow_same,   grow_transpose, grow_sequence_first, grow_sequence_first, grow_sequence_first,
    grow_merged, grow_frames,    grow_view_by_shape,  grow_positions,      NULL};
