/* Operators by name, and one line that lists all that are missing. */
#include "compute/onnx/onnx_operators.h"

#include "compute/onnx/onnx_node.h"
#include "compute/ops/op.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By domain and operator, then as in the file. */
static int compare(const void *a, const void *b)
{
    const struct node *left = *(const struct node *const *)a;
    const struct node *right = *(const struct node *const *)b;
    int order = strcmp(left->domain, right->domain);
    if (order == 0)
        order = strcmp(left->op_type, right->op_type);
    return order ? order : (left > right) - (left < right);
}

static bool is_same_operator(const struct node *a, const struct node *b)
{
    return strcmp(a->op_type, b->op_type) == 0 && strcmp(a->domain, b->domain) == 0;
}

/* A line that is cut off at its capacity; used counts what it would have needed. */
struct line {
    char *text;
    size_t size, used;
};

static void append(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool is_full = line->used >= line->size;
    int length = vsnprintf(is_full ? NULL : line->text + line->used,
                           is_full ? 0 : line->size - line->used, format, arguments);
    va_end(arguments);
    line->used += length > 0 ? (size_t)length : 0;
}

/* Prints "Foo (node 'a', 'b'), Bar of domain x (node 'c')" with at most limit nodes for each
 * operator; false where that does not fit. */
static bool print_missing(struct node *const *missing, uint32_t count, uint32_t limit, char *text,
                          size_t size)
{
    struct line line = {.text = text, .size = size};
    for (uint32_t i = 0; i < count && line.used < size;) {
        uint32_t same = 1;
        while (i + same < count && is_same_operator(missing[i], missing[i + same]))
            same++;
        append(&line, "%s%.100s", i ? ", " : "", missing[i]->op_type);
        if (missing[i]->domain[0])
            append(&line, " of domain %.100s", missing[i]->domain);
        append(&line, " (node ");
        uint32_t named = same < limit ? same : limit;
        for (uint32_t k = 0; k < named && line.used < size; k++)
            append(&line, "%s'%.100s'", k ? ", " : "", missing[i + k]->name);
        if (named < same)
            append(&line, " and %u more", same - named);
        append(&line, ")");
        i += same;
    }
    return line.used < size;
}

static int fail_missing(const struct onnx_reader *reader, uint32_t count)
{
    struct graph *graph = reader->graph;
    struct node **missing = malloc(count * sizeof(*missing));
    if (!missing)
        return onnx_no_memory(reader);
    uint32_t used = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].op)
            missing[used++] = &graph->nodes[n];
    qsort(missing, count, sizeof(struct node *), compare);
    char text[3000];
    /* All nodes if they fit in the line, else fewer of each operator, so that every one shows. */
    bool is_whole = print_missing(missing, count, count, text, sizeof(text)) ||
                    print_missing(missing, count, 3, text, sizeof(text)) ||
                    print_missing(missing, count, 1, text, sizeof(text));
    free(missing);
    return onnx_fail(reader, -ENOTSUP, "operators that this engine does not have: %s%s", text,
                     is_whole ? "" : "...");
}

/* 0 if count lies between min and max, else an error that says how many there may be. */
static int check_count(const struct onnx_reader *reader, const struct node *node, const char *what,
                       uint32_t count, uint32_t min, uint32_t max)
{
    char text[350], range[64];
    if (count >= min && count <= max)
        return 0;
    if (max == OP_ANY)
        snprintf(range, sizeof(range), "at least %u", min);
    else if (max > min)
        snprintf(range, sizeof(range), "%u to %u", min, max);
    else
        snprintf(range, sizeof(range), "%u", min);
    return onnx_fail(reader, -EINVAL, "%s has %u %s; the operator has %s",
                     onnx_node_print(node, text, sizeof(text)), count, what, range);
}

int onnx_operators_find(struct onnx_reader *reader)
{
    struct graph *graph = reader->graph;
    uint32_t missing = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        struct node *node = &graph->nodes[n];
        node->op = op_find(node->domain, node->op_type, node->opset);
        missing += node->op == NULL;
    }
    if (missing)
        return fail_missing(reader, missing);
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        const struct op *op = node->op;
        int rc =
            check_count(reader, node, "inputs", node->input_count, op->min_inputs, op->max_inputs);
        if (!rc)
            rc = check_count(reader, node, "outputs", node->output_count, op->min_outputs,
                             op->max_outputs);
        if (rc)
            return rc;
    }
    return 0;
}
