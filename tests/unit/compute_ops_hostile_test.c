/* Random nodes: whatever a file says, infer refuses it or sets outputs that compute can fill. */
#include "compute/ops/op.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS = 8, ATTRIBUTES = 6, NUMBERS = 16, MAX_BYTES = 1 << 16, ROUNDS = 400 };

static const char *const types[] = {"Abs",
                                    "Add",
                                    "And",
                                    "ArgMax",
                                    "ArgMin",
                                    "AveragePool",
                                    "BatchNormalization",
                                    "Cast",
                                    "Ceil",
                                    "Celu",
                                    "Clip",
                                    "Concat",
                                    "Constant",
                                    "ConstantOfShape",
                                    "Conv",
                                    "ConvTranspose",
                                    "Cos",
                                    "DepthToSpace",
                                    "Div",
                                    "Dropout",
                                    "Elu",
                                    "Equal",
                                    "Erf",
                                    "Exp",
                                    "Expand",
                                    "Flatten",
                                    "Floor",
                                    "GRU",
                                    "Gather",
                                    "GatherElements",
                                    "Gelu",
                                    "Gemm",
                                    "GlobalAveragePool",
                                    "GlobalMaxPool",
                                    "Greater",
                                    "GreaterOrEqual",
                                    "HardSigmoid",
                                    "HardSwish",
                                    "Identity",
                                    "InstanceNormalization",
                                    "LRN",
                                    "LSTM",
                                    "LayerNormalization",
                                    "LeakyRelu",
                                    "Less",
                                    "LessOrEqual",
                                    "Log",
                                    "LogSoftmax",
                                    "LpPool",
                                    "MatMul",
                                    "Max",
                                    "MaxPool",
                                    "Mean",
                                    "Min",
                                    "Mish",
                                    "Mul",
                                    "Neg",
                                    "Not",
                                    "Or",
                                    "PRelu",
                                    "Pad",
                                    "Pow",
                                    "RNN",
                                    "Range",
                                    "Reciprocal",
                                    "ReduceL1",
                                    "ReduceL2",
                                    "ReduceLogSum",
                                    "ReduceLogSumExp",
                                    "ReduceMax",
                                    "ReduceMean",
                                    "ReduceMin",
                                    "ReduceProd",
                                    "ReduceSum",
                                    "ReduceSumSquare",
                                    "Relu",
                                    "Reshape",
                                    "Resize",
                                    "Round",
                                    "Selu",
                                    "Shape",
                                    "Sigmoid",
                                    "Sign",
                                    "Sin",
                                    "Size",
                                    "Slice",
                                    "Softmax",
                                    "Softplus",
                                    "Softsign",
                                    "SpaceToDepth",
                                    "Split",
                                    "Sqrt",
                                    "Squeeze",
                                    "Sub",
                                    "Sum",
                                    "Tanh",
                                    "ThresholdedRelu",
                                    "Tile",
                                    "Transpose",
                                    "Unsqueeze",
                                    "Upsample",
                                    "Where",
                                    "Xor"};

static const char *const names[] = {"axis",
                                    "axes",
                                    "perm",
                                    "keepdims",
                                    "to",
                                    "split",
                                    "num_outputs",
                                    "pads",
                                    "mode",
                                    "value",
                                    "blocksize",
                                    "starts",
                                    "ends",
                                    "start",
                                    "end",
                                    "transA",
                                    "transB",
                                    "alpha",
                                    "beta",
                                    "min",
                                    "max",
                                    "kernel_shape",
                                    "strides",
                                    "dilations",
                                    "group",
                                    "auto_pad",
                                    "ceil_mode",
                                    "output_padding",
                                    "output_shape",
                                    "size",
                                    "hidden_size",
                                    "direction",
                                    "layout",
                                    "scales",
                                    "value_ints",
                                    "noop_with_empty_axes",
                                    "allowzero",
                                    "epsilon",
                                    "storage_order",
                                    "p",
                                    "select_last_index",
                                    "count_include_pad",
                                    "activations",
                                    "coordinate_transformation_mode",
                                    "nearest_mode"};

static const char *const strings[] = {"constant",
                                      "reflect",
                                      "edge",
                                      "wrap",
                                      "DCR",
                                      "CRD",
                                      "SAME_UPPER",
                                      "SAME_LOWER",
                                      "VALID",
                                      "NOTSET",
                                      "nearest",
                                      "linear",
                                      "cubic",
                                      "reverse",
                                      "bidirectional",
                                      "tanh",
                                      "Relu",
                                      "",
                                      "tf_crop_and_resize"};

