/* Filling protobuf-c's structs; lists grow by one, since test models are small. */
#include "tests/unit/onnx_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

void *onnx_model_take(struct onnx_model *model, size_t bytes)
{
    void *memory = check(calloc(1, bytes ? bytes : 1));
    /* The list doubles at each power of two. */
    if ((model->memory_count & (model->memory_count - 1)) == 0)
        model->memory = check(reallocarray(
            model->memory, model->memory_count ? model->memory_count * 2 : 1, sizeof(void *)));
    model->memory[model->memory_count++] = memory;
    return memory;
}

char *onnx_model_text(struct onnx_model *model, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(onnx_model_take(model, bytes), text, bytes);
}

static void *copy(struct onnx_model *model, const void *data, size_t bytes)
{
    void *memory = onnx_model_take(model, bytes);
    return bytes ? memcpy(memory, data, bytes) : memory;
}

/* list with item at its end. */
static void *grown(struct onnx_model *model, void *list, size_t *count, void *item)
{
    void **larger = onnx_model_take(model, (*count + 1) * sizeof(*larger));
    if (*count)
        memcpy(larger, list, *count * sizeof(*larger));
    larger[(*count)++] = item;
    return larger;
}

struct onnx_model *onnx_model_create(int64_t opset)
{
    struct onnx_model *model = check(calloc(1, sizeof(*model)));
    onnx__model_proto__init(&model->model);
    onnx__graph_proto__init(&model->graph);
    model->model.has_ir_version = 1;
    model->model.ir_version = 8;
    model->model.graph = &model->graph;
    model->graph.name = onnx_model_text(model, "test");
    if (opset)
        onnx_model_opset(model, "", opset);
    return model;
}

void onnx_model_destroy(struct onnx_model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->memory_count; i++)
        free(model->memory[i]);
    free(model->memory);
    free(model);
}

void onnx_model_opset(struct onnx_model *model, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *opset = onnx_model_take(model, sizeof(*opset));
    onnx__operator_set_id_proto__init(opset);
    opset->domain = onnx_model_text(model, domain);
    opset->has_version = 1;
    opset->version = version;
    model->model.opset_import =
        grown(model, model->model.opset_import, &model->model.n_opset_import, opset);
}

Onnx__ValueInfoProto *onnx_model_input(struct onnx_model *model, const char *name, int32_t type,
                                       size_t rank, const int64_t *dims)
{
    Onnx__ValueInfoProto *info = onnx_model_take(model, sizeof(*info));
    Onnx__TypeProto *kind = onnx_model_take(model, sizeof(*kind));
    Onnx__TypeProto__Tensor *tensor = onnx_model_take(model, sizeof(*tensor));
    Onnx__TensorShapeProto *shape = onnx_model_take(model, sizeof(*shape));
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(kind);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    info->name = onnx_model_text(model, name);
    info->type = kind;
    kind->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    kind->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = shape;
    for (size_t i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim = onnx_model_take(model, sizeof(*dim));
        onnx__tensor_shape_proto__dimension__init(dim);
        if (dims[i] == -1) {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dim->dim_param = onnx_model_text(model, "N");
        } else {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dim->dim_value = dims[i];
        }
        shape->dim = grown(model, shape->dim, &shape->n_dim, dim);
    }
    model->graph.input = grown(model, model->graph.input, &model->graph.n_input, info);
    return info;
}

void onnx_model_output(struct onnx_model *model, const char *name)
{
    Onnx__ValueInfoProto *info = onnx_model_take(model, sizeof(*info));
    onnx__value_info_proto__init(info);
    info->name = onnx_model_text(model, name);
    model->graph.output = grown(model, model->graph.output, &model->graph.n_output, info);
}

Onnx__TensorProto *onnx_model_tensor(struct onnx_model *model, const char *name, int32_t type,
                                     size_t rank, const int64_t *dims, const void *data,
                                     size_t bytes)
{
    Onnx__TensorProto *tensor = onnx_model_take(model, sizeof(*tensor));
    onnx__tensor_proto__init(tensor);
    tensor->name = onnx_model_text(model, name);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->n_dims = rank;
    tensor->dims = copy(model, dims, rank * sizeof(*dims));
    if (data) {
        tensor->has_raw_data = 1;
        tensor->raw_data.len = bytes;
        tensor->raw_data.data = copy(model, data, bytes);
    }
    return tensor;
}

