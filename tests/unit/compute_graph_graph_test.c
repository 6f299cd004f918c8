/* Tests of compute/graph/graph.c. */
#include "compute/graph/graph.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void owns_what_it_is_given(void)
{
    struct graph graph;
    graph_init(&graph);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t number;
        char name[16];
        snprintf(name, sizeof(name), "v%u", i);
        CU_ASSERT_EQUAL_FATAL(graph_add_value(&graph, name, &number), 0);
        CU_ASSERT_EQUAL(number, i);
        struct node *node = graph_add_node(&graph);
        CU_ASSERT_PTR_NOT_NULL_FATAL(node);
        node->name = graph_strdup(&graph, name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(node->name);
    }
    CU_ASSERT_EQUAL(graph.value_count, 100);
    CU_ASSERT_STRING_EQUAL(graph.values[99].name, "v99");
    CU_ASSERT_EQUAL(graph.values[99].producer, GRAPH_NONE);
    CU_ASSERT_STRING_EQUAL(graph.nodes[99].name, "v99");
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(page, MAP_FAILED);
    CU_ASSERT_EQUAL(graph_own_mapping(&graph, page, 4096, false), 0);
    /* What is left behind shows under the leak sanitizer. */
    graph_fini(&graph);
    CU_ASSERT_EQUAL(graph.value_count, 0);
    CU_ASSERT_EQUAL(mprotect(page, 4096, PROT_NONE), -1); /* no longer mapped */
    CU_ASSERT_EQUAL(errno, ENOMEM);
    graph_fini(&graph);
    graph_fini(NULL);
}

static void gives_aligned_zeroed_memory(void)
{
    struct graph graph;
    graph_init(&graph);
    for (size_t bytes = 0; bytes < 300; bytes += 7) {
        char *memory = graph_alloc(&graph, bytes);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        CU_ASSERT_EQUAL((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < bytes; i++)
            CU_ASSERT_EQUAL(memory[i], 0);
    }
    CU_ASSERT_PTR_NULL(graph_alloc(&graph, SIZE_MAX));
    CU_ASSERT_PTR_NULL(graph_alloc(&graph, PTRDIFF_MAX));
    graph_fini(&graph);
}

static void reads_attributes_with_fallbacks(void)
{
    struct attribute attributes[] = {
        {.name = (char[]){"axis"}, .kind = ATTRIBUTE_INT, .i = -1},
        {.name = (char[]){"alpha"}, .kind = ATTRIBUTE_FLOAT, .f = 0.5f},
        {.name = (char[]){"mode"}, .kind = ATTRIBUTE_STRING, .s = (char[]){"edge"}},
        {.name = (char[]){"pads"}, .kind = ATTRIBUTE_INTS, .count = 2, .ints = (int64_t[]){1, 2}},
        {.name = (char[]){"scales"}, .kind = ATTRIBUTE_FLOATS, .count = 1, .floats = (float[]){2}},
    };
    struct node node = {.attribute_count = 5, .attributes = attributes};
    size_t count;
    CU_ASSERT_EQUAL(node_int(&node, "axis", 7), -1);
    CU_ASSERT_EQUAL(node_int(&node, "none", 7), 7);
    CU_ASSERT_EQUAL(node_int(&node, "alpha", 7), 7); /* of another kind */
    CU_ASSERT_EQUAL(node_float(&node, "alpha", 1), 0.5f);
    CU_ASSERT_EQUAL(node_float(&node, "axis", 1), 1);
    CU_ASSERT_STRING_EQUAL(node_string(&node, "mode", "constant"), "edge");
    CU_ASSERT_STRING_EQUAL(node_string(&node, "none", "constant"), "constant");
    CU_ASSERT_EQUAL(node_ints(&node, "pads", &count)[1], 2);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_PTR_NULL(node_ints(&node, "scales", &count));
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(node_floats(&node, "scales", &count)[0], 2);
    CU_ASSERT_PTR_NULL(node_floats(&node, "none", &count));
    CU_ASSERT_PTR_EQUAL(node_attribute(&node, "pads"), &attributes[3]);
    CU_ASSERT_PTR_NULL(node_attribute(&node, "none"));
}

static void keeps_an_error_in_its_line(void)
{
    struct graph_error error;
    CU_ASSERT_EQUAL(graph_fail(&error, -EINVAL, "%s: %d", "x", 5), -EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "x: 5");
    CU_ASSERT_EQUAL(graph_fail(&error, -EIO, "%8000d", 5), -EIO);
    CU_ASSERT_EQUAL(strlen(error.text), sizeof(error.text) - 1);
    CU_ASSERT_EQUAL(graph_fail(&error, -EIO, "auto_pad '%s'", "a\nb\x1b[31m\x7f"), -EIO);
    CU_ASSERT_STRING_EQUAL(error.text, "auto_pad 'a?b?[31m?'");
    CU_ASSERT_EQUAL(graph_fail(NULL, -EIO, "x"), -EIO);
}

const struct cunit_test tests[] = {
    {"values, nodes, strings and mappings die with the graph", owns_what_it_is_given},
    {"memory is zeroed and aligned to 64 bytes; what cannot be is NULL",
     gives_aligned_zeroed_memory},
    {"attributes are read by name and kind, with a fallback", reads_attributes_with_fallbacks},
    {"an error is one line, cut off at its end, and may be left out", keeps_an_error_in_its_line},
    {NULL, NULL},
};
