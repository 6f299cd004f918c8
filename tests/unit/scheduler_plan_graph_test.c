/* Tests of scheduler/plan/graph.c and graph_states.c: the nodes and arcs of known networks. */
#include "scheduler/plan/graph.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <errno.h>

enum {
    SEED = 11,
};

static void build(struct split_graph *graph, const struct split_profile *profile,
                  enum split_mode mode)
{
    struct split_problem problem;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, profile, mode, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(split_graph_init(graph, &problem, 1 << 24), 0);
    split_problem_fini(&problem);
}

static uint32_t arc_count(const struct split_graph *graph)
{
    return graph->arc_starts[graph->node_count];
}

static void chain_has_two_nodes_a_step(void)
{
    struct split_random random = {SEED};
    struct split_case one;
    struct split_graph graph;
    split_case_init(&one, &(struct split_case_config){.layer_count = 21, .has_all_blocks = true},
                    &random);
    build(&graph, &one.profile, SPLIT_INFERENCE);
    CU_ASSERT_EQUAL(graph.node_count, 2 * 21 + 2);
    CU_ASSERT_EQUAL(arc_count(&graph), 2 * 231); /* the paper's blocks, on either side */
    CU_ASSERT_PTR_NULL(graph.up_bytes); /* nothing crosses inside a group */
    const struct split_node *source = &graph.nodes[0];
    CU_ASSERT_DOUBLE_EQUAL(source->turns[SPLIT_CLOUD].up_bytes, one.profile.input_bytes, 0);
    CU_ASSERT_DOUBLE_EQUAL(source->turns[SPLIT_MOBILE].up_bytes, 0, 0);
    for (uint32_t x = 0; x + 1 < graph.node_count; x++)
        for (int side = 0; side < 2; side++)
            CU_ASSERT(graph.nodes[x].turns[side].node == SPLIT_NO_NODE ||
                      graph.nodes[graph.nodes[x].turns[side].node].step == graph.nodes[x].step + 1);
    split_graph_fini(&graph);
    build(&graph, &one.profile, SPLIT_TRAINING);
    CU_ASSERT_EQUAL(graph.node_count, 2 * 42 + 2);
    split_graph_fini(&graph);
    split_graph_fini(&graph);
    split_case_fini(&one);
}

/* Layer 1's output goes to layer 2 and to layer 3: after layer 2 it is on the mobile, on the cloud,
 * or on both, and layer 2 ran on either side. */
static void skip_multiplies_nodes(void)
{
    struct split_layer layers[3] = {
        {.output_bytes = 10}, {.output_bytes = 20}, {.output_bytes = 5}};
    struct split_skip skip = {1, 3, 10};
    const struct split_profile profile = {.batch = 1,
                                          .input_bytes = 100,
                                          .layer_count = 3,
                                          .layers = layers,
                                          .skip_count = 1,
                                          .skips = &skip};
    struct split_graph graph;
    build(&graph, &profile, SPLIT_INFERENCE);
    const uint32_t *layer = graph.layer_starts;
    CU_ASSERT_EQUAL(layer[2] - layer[1], 2);
    CU_ASSERT_EQUAL(layer[3] - layer[2], 4); /* alone on the other side cannot be */
    CU_ASSERT_EQUAL(layer[4] - layer[3], 2);
    split_graph_fini(&graph);
}

/* A block over the skip's end fetches the skipped tensor inside the group. */
static void crossings_inside_a_group_are_on_its_arc(void)
{
    struct split_layer layers[3] = {
        {.output_bytes = 10}, {.output_bytes = 20}, {.output_bytes = 5}};
    struct split_skip skip = {0, 3, 100};
    struct split_block block = {.first = 2, .last = 3, .cloud_ms = 1};
    const struct split_profile profile = {.batch = 1,
                                          .input_bytes = 100,
                                          .layer_count = 3,
                                          .layers = layers,
                                          .block_count = 1,
                                          .blocks = &block,
                                          .skip_count = 1,
                                          .skips = &skip};
    struct split_graph graph;
    build(&graph, &profile, SPLIT_INFERENCE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph.up_bytes);
    uint32_t with_upload = 0;
    for (uint32_t arc = 0; arc < arc_count(&graph); arc++) {
        if (graph.up_bytes[arc] <= 0)
            continue;
        CU_ASSERT_DOUBLE_EQUAL(graph.up_bytes[arc], 100, 0);
        CU_ASSERT_EQUAL(graph.nodes[graph.tails[arc]].step, 2);
        CU_ASSERT_EQUAL(graph.nodes[graph.heads[arc]].step, 3);
        CU_ASSERT_EQUAL(graph.nodes[graph.tails[arc]].side, SPLIT_CLOUD);
        with_upload++;
    }
    CU_ASSERT_EQUAL(with_upload, 1); /* after layer 1 on the mobile; else the input is there */
    split_graph_fini(&graph);
}

static void too_large_a_graph_is_refused(void)
{
    struct split_layer layers[40] = {{.output_bytes = 1}};
    uint32_t inputs[40];
    for (uint32_t i = 0; i < 39; i++) { /* 39 layers on the input, one on all of them */
        layers[i] =
            (struct split_layer){.output_bytes = 1, .input_count = 1, .inputs = &inputs[39]};
        inputs[i] = i + 1;
    }
    inputs[39] = 0;
    layers[39] = (struct split_layer){.output_bytes = 1, .input_count = 39, .inputs = inputs};
    const struct split_profile profile = {
        .batch = 1, .input_bytes = 1, .layer_count = 40, .layers = layers};
    struct split_problem problem;
    struct split_graph graph;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL(split_graph_init(&graph, &problem, (size_t)1 << 30), -E2BIG);
    split_problem_fini(&problem);
    layers[38].inputs = inputs; /* a chain of two fits, but not in 100 bytes */
    const struct split_profile small = {
        .batch = 1, .input_bytes = 1, .layer_count = 2, .layers = layers + 20};
    layers[20].input_count = layers[21].input_count = 0;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &small, SPLIT_INFERENCE, NULL), 0);
    CU_ASSERT_EQUAL(split_graph_init(&graph, &problem, 100), -E2BIG);
    CU_ASSERT_EQUAL(split_graph_init(&graph, &problem, 10000), 0);
    split_graph_fini(&graph);
    split_problem_fini(&problem);
}

const struct cunit_test tests[] = {
    {"a chain has two nodes a step and two arcs a block", chain_has_two_nodes_a_step},
    {"a skip multiplies the nodes of the steps that it goes over", skip_multiplies_nodes},
    {"what crosses for a later step of a group is on the group's arc",
     crossings_inside_a_group_are_on_its_arc},
    {"a graph that takes more than its memory is refused", too_large_a_graph_is_refused},
    {NULL, NULL},
};