Onnx__TensorProto *onnx_model_constant(struct onnx_model *model, const char *name, int32_t type,
                                       size_t rank, const int64_t *dims, const void *data,
                                       size_t bytes)
{
    Onnx__TensorProto *tensor = onnx_model_tensor(model, name, type, rank, dims, data, bytes);
    model->graph.initializer =
        grown(model, model->graph.initializer, &model->graph.n_initializer, tensor);
    return tensor;
}

void onnx_model_external(struct onnx_model *model, Onnx__TensorProto *tensor, const char *location,
                         const char *offset, const char *length)
{
    const char *pairs[][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    tensor->has_data_location = 1;
    tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    for (size_t i = 0; i < 3; i++) {
        if (!pairs[i][1])
            continue;
        Onnx__StringStringEntryProto *entry = onnx_model_take(model, sizeof(*entry));
        onnx__string_string_entry_proto__init(entry);
        entry->key = onnx_model_text(model, pairs[i][0]);
        entry->value = onnx_model_text(model, pairs[i][1]);
        tensor->external_data =
            grown(model, tensor->external_data, &tensor->n_external_data, entry);
    }
}

/* Splits names at blanks into a list; "-" becomes "". */
static char **split(struct onnx_model *model, const char *names, size_t *count)
{
    char **list = NULL;
    while (*names) {
        size_t length = strcspn(names, " ");
        char *name = onnx_model_take(model, length + 1);
        if (length != 1 || names[0] != '-')
            memcpy(name, names, length);
        list = grown(model, list, count, name);
        names += length + (names[length] == ' ');
    }
    return list;
}

Onnx__NodeProto *onnx_model_node(struct onnx_model *model, const char *op_type, const char *inputs,
                                 const char *outputs)
{
    Onnx__NodeProto *node = onnx_model_take(model, sizeof(*node));
    onnx__node_proto__init(node);
    node->op_type = onnx_model_text(model, op_type);
    node->input = split(model, inputs, &node->n_input);
    node->output = split(model, outputs, &node->n_output);
    model->graph.node = grown(model, model->graph.node, &model->graph.n_node, node);
    return node;
}

Onnx__AttributeProto *onnx_model_attribute(struct onnx_model *model, Onnx__NodeProto *node,
                                           const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *attribute = onnx_model_take(model, sizeof(*attribute));
    onnx__attribute_proto__init(attribute);
    attribute->name = onnx_model_text(model, name);
    attribute->has_type = 1;
    attribute->type = type;
    node->attribute = grown(model, node->attribute, &node->n_attribute, attribute);
    return attribute;
}

void onnx_model_int(struct onnx_model *model, Onnx__NodeProto *node, const char *name, int64_t i)
{
    Onnx__AttributeProto *attribute =
        onnx_model_attribute(model, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    attribute->has_i = 1;
    attribute->i = i;
}

void onnx_model_float(struct onnx_model *model, Onnx__NodeProto *node, const char *name, float f)
{
    Onnx__AttributeProto *attribute =
        onnx_model_attribute(model, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    attribute->has_f = 1;
    attribute->f = f;
}

void onnx_model_string(struct onnx_model *model, Onnx__NodeProto *node, const char *name,
                       const char *text)
{
    Onnx__AttributeProto *attribute =
        onnx_model_attribute(model, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    attribute->has_s = 1;
    attribute->s.data = (uint8_t *)onnx_model_text(model, text);
    attribute->s.len = strlen(text);
}

void onnx_model_ints(struct onnx_model *model, Onnx__NodeProto *node, const char *name,
                     size_t count, const int64_t *ints)
{
    Onnx__AttributeProto *attribute =
        onnx_model_attribute(model, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    attribute->n_ints = count;
    attribute->ints = copy(model, ints, count * sizeof(*ints));
}

uint8_t *onnx_model_pack(struct onnx_model *model, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(&model->model);
    uint8_t *bytes = onnx_model_take(model, *size);
    onnx__model_proto__pack(&model->model, bytes);
    return bytes;
}