struct hostile {
    uint64_t state;
    char name[2]; /* "n"; its end is the domain */
    struct graph graph; /* owns the memory */
    struct node node;
    struct attribute attributes[ATTRIBUTES];
    struct tensor inputs[TENSORS], outputs[TENSORS];
    const struct tensor *input_list[TENSORS];
    struct tensor *output_list[TENSORS];
    struct op_call call;
    struct graph_error error;
};

static uint32_t draw(struct hostile *hostile, uint32_t below)
{
    hostile->state = hostile->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(hostile->state >> 33) % below;
}

/* Mostly what makes sense, so that checks further on are reached too. */
static int64_t draw_number(struct hostile *hostile)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, INT32_MIN,    INT32_MAX,
                                       1LL << 32, 1LL << 62, -(1LL << 33), 65536};
    if (draw(hostile, 12) == 0)
        return extremes[draw(hostile, sizeof(extremes) / sizeof(extremes[0]))];
    return (int64_t)draw(hostile, 8) - 2;
}

/* Exactly so large that a sanitizer sees a byte too many; filled with small numbers. */
static void *fill(struct hostile *hostile, const struct tensor *tensor, size_t bytes)
{
    void *data = malloc(bytes ? bytes : 1);
    if (!data || graph_own(&hostile->graph, data))
        abort();
    for (size_t i = 0; i < bytes / tensor_type_bytes(tensor->type); i++) {
        int64_t number = draw_number(hostile);
        if (tensor->type == TENSOR_F32)
            ((float *)data)[i] = (float)number / 2;
        else if (tensor->type == TENSOR_I64)
            ((int64_t *)data)[i] = number;
        else if (tensor->type == TENSOR_I32)
            ((int32_t *)data)[i] = (int32_t)number;
        else
            ((uint8_t *)data)[i] = tensor->type == TENSOR_BOOL ? number & 1 : (uint8_t)number;
    }
    return data;
}

static void draw_tensor(struct hostile *hostile, struct tensor *tensor, bool is_list)
{
    static const enum tensor_type kinds[] = {TENSOR_F32, TENSOR_F32, TENSOR_F32, TENSOR_F32,
                                             TENSOR_I64, TENSOR_I32, TENSOR_U8,  TENSOR_BOOL};
    size_t bytes;
    *tensor = (struct tensor){.type = kinds[draw(hostile, 8)]};
    if (is_list && draw(hostile, 8))
        tensor->type = TENSOR_I64;
    tensor->shape.rank = is_list            ? draw(hostile, 8) > 0
                         : draw(hostile, 4) ? 1 + draw(hostile, 4)
                                            : draw(hostile, 9);
    for (uint32_t d = 0; d < tensor->shape.rank; d++)
        tensor->shape.dims[d] = draw(hostile, 60) == 0   ? 1LL << draw(hostile, 63)
                                : draw(hostile, 12) == 0 ? 0
                                                         : 1 + draw(hostile, 4);
    if (tensor_bytes(tensor, &bytes)) /* the loader refuses such */
        tensor->shape = (struct shape){0};
}

static void draw_attribute(struct hostile *hostile, struct attribute *attribute)
{
    *attribute =
        (struct attribute){.name = (char *)names[draw(hostile, sizeof(names) / sizeof(names[0]))],
                           .kind = (enum attribute_kind)draw(hostile, ATTRIBUTE_OTHER + 1)};
    if (draw(hostile, 3))
        attribute->kind = draw(hostile, 2) ? ATTRIBUTE_INTS : ATTRIBUTE_INT;
    if (strstr(attribute->name, "mode") || strstr(attribute->name, "auto_pad"))
        attribute->kind = ATTRIBUTE_STRING;
    attribute->i = draw_number(hostile);
    attribute->f = (float)draw_number(hostile) / 2;
    attribute->s = (char *)strings[draw(hostile, sizeof(strings) / sizeof(strings[0]))];
    attribute->count = draw(hostile, 9);
    attribute->ints = graph_alloc(&hostile->graph, NUMBERS * sizeof(int64_t));
    attribute->floats = graph_alloc(&hostile->graph, NUMBERS * sizeof(float));
    attribute->strings = graph_alloc(&hostile->graph, NUMBERS * sizeof(char *));
    for (size_t i = 0; i < attribute->count; i++) {
        attribute->ints[i] = draw_number(hostile);
        attribute->floats[i] = (float)draw_number(hostile) / 2;
        attribute->strings[i] =
            (char *)strings[draw(hostile, sizeof(strings) / sizeof(strings[0]))];
    }
    size_t bytes;
    draw_tensor(hostile, &attribute->tensor, true);
    if (tensor_bytes(&attribute->tensor, &bytes) || bytes > MAX_BYTES)
        attribute->tensor.shape = (struct shape){0};
    (void)tensor_bytes(&attribute->tensor, &bytes);
    attribute->tensor.data = fill(hostile, &attribute->tensor, bytes);
}

