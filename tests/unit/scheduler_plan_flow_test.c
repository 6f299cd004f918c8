/* Tests of scheduler/plan/flow.c: minimum cuts, against every cut of small networks. */
#include "scheduler/plan/flow.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>

#define MAX_NODES 9
#define MAX_EDGES 24

struct network {
    uint32_t node_count, edge_count;
    struct split_flow_edge edges[MAX_EDGES];
    double pulls[MAX_NODES];
};

static uint32_t below(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % limit;
}

static void make(struct network *network, uint32_t seed)
{
    uint32_t state = seed;
    network->node_count = 2 + below(&state, MAX_NODES - 1);
    network->edge_count = below(&state, MAX_EDGES + 1);
    for (uint32_t i = 0; i < network->edge_count; i++) {
        const uint32_t from = below(&state, network->node_count);
        const uint32_t to =
            (from + 1 + below(&state, network->node_count - 1)) % network->node_count;
        network->edges[i] =
            (struct split_flow_edge){from, to, below(&state, 9) / 4.0, below(&state, 9) / 4.0};
    }
    for (uint32_t i = 0; i < network->node_count; i++) {
        network->pulls[i] = below(&state, 41) / 4.0 - 5;
        if (below(&state, 6) == 0)
            network->pulls[i] = below(&state, 2) ? INFINITY : -INFINITY;
    }
}

/* A bit of sink_side for each node; INFINITY where a fixed node is on the wrong side. */
static double cost(const struct network *network, uint32_t sink_side)
{
    double sum = 0;
    for (uint32_t i = 0; i < network->node_count; i++) {
        const bool is_sink = sink_side >> i & 1;
        if (is_sink && network->pulls[i] > 0)
            sum += network->pulls[i];
        if (!is_sink && network->pulls[i] < 0)
            sum -= network->pulls[i];
    }
    for (uint32_t i = 0; i < network->edge_count; i++) {
        const bool from = sink_side >> network->edges[i].from & 1;
        const bool to = sink_side >> network->edges[i].to & 1;
        if (from != to)
            sum += to ? network->edges[i].forward : network->edges[i].backward;
    }
    return sum;
}

static double least_cost(const struct network *network, uint32_t with, uint32_t without)
{
    double least = INFINITY;
    for (uint32_t side = 0; side < 1u << network->node_count; side++)
        if ((side & with) == with && !(side & without))
            least = fmin(least, cost(network, side));
    return least;
}

static uint32_t solve(struct split_flow *flow, const struct network *network)
{
    uint32_t side = 0;
    split_flow_build(flow, network->node_count, network->edge_count, network->edges);
    split_flow_solve(flow, network->edges, network->pulls);
    for (uint32_t i = 0; i < network->node_count; i++)
        side |= (uint32_t)split_flow_is_sink_side(flow, i) << i;
    return side;
}

/* The numbers are on a grid, so equal costs are equal to the bit. */
static void finds_the_least_cut(void)
{
    struct split_flow flow;
    CU_ASSERT_EQUAL_FATAL(split_flow_init(&flow, MAX_NODES, MAX_EDGES), 0);
    for (uint32_t seed = 1; seed <= 3000; seed++) {
        struct network network;
        make(&network, seed);
        const uint32_t side = solve(&flow, &network);
        const double least = least_cost(&network, 0, 0);
        bool is_right = cost(&network, side) <= least;
        for (uint32_t other = 0; other < 1u << network.node_count; other++)
            if (cost(&network, other) <= least)
                is_right &= (side & other) == side; /* no node too many for the sink */
        for (uint32_t i = 0; i < network.node_count; i++) {
            const uint32_t bit = 1u << i;
            const double there =
                side & bit ? least_cost(&network, 0, bit) : least_cost(&network, bit, 0);
            is_right &= least + split_flow_regret(&flow, i) <= there;
        }
        CU_ASSERT(is_right);
        if (!is_right)
            printf("seed %u\n", seed);
    }
    split_flow_fini(&flow);
}

static void survives_extremes(void)
{
    struct split_flow flow;
    CU_ASSERT_EQUAL_FATAL(split_flow_init(&flow, MAX_NODES, MAX_EDGES), 0);
    for (uint32_t seed = 1; seed <= 3000; seed++) {
        struct network network;
        uint32_t state = seed;
        make(&network, seed);
        for (uint32_t i = 0; i < network.edge_count; i++) {
            network.edges[i].forward *= pow(10, (double)below(&state, 60) - 30) / 3;
            network.edges[i].backward *= pow(10, (double)below(&state, 60) - 30) / 3;
        }
        const double found = cost(&network, solve(&flow, &network));
        const double least = least_cost(&network, 0, 0);
        CU_ASSERT(found <= least * (1 + 1e-12) + 1e-12);
    }
    split_flow_fini(&flow);
}

static void takes_nothing_for_nothing(void)
{
    struct split_flow flow;
    const double pulls[] = {INFINITY, -INFINITY, 0};
    CU_ASSERT_EQUAL_FATAL(split_flow_init(&flow, 3, 0), 0);
    split_flow_build(&flow, 3, 0, NULL);
    split_flow_solve(&flow, NULL, pulls);
    CU_ASSERT(!split_flow_is_sink_side(&flow, 0));
    CU_ASSERT(split_flow_is_sink_side(&flow, 1));
    CU_ASSERT(!split_flow_is_sink_side(&flow, 2));
    split_flow_fini(&flow);
    split_flow_fini(&flow);
    split_flow_fini(NULL);
}

const struct cunit_test tests[] = {
    {"a cut is the least, with the fewest nodes for the sink, and no regret is too great",
     finds_the_least_cut},
    {"capacities 60 powers of ten apart give the least cut up to rounding", survives_extremes},
    {"a network without edges is cut for nothing, and fini accepts what is empty",
     takes_nothing_for_nothing},
    {NULL, NULL},
};
