/* Building, owning and reading a graph. */
#include "compute/graph/graph.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int graph_fail(struct graph_error *error, int code, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        /* Names and strings come from files; one line stays one line. */
        for (char *c = error->text; *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                *c = '?';
    }
    return code;
}

void graph_init(struct graph *graph)
{
    *graph = (struct graph){0};
}

void graph_fini(struct graph *graph)
{
    if (!graph)
        return;
    for (size_t i = 0; i < graph->owned_count; i++)
        free(graph->owned[i]);
    for (size_t i = 0; i < graph->mapping_count; i++)
        munmap(graph->mappings[i].address, graph->mappings[i].bytes);
    free(graph->owned);
    free(graph->mappings);
    free(graph->values);
    free(graph->nodes);
    *graph = (struct graph){0};
}

/* Doubles an array of elements so that one more fits. */
static int reserve(void **array, size_t element_bytes, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return 0;
    size_t larger = *capacity ? *capacity * 2 : 16;
    void *grown = reallocarray(*array, larger, element_bytes);
    if (!grown)
        return -ENOMEM;
    *array = grown;
    *capacity = larger;
    return 0;
}

int graph_own(struct graph *graph, void *memory)
{
    if (reserve((void **)&graph->owned, sizeof(*graph->owned), graph->owned_count,
                &graph->owned_capacity)) {
        free(memory);
        return -ENOMEM;
    }
    graph->owned[graph->owned_count++] = memory;
    return 0;
}

int graph_own_mapping(struct graph *graph, void *address, size_t bytes, bool is_file)
{
    if (reserve((void **)&graph->mappings, sizeof(*graph->mappings), graph->mapping_count,
                &graph->mapping_capacity)) {
        munmap(address, bytes);
        return -ENOMEM;
    }
    graph->mappings[graph->mapping_count++] =
        (struct graph_mapping){.address = address, .bytes = bytes, .is_file = is_file};
    return 0;
}

int graph_align(struct graph *graph, uint32_t number)
{
    struct tensor *constant = &graph->values[number].constant;
    size_t bytes, element = tensor_type_bytes(constant->type);
    if (!graph->values[number].is_constant || !constant->data || element == 0 ||
        (uintptr_t)constant->data % element == 0 || tensor_bytes(constant, &bytes))
        return 0;
    void *copy = graph_alloc(graph, bytes);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, constant->data, bytes);
    constant->data = copy;
    return 0;
}

void *graph_alloc(struct graph *graph, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - 64)
        return NULL;
    size_t rounded = (bytes + 63) / 64 * 64;
    void *memory = aligned_alloc(64, rounded ? rounded : 64);
    if (!memory)
        return NULL;
    memset(memory, 0, rounded ? rounded : 64);
    return graph_own(graph, memory) ? NULL : memory;
}

char *graph_strdup(struct graph *graph, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    return graph_own(graph, copy) ? NULL : copy;
}

int graph_add_value(struct graph *graph, const char *name, uint32_t *number)
{
    if (graph->value_count == GRAPH_NONE - 1 ||
        reserve((void **)&graph->values, sizeof(*graph->values), graph->value_count,
                &graph->value_capacity))
        return -ENOMEM;
    char *copy = graph_strdup(graph, name);
    if (!copy)
        return -ENOMEM;
    graph->values[graph->value_count] = (struct value){.name = copy, .producer = GRAPH_NONE};
    *number = graph->value_count++;
    return 0;
}

struct node *graph_add_node(struct graph *graph)
{
    if (graph->node_count == GRAPH_NONE - 1 ||
        reserve((void **)&graph->nodes, sizeof(*graph->nodes), graph->node_count,
                &graph->node_capacity))
        return NULL;
    struct node *node = &graph->nodes[graph->node_count++];
    *node = (struct node){0};
    return node;
}

const struct attribute *node_attribute(const struct node *node, const char *name)
{
    for (uint32_t i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

static const struct attribute *attribute_of(const struct node *node, const char *name,
                                            enum attribute_kind kind)
{
    const struct attribute *attribute = node_attribute(node, name);
    return attribute && attribute->kind == kind ? attribute : NULL;
}

int64_t node_int(const struct node *node, const char *name, int64_t fallback)
{
    const struct attribute *attribute = attribute_of(node, name, ATTRIBUTE_INT);
    return attribute ? attribute->i : fallback;
}

float node_float(const struct node *node, const char *name, float fallback)
{
    const struct attribute *attribute = attribute_of(node, name, ATTRIBUTE_FLOAT);
    return attribute ? attribute->f : fallback;
}

const char *node_string(const struct node *node, const char *name, const char *fallback)
{
    const struct attribute *attribute = attribute_of(node, name, ATTRIBUTE_STRING);
    return attribute ? attribute->s : fallback;
}

const int64_t *node_ints(const struct node *node, const char *name, size_t *count)
{
    const struct attribute *attribute = attribute_of(node, name, ATTRIBUTE_INTS);
    *count = attribute ? attribute->count : 0;
    return attribute ? attribute->ints : NULL;
}

const float *node_floats(const struct node *node, const char *name, size_t *count)
{
    const struct attribute *attribute = attribute_of(node, name, ATTRIBUTE_FLOATS);
    *count = attribute ? attribute->count : 0;
    return attribute ? attribute->floats : NULL;
}
