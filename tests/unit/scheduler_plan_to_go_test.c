/* Tests of scheduler/plan/to_go.c, path.c and weights.c: the paper's recurrence, the definition. */
#include "scheduler/plan/to_go.h"
#include "scheduler/plan/task.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <math.h>
#include <stdio.h>

enum {
    SEED = 77,
    CASES = 200,
    MOST_LAYERS = 60,
};

/* M[j] and C[j] of the paper, as it writes them, for a profile with all blocks. */
static double recurrence(const struct split_profile *profile,
                         const struct split_conditions *conditions, bool is_energy)
{
    const struct split_network *network = &conditions->network;
    const bool has_base = conditions->has_radio_base;
    const double up_mw = split_network_up_mw(network, has_base) / 1e3;
    const double down_mw = split_network_down_mw(network, has_base) / 1e3;
    const uint32_t n = profile->layer_count;
    double m[MOST_LAYERS + 1], c[MOST_LAYERS + 1], up[MOST_LAYERS + 1], down[MOST_LAYERS + 1];
    for (uint32_t k = 0; k <= n; k++) {
        double bytes = k ? profile->layers[k - 1].output_bytes : profile->input_bytes;
        up[k] = split_network_up_ms(network, bytes) * (is_energy ? up_mw : 1);
        down[k] = split_network_down_ms(network, bytes) * (is_energy ? down_mw : 1);
        m[k] = c[k] = INFINITY;
    }
    m[0] = 0;
    for (uint32_t j = 1; j <= n; j++)
        for (uint32_t b = 0; b < profile->block_count; b++) {
            const struct split_block *block = &profile->blocks[b];
            const uint32_t i = block->first;
            if (block->last != j)
                continue;
            m[j] = fmin(m[j], fmin(m[i - 1], c[i - 1] + down[i - 1]) +
                                  (is_energy ? block->mobile_mj : block->mobile_ms));
            c[j] = fmin(c[j], fmin(c[i - 1], m[i - 1] + up[i - 1]) +
                                  (is_energy ? 0 : block->cloud_ms * conditions->load.k));
        }
    return fmin(m[n], c[n] + down[n]);
}

static void is_the_papers_recurrence(void)
{
    printf("seed %d ", SEED);
    struct split_random random = {SEED};
    for (int i = 0; i < CASES; i++) {
        struct split_case one;
        struct split_problem problem;
        struct split_graph graph;
        struct split_task task;
        split_case_init(
            &one,
            &(struct split_case_config){.layer_count = 1 + split_random_below(&random, MOST_LAYERS),
                                        .has_all_blocks = true},
            &random);
        one.conditions.load.k = 1 + split_random_unit(&random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile, SPLIT_INFERENCE, NULL), 0);
        CU_ASSERT_EQUAL_FATAL(split_graph_init(&graph, &problem, 1 << 26), 0);
        CU_ASSERT_EQUAL_FATAL(split_task_init(&task, &graph), 0);
        const struct split_costs costs = {.graph = &graph, .ms = graph.ms};
        for (int criterion = SPLIT_BY_LATENCY; criterion <= SPLIT_BY_ENERGY; criterion++) {
            struct split_weights weights;
            split_weights_of(&weights, &one.conditions, (enum split_criterion)criterion);
            split_to_go_fill(&task.cost, &costs, &weights);
            double expected =
                recurrence(&one.profile, &one.conditions, criterion == SPLIT_BY_ENERGY);
            CU_ASSERT_DOUBLE_EQUAL(task.cost.at_exit[0], expected, 1e-12 * expected);
            split_to_go_path(&task.cost, &costs, &task.trial);
            CU_ASSERT_DOUBLE_EQUAL(split_weights_product(&weights, &task.trial.amounts), expected,
                                   1e-12 * expected);
        }
        split_task_fini(&task);
        split_graph_fini(&graph);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
}

/* Random paths: shortest ones under random weights of the eight amounts. */
static void a_path_weighs_what_its_plan_costs(void)
{
    printf("seed %d ", SEED);
    struct split_random random = {SEED};
    for (int i = 0; i < CASES; i++) {
        struct split_case one;
        struct split_problem problem;
        struct split_graph graph;
        struct split_task task;
        const struct split_case_config config = {.layer_count = 1 + split_random_below(&random, 20),
                                                 .block_share = 0.1,
                                                 .skip_share = 0.2,
                                                 .has_branches = i % 3 == 0};
        split_case_init(&one, &config, &random);
        split_case_load(&one, 0, &random);
        CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &one.profile,
                                                 i % 2 ? SPLIT_TRAINING : SPLIT_INFERENCE, NULL),
                              0);
        CU_ASSERT_EQUAL_FATAL(split_graph_init(&graph, &problem, 1 << 28), 0);
        CU_ASSERT_EQUAL_FATAL(split_task_init(&task, &graph), 0);
        const struct split_costs costs = {.graph = &graph, .ms = graph.ms};
        struct split_weights odd = {0};
        odd.mobile_ms = split_random_unit(&random);
        odd.cloud_ms = split_random_unit(&random);
        odd.up_bytes = 1e-5 * split_random_unit(&random);
        odd.down_bytes = 1e-5 * split_random_unit(&random);
        split_to_go_fill(&task.cost, &costs, &odd);
        split_to_go_path(&task.cost, &costs, &task.trial);
        struct split_totals totals;
        split_evaluate(&problem, &one.conditions, task.trial.parts, task.trial.part_count, &totals);
        const double expected[] = {totals.latency_ms, totals.energy_mj, totals.cloud_ms};
        for (int criterion = 0; criterion < SPLIT_CRITERION_COUNT; criterion++) {
            struct split_weights weights;
            split_weights_of(&weights, &one.conditions, (enum split_criterion)criterion);
            CU_ASSERT_DOUBLE_EQUAL(split_weights_product(&weights, &task.trial.amounts),
                                   expected[criterion], 1e-12 * expected[criterion]);
        }
        CU_ASSERT_DOUBLE_EQUAL(task.trial.amounts.to_cloud + task.trial.amounts.to_mobile,
                               totals.transfers, 0);
        split_task_fini(&task);
        split_graph_fini(&graph);
        split_problem_fini(&problem);
        split_case_fini(&one);
    }
}

const struct cunit_test tests[] = {
    {"the shortest path costs what the paper's recurrence says", is_the_papers_recurrence},
    {"a path weighs what its plan costs by the definition", a_path_weighs_what_its_plan_costs},
    {NULL, NULL},
};