static void draw_node(struct hostile *hostile, const struct op *op, int64_t opset)
{
    hostile->node = (struct node){.name = hostile->name,
                                  .op_type = (char *)op->type,
                                  .domain = hostile->name + 1,
                                  .op = op,
                                  .opset = opset,
                                  .attributes = hostile->attributes};
    hostile->call = (struct op_call){.node = &hostile->node,
                                     .inputs = hostile->input_list,
                                     .outputs = hostile->output_list,
                                     .error = &hostile->error};
    struct op_call *call = &hostile->call;
    uint32_t most = op->max_inputs < TENSORS ? op->max_inputs : TENSORS;
    call->input_count = op->min_inputs + draw(hostile, most - op->min_inputs + 1);
    for (uint32_t i = 0; i < call->input_count; i++) {
        size_t bytes;
        bool is_list = op->shape_inputs >> i & 1;
        struct tensor *input = &hostile->inputs[i];
        draw_tensor(hostile, input, is_list);
        if (i > 0 && !is_list && draw(hostile, 2)) /* inputs often go together */
            *input = hostile->inputs[0];
        (void)tensor_bytes(input, &bytes);
        input->data = bytes <= MAX_BYTES ? fill(hostile, input, bytes) : NULL;
        hostile->input_list[i] = draw(hostile, 12) ? input : NULL;
    }
    most = op->max_outputs < 4 ? op->max_outputs : 4;
    call->output_count = op->min_outputs + draw(hostile, most - op->min_outputs + 1);
    for (uint32_t i = 0; i < call->output_count; i++)
        hostile->output_list[i] = i == 0 || draw(hostile, 8) ? &hostile->outputs[i] : NULL;
    hostile->node.input_count = call->input_count;
    hostile->node.output_count = call->output_count;
    hostile->node.attribute_count = draw(hostile, ATTRIBUTES + 1);
    for (uint32_t i = 0; i < hostile->node.attribute_count; i++)
        draw_attribute(hostile, &hostile->attributes[i]);
    if (op->params_bytes)
        call->params = graph_alloc(&hostile->graph, op->params_bytes);
}

/* Whether every tensor is there and small; gives outputs and scratch their memory. */
static bool can_compute(struct hostile *hostile)
{
    struct op_call *call = &hostile->call;
    size_t bytes;
    for (uint32_t i = 0; i < call->input_count; i++)
        if (hostile->input_list[i] && !hostile->inputs[i].data)
            return false;
    for (uint32_t i = 0; i < call->output_count; i++) {
        if (!hostile->output_list[i])
            continue;
        CU_ASSERT_EQUAL(tensor_bytes(&hostile->outputs[i], &bytes), 0);
        if (bytes > MAX_BYTES)
            return false;
        hostile->outputs[i].data = fill(hostile, &hostile->outputs[i], bytes);
    }
    if (call->scratch_bytes > 64 * MAX_BYTES)
        return false;
    void *scratch;
    if (posix_memalign(&scratch, 64, call->scratch_bytes ? call->scratch_bytes : 1) ||
        graph_own(&hostile->graph, scratch))
        abort();
    call->scratch = scratch;
    return true;
}

static void survives(void)
{
    uint64_t computed = 0, refused = 0;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        for (uint64_t round = 0; round < ROUNDS; round++) {
            static const int64_t opsets[] = {7, 9, 10, 11, 13, 18};
            struct hostile hostile = {.state = t * 100003 + round, .name = "n"};
            (void)draw(&hostile, 2);
            int64_t opset = opsets[draw(&hostile, 6)];
            const struct op *op = op_find("", types[t], opset);
            if (!op)
                continue;
            graph_init(&hostile.graph);
            draw_node(&hostile, op, opset);
            int rc = op->infer(&hostile.call);
            if (rc) {
                refused++;
                CU_ASSERT(rc < 0 && strstr(hostile.error.text, types[t]));
            } else if (can_compute(&hostile)) {
                computed++;
                op->compute(&hostile.call);
            }
            graph_fini(&hostile.graph);
        }
    }
    printf("%llu computed, %llu refused ", (unsigned long long)computed,
           (unsigned long long)refused);
    CU_ASSERT(computed > 1000 && refused > 1000);
}

const struct cunit_test tests[] = {
    {"random nodes are refused, or computed within their memory", survives},
    {NULL, NULL},
};
