/* Nodes: names, the values between them, and attributes. */
#include "compute/onnx/onnx_node.h"

#include "compute/onnx/onnx_attribute.h"
#include "onnx.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NODE_ATTRIBUTE 5 /* NodeProto.attribute */

const char *onnx_node_print(const struct node *node, char *text, size_t size)
{
    snprintf(text, size, "%.100s node '%.200s'", node->op_type, node->name);
    return text;
}

/* Operator, domain and its version, and a name, made up where the file has none. */
static int read_identity(struct onnx_reader *reader, const Onnx__NodeProto *proto,
                         struct node *node, uint32_t index)
{
    char name[128];
    const char *domain = proto->domain ? proto->domain : "";
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    if (!proto->op_type || proto->op_type[0] == '\0')
        return onnx_fail(reader, -EINVAL, "node %u ('%.200s') has no operator", index,
                         proto->name ? proto->name : "");
    snprintf(name, sizeof(name), "%.100s_%u", proto->op_type, index);
    node->name = onnx_copy_string(reader, proto->name && proto->name[0] ? proto->name : name);
    node->op_type = onnx_copy_string(reader, proto->op_type);
    node->domain = onnx_copy_string(reader, domain);
    if (!node->name || !node->op_type || !node->domain)
        return onnx_no_memory(reader);
    /* A domain that the file does not import is tried as version 1: op_find decides. */
    uint32_t number;
    node->opset = name_map_find(&reader->domains, domain, &number) ? reader->opsets[number] : 1;
    return 0;
}

/* Numbers of the named values; "" is an optional one left out, at the end without a place. */
static int read_values(struct onnx_reader *reader, char *const *names, size_t name_count,
                       uint32_t **numbers, uint32_t *count)
{
    while (name_count > 0 && names[name_count - 1][0] == '\0')
        name_count--;
    if (name_count > ONNX_MAX_VALUES)
        return onnx_fail(reader, -EFBIG, "a node has more than %u values", ONNX_MAX_VALUES);
    *numbers = onnx_take(reader, name_count, sizeof(**numbers));
    if (!*numbers)
        return onnx_no_memory(reader);
    *count = (uint32_t)name_count;
    for (size_t i = 0; i < name_count; i++) {
        (*numbers)[i] = GRAPH_NONE;
        int rc = names[i][0] ? onnx_value_number(reader, names[i], &(*numbers)[i]) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static int claim_outputs(struct onnx_reader *reader, const struct node *node, uint32_t index)
{
    char text[350];
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == GRAPH_NONE)
            continue;
        struct value *value = &reader->graph->values[node->outputs[i]];
        const char *owner = value->is_input      ? "an input of the graph"
                            : value->is_constant ? "an initializer"
                                                 : NULL;
        if (owner)
            return onnx_fail(reader, -EEXIST, "%s makes '%.250s', which is %s already",
                             onnx_node_print(node, text, sizeof(text)), value->name, owner);
        if (value->producer != GRAPH_NONE) {
            char other[350];
            return onnx_fail(
                reader, -EEXIST, "%s makes '%.250s', which %s makes already",
                onnx_node_print(node, text, sizeof(text)), value->name,
                onnx_node_print(&reader->graph->nodes[value->producer], other, sizeof(other)));
        }
        value->producer = index;
    }
    return 0;
}

static int read_attributes(struct onnx_reader *reader, struct onnx_slice message, struct node *node)
{
    char text[350];
    uint32_t count = 0;
    struct onnx_field field;
    onnx_node_print(node, text, sizeof(text));
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field)) {
        if (field.number != NODE_ATTRIBUTE)
            continue;
        if (field.type != ONNX_WIRE_BYTES)
            return onnx_fail(reader, -EBADMSG,
                             "%s has an attribute of the wrong wire type; the file is damaged",
                             text);
        if (++count > ONNX_MAX_ATTRIBUTES)
            return onnx_fail(reader, -EFBIG, "%s has more than %d attributes", text,
                             ONNX_MAX_ATTRIBUTES);
    }
    node->attributes = onnx_take(reader, count, sizeof(*node->attributes));
    if (!node->attributes)
        return onnx_no_memory(reader);
    walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field)) {
        if (field.number != NODE_ATTRIBUTE)
            continue;
        struct attribute *attribute = &node->attributes[node->attribute_count];
        int rc = onnx_attribute_read(reader, field.bytes, text, attribute);
        if (rc)
            return rc;
        if (node_attribute(node, attribute->name))
            return onnx_fail(reader, -EEXIST, "%s has the attribute '%.100s' twice", text,
                             attribute->name);
        node->attribute_count++;
    }
    return 0;
}

int onnx_node_read(struct onnx_reader *reader, struct onnx_slice message)
{
    char what[64];
    struct graph *graph = reader->graph;
    uint32_t index = graph->node_count;
    if (index == ONNX_MAX_NODES)
        return onnx_fail(reader, -EFBIG, "the graph has more than %u nodes", ONNX_MAX_NODES);
    snprintf(what, sizeof(what), "node %u", index);
    Onnx__NodeProto *proto =
        onnx_unpack(reader, &onnx__node_proto__descriptor, message, 1ull << NODE_ATTRIBUTE, what);
    if (!proto)
        return -EBADMSG;
    struct node *node = graph_add_node(graph);
    int rc = node ? read_identity(reader, proto, node, index) : onnx_no_memory(reader);
    if (!rc)
        rc = read_values(reader, proto->input, proto->n_input, &node->inputs, &node->input_count);
    if (!rc)
        rc = read_values(reader, proto->output, proto->n_output, &node->outputs,
                         &node->output_count);
    onnx_free(proto);
    if (!rc)
        rc = claim_outputs(reader, node, index);
    return rc ? rc : read_attributes(reader, message, node);
}
