/* Declared values: what is given, what is asked for, and with which dimensions. */
#include "compute/onnx/onnx_value.h"

#include "compute/onnx/onnx_tensor.h"
#include "onnx.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    VALUE_INFO_TYPE = 2,
    TYPE_TENSOR = 1,
    TYPE_SEQUENCE = 4,
    TYPE_MAP = 5,
    TYPE_SPARSE = 8,
    TYPE_OPTIONAL = 9,
};

int onnx_value_read_initializer(struct onnx_reader *reader, struct onnx_slice message)
{
    struct tensor tensor;
    char *name;
    uint32_t number;
    int rc = onnx_tensor_read(reader, message, NULL, &tensor, &name);
    if (rc)
        return rc;
    if (name[0] == '\0')
        return onnx_fail(reader, -EINVAL, "an initializer has no name");
    rc = onnx_value_number(reader, name, &number);
    if (rc)
        return rc;
    struct value *value = &reader->graph->values[number];
    if (value->is_constant)
        return onnx_fail(reader, -EEXIST, "initializer '%.250s' is there twice", name);
    value->is_constant = true;
    value->type = tensor.type;
    value->constant = tensor;
    return 0;
}

static int add_number(struct onnx_reader *reader, uint32_t **list, uint32_t *count, uint32_t number)
{
    /* Inputs and outputs are few; the list doubles at each power of two. */
    if ((*count & (*count - 1)) == 0) {
        uint32_t *larger = onnx_take(reader, *count ? (size_t)*count * 2 : 1, sizeof(**list));
        if (!larger)
            return onnx_no_memory(reader);
        if (*count)
            memcpy(larger, *list, *count * sizeof(**list));
        *list = larger;
    }
    (*list)[(*count)++] = number;
    return 0;
}

/* Unpacks a ValueInfoProto without its type, which may be nested without end. */
static Onnx__ValueInfoProto *unpack_name(const struct onnx_reader *reader,
                                         struct onnx_slice message, const char *what)
{
    Onnx__ValueInfoProto *info = onnx_unpack(reader, &onnx__value_info_proto__descriptor, message,
                                             1ull << VALUE_INFO_TYPE, what);
    if (info && (!info->name || info->name[0] == '\0')) {
        onnx_free(info);
        onnx_fail(reader, -EINVAL, "%s has no name", what);
        return NULL;
    }
    return info;
}

static int read_dimensions(struct onnx_reader *reader, const Onnx__TensorShapeProto *shape,
                           struct value *value)
{
    if (shape->n_dim > TENSOR_MAX_RANK)
        return onnx_fail(reader, -EINVAL,
                         "input '%.250s' has %zu dimensions; at most %d are "
                         "supported",
                         value->name, shape->n_dim, TENSOR_MAX_RANK);
    value->has_dimensions = true;
    value->dimension_count = (uint32_t)shape->n_dim;
    value->dimensions = onnx_take(reader, shape->n_dim, sizeof(*value->dimensions));
    if (!value->dimensions)
        return onnx_no_memory(reader);
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        struct dimension *dimension = &value->dimensions[i];
        const char *symbol = "";
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
            dim->dim_param)
            symbol = dim->dim_param;
        /* Some exporters write an unknown dimension as -1. */
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
            dim->dim_value != -1) {
            if (dim->dim_value < 0)
                return onnx_fail(reader, -EINVAL, "input '%.250s' has a negative dimension (%lld)",
                                 value->name, (long long)dim->dim_value);
            dimension->value = dim->dim_value;
            continue;
        }
        dimension->value = -1;
        dimension->symbol = onnx_copy_string(reader, symbol);
        if (!dimension->symbol)
            return onnx_no_memory(reader);
    }
    return 0;
}

/* The TypeProto of an input: a tensor of a known type, perhaps with dimensions. */
static int read_type(struct onnx_reader *reader, struct onnx_slice message, struct value *value)
{
    char what[300];
    struct onnx_field field;
    snprintf(what, sizeof(what), "the type of input '%.250s'", value->name);
    int rc = onnx_check_wire(reader, message, what);
    if (rc)
        return rc;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        if (onnx_field_is_in(&field, 1ull << TYPE_SEQUENCE | 1ull << TYPE_MAP |
                                         1ull << TYPE_SPARSE | 1ull << TYPE_OPTIONAL))
            return onnx_fail(reader, -ENOTSUP,
                             "input '%.250s' is a sequence, map, optional or sparse tensor; only "
                             "dense tensors are supported",
                             value->name);
    Onnx__TypeProto *type = onnx_unpack(reader, &onnx__type_proto__descriptor, message, 0, what);
    if (!type)
        return -EBADMSG;
    const Onnx__TypeProto__Tensor *tensor =
        type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? type->tensor_type : NULL;
    int32_t element = tensor ? tensor->elem_type : 0;
    if (!onnx_type_is_known(element))
        rc = onnx_fail(reader, -ENOTSUP,
                       "input '%.250s' has elements of type %s (%d); float, int64, int32, uint8 "
                       "and bool are supported",
                       value->name, onnx_type_name(element), element);
    else
        value->type = (enum tensor_type)element;
    if (!rc && tensor->shape)
        rc = read_dimensions(reader, tensor->shape, value);
    onnx_free(type);
    return rc;
}

int onnx_value_read_input(struct onnx_reader *reader, struct onnx_slice message)
{
    struct graph *graph = reader->graph;
    uint32_t number;
    Onnx__ValueInfoProto *info = unpack_name(reader, message, "an input of the graph");
    if (!info)
        return -EBADMSG;
    int rc = onnx_value_number(reader, info->name, &number);
    onnx_free(info);
    if (rc)
        return rc;
    struct value *value = &graph->values[number];
    if (value->is_input)
        return onnx_fail(reader, -EEXIST, "input '%.250s' is there twice", value->name);
    if (value->is_constant)
        return 0;
    value->is_input = true;
    struct onnx_slice type = {0};
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        if (field.number == VALUE_INFO_TYPE && field.type == ONNX_WIRE_BYTES)
            type = field.bytes;
    rc = read_type(reader, type, value);
    return rc ? rc : add_number(reader, &graph->inputs, &graph->input_count, number);
}

int onnx_value_read_output(struct onnx_reader *reader, struct onnx_slice message)
{
    struct graph *graph = reader->graph;
    uint32_t number;
    Onnx__ValueInfoProto *info = unpack_name(reader, message, "an output of the graph");
    if (!info)
        return -EBADMSG;
    int rc = 0;
    if (!name_map_find(&reader->values, info->name, &number))
        rc = onnx_fail(reader, -ENOENT, "output '%.250s' is made by no node", info->name);
    onnx_free(info);
    if (rc)
        return rc;
    struct value *value = &graph->values[number];
    if (value->is_output)
        return onnx_fail(reader, -EEXIST, "output '%.250s' is there twice", value->name);
    if (value->producer == GRAPH_NONE && !value->is_input && !value->is_constant)
        return onnx_fail(reader, -ENOENT, "output '%.250s' is made by no node", value->name);
    value->is_output = true;
    return add_number(reader, &graph->outputs, &graph->output_count, number);
}
