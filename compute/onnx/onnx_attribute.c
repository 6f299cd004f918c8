/* Numbers, strings and tensors of an attribute; what no operator here takes is kept by name. */
#include "compute/onnx/onnx_attribute.h"

#include "compute/onnx/onnx_tensor.h"
#include "onnx.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Fields of AttributeProto that hold messages. They are never unpacked here: the tensor is read by
 * onnx_tensor_read, and graphs may be nested deeper than protobuf-c's stack. */
enum {
    FIELD_TENSOR = 5,
    FIELD_GRAPH = 6,
    FIELD_TENSORS = 10,
    FIELD_GRAPHS = 11,
    FIELD_TYPE = 14,
    FIELD_TYPES = 15,
    FIELD_SPARSE = 22,
    FIELD_SPARSES = 23,
};
#define MESSAGE_FIELDS                                                                             \
    (1ull << FIELD_TENSOR | 1ull << FIELD_GRAPH | 1ull << FIELD_TENSORS | 1ull << FIELD_GRAPHS |   \
     1ull << FIELD_TYPE | 1ull << FIELD_TYPES | 1ull << FIELD_SPARSE | 1ull << FIELD_SPARSES)

/* The kind that the file states; files older than that field are read by what is there. */
static enum attribute_kind kind_of(const Onnx__AttributeProto *proto, bool has_tensor)
{
    if (proto->ref_attr_name && proto->ref_attr_name[0])
        return ATTRIBUTE_OTHER;
    if (!proto->has_type || proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return proto->has_f       ? ATTRIBUTE_FLOAT
               : proto->has_i     ? ATTRIBUTE_INT
               : proto->has_s     ? ATTRIBUTE_STRING
               : has_tensor       ? ATTRIBUTE_TENSOR
               : proto->n_floats  ? ATTRIBUTE_FLOATS
               : proto->n_ints    ? ATTRIBUTE_INTS
               : proto->n_strings ? ATTRIBUTE_STRINGS
                                  : ATTRIBUTE_OTHER;
    switch (proto->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        return ATTRIBUTE_FLOAT;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        return ATTRIBUTE_INT;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        return ATTRIBUTE_STRING;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        return ATTRIBUTE_TENSOR;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        return ATTRIBUTE_FLOATS;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        return ATTRIBUTE_INTS;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
        return ATTRIBUTE_STRINGS;
    default:
        return ATTRIBUTE_OTHER;
    }
}

static int copy_strings(struct onnx_reader *reader, const Onnx__AttributeProto *proto,
                        struct attribute *attribute)
{
    attribute->count = proto->n_strings;
    attribute->strings = onnx_take(reader, proto->n_strings, sizeof(char *));
    if (!attribute->strings)
        return onnx_no_memory(reader);
    for (size_t i = 0; i < proto->n_strings; i++) {
        attribute->strings[i] =
            onnx_copy_text(reader, proto->strings[i].data, proto->strings[i].len);
        if (!attribute->strings[i])
            return onnx_no_memory(reader);
    }
    return 0;
}

static int copy_value(struct onnx_reader *reader, const Onnx__AttributeProto *proto,
                      struct attribute *attribute)
{
    switch (attribute->kind) {
    case ATTRIBUTE_INT:
        attribute->i = proto->i;
        return 0;
    case ATTRIBUTE_FLOAT:
        attribute->f = proto->f;
        return 0;
    case ATTRIBUTE_STRING:
        attribute->s = onnx_copy_text(reader, proto->s.data, proto->s.len);
        return attribute->s ? 0 : onnx_no_memory(reader);
    case ATTRIBUTE_INTS:
        attribute->count = proto->n_ints;
        attribute->ints = onnx_take(reader, proto->n_ints, sizeof(int64_t));
        if (!attribute->ints)
            return onnx_no_memory(reader);
        if (proto->n_ints)
            memcpy(attribute->ints, proto->ints, proto->n_ints * sizeof(int64_t));
        return 0;
    case ATTRIBUTE_FLOATS:
        attribute->count = proto->n_floats;
        attribute->floats = onnx_take(reader, proto->n_floats, sizeof(float));
        if (!attribute->floats)
            return onnx_no_memory(reader);
        if (proto->n_floats)
            memcpy(attribute->floats, proto->floats, proto->n_floats * sizeof(float));
        return 0;
    case ATTRIBUTE_STRINGS:
        return copy_strings(reader, proto, attribute);
    case ATTRIBUTE_TENSOR: /* read from the message itself */
    case ATTRIBUTE_OTHER:
        break;
    }
    return 0;
}

/* The last tensor in message; false if there is none. */
static bool find_tensor(struct onnx_slice message, struct onnx_slice *tensor)
{
    bool is_found = false;
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        if (field.number == FIELD_TENSOR && field.type == ONNX_WIRE_BYTES) {
            *tensor = field.bytes;
            is_found = true;
        }
    return is_found;
}

int onnx_attribute_read(struct onnx_reader *reader, struct onnx_slice message, const char *node,
                        struct attribute *attribute)
{
    char what[500];
    snprintf(what, sizeof(what), "an attribute of %s", node);
    Onnx__AttributeProto *proto =
        onnx_unpack(reader, &onnx__attribute_proto__descriptor, message, MESSAGE_FIELDS, what);
    if (!proto)
        return -EBADMSG;
    struct onnx_slice tensor;
    bool has_tensor = find_tensor(message, &tensor);
    snprintf(what, sizeof(what), "attribute '%.100s' of %s", proto->name ? proto->name : "", node);
    *attribute = (struct attribute){.kind = kind_of(proto, has_tensor)};
    attribute->name = onnx_copy_string(reader, proto->name ? proto->name : "");
    int rc = attribute->name ? copy_value(reader, proto, attribute) : onnx_no_memory(reader);
    onnx_free(proto);
    if (rc)
        return rc;
    if (attribute->name[0] == '\0')
        return onnx_fail(reader, -EINVAL, "an attribute of %s has no name", node);
    if (attribute->kind != ATTRIBUTE_TENSOR)
        return 0;
    if (!has_tensor)
        return onnx_fail(reader, -EINVAL, "%s says that it is a tensor but has none", what);
    char *name;
    return onnx_tensor_read(reader, tensor, what, &attribute->tensor, &name);
}
