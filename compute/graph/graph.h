/* A network as its file states it: named values, and nodes that make values from values.
 *
 * Nothing here depends on the batch, the CPU or the kernels chosen. Values and nodes are numbered;
 * nodes stand in topological order once graph_check has accepted them. Strings and arrays belong to
 * the graph; constant data is either owned (graph_own) or borrowed from the mapped model file. */
#ifndef COMPUTE_GRAPH_GRAPH_H
#define COMPUTE_GRAPH_GRAPH_H

#include "compute/tensor/tensor.h"

#define GRAPH_NONE UINT32_MAX /* in node.inputs/outputs: an optional one left out */

struct op; /* compute/ops/op.h */

enum attribute_kind {
    ATTRIBUTE_INT,
    ATTRIBUTE_FLOAT,
    ATTRIBUTE_STRING,
    ATTRIBUTE_TENSOR,
    ATTRIBUTE_INTS,
    ATTRIBUTE_FLOATS,
    ATTRIBUTE_STRINGS,
    ATTRIBUTE_OTHER, /* graphs, sparse tensors: kept by name so that an operator can refuse them */
};

struct attribute {
    char *name;
    enum attribute_kind kind;
    int64_t i;
    float f;
    char *s;
    struct tensor tensor; /* ATTRIBUTE_TENSOR; data lives as long as the graph */
    size_t count; /* of ints, floats or strings */
    int64_t *ints;
    float *floats;
    char **strings;
};

struct node {
    char *name; /* as in the file; made up ("Conv_12") where the file has none */
    char *op_type; /* "Conv" */
    char *domain; /* "" is ONNX's own */
    const struct op *op;
    int64_t opset; /* the version of its domain that the file imports */
    uint32_t input_count, output_count;
    uint32_t *inputs; /* value numbers or GRAPH_NONE */
    uint32_t *outputs; /* value numbers or GRAPH_NONE */
    uint32_t attribute_count;
    struct attribute *attributes;
};

/* A dimension of a graph input: a number, or a symbol whose number comes later. */
struct dimension {
    int64_t value; /* >= 0; -1 for a symbol */
    char *symbol; /* NULL for a number, "" for an unnamed unknown */
};

struct value {
    char *name;
    /* Known from the file for graph inputs and constants, otherwise from inference. */
    enum tensor_type type;
    bool is_input; /* a graph input that is not a constant */
    bool is_output; /* a graph output */
    bool is_constant; /* constant.data is valid as long as the graph */
    struct tensor constant;
    uint32_t
        dimension_count; /* graph inputs: declared dimensions; rank unknown if !has_dimensions */
    bool has_dimensions;
    struct dimension *dimensions;
    uint32_t producer; /* node, or GRAPH_NONE */
};

struct graph {
    char *name;
    uint32_t value_count;
    size_t value_capacity;
    struct value *values;
    uint32_t node_count;
    size_t node_capacity;
    struct node *nodes;
    uint32_t input_count;
    uint32_t *inputs; /* value numbers, in the file's order, constants left out */
    uint32_t output_count;
    uint32_t *outputs;
    int64_t opset; /* of ONNX's own domain */
    /* Memory that dies with the graph. */
    size_t owned_count, owned_capacity;
    void **owned;
    /* The mapped files that constants point into. */
    size_t mapping_count, mapping_capacity;
    struct graph_mapping {
        void *address;
        size_t bytes;
        bool is_file; /* its pages can be given back: they can be read again */
    } * mappings;
};

/* What went wrong, in one line: what, where, what to do. */
struct graph_error {
    char text[4096];
};

/* Writes the line (printf) and returns code, so that "return graph_fail(...)" reads well. Control
 * characters become '?'. error may be NULL. */
int graph_fail(struct graph_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void graph_init(struct graph *graph);
void graph_fini(struct graph *graph); /* accepts NULL and a zeroed graph */

/* Adds an empty value with a copy of name; its number in *number. 0 or -ENOMEM. */
int graph_add_value(struct graph *graph, const char *name, uint32_t *number);

/* Adds a zeroed node at the end; NULL when out of memory. The pointer holds until the next add. */
struct node *graph_add_node(struct graph *graph);

/* Gives heap memory to the graph, to be freed with it. 0 or -ENOMEM (then memory is freed at once).
 */
int graph_own(struct graph *graph, void *memory);

/* Zeroed memory, aligned to 64 bytes, that dies with the graph; NULL when out of memory. */
void *graph_alloc(struct graph *graph, size_t bytes);

/* Copies a string into memory that dies with the graph; NULL when out of memory. */
char *graph_strdup(struct graph *graph, const char *text);

/* Gives a mapping to the graph, to be unmapped with it. 0 or -ENOMEM (then it is unmapped at once).
 */
int graph_own_mapping(struct graph *graph, void *address, size_t bytes, bool is_file);

/* Large float32 constants stay where they lie in the file, at any address: those who read them by
 * element (operators do) call this first, which copies a constant that is not aligned. 0 or
 * -ENOMEM. */
int graph_align(struct graph *graph, uint32_t value);

const struct attribute *node_attribute(const struct node *node, const char *name);

/* The attribute's number, or fallback where it is absent or of another kind. */
int64_t node_int(const struct node *node, const char *name, int64_t fallback);
float node_float(const struct node *node, const char *name, float fallback);
const char *node_string(const struct node *node, const char *name, const char *fallback);
/* Borrowed array and its length; NULL and 0 where absent. */
const int64_t *node_ints(const struct node *node, const char *name, size_t *count);
const float *node_floats(const struct node *node, const char *name, size_t *count);

#endif
