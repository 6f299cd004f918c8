/* Tests of scheduler/plan/plan.c: what a plan costs, against the paper's printed numbers. */
#include "scheduler/plan/plan.h"
#include "tests/unit/cunit_main.h"

/* A network of one layer that costs nothing: what is left is communication. */
static void evaluate_cloud_only(const char *name, bool has_base, struct split_totals *totals)
{
    struct split_layer layer = {.output_bytes = 1000};
    const struct split_profile profile = {
        .batch = 1, .input_bytes = 224 * 224 * 3, .layer_count = 1, .layers = &layer};
    struct split_problem problem;
    CU_ASSERT_EQUAL_FATAL(split_problem_init(&problem, &profile, SPLIT_INFERENCE, NULL), 0);
    struct split_conditions conditions;
    split_conditions_default(&conditions, split_network_named(name));
    conditions.has_radio_base = has_base;
    const struct split_part part = {1, 1, SPLIT_CLOUD};
    split_evaluate(&problem, &conditions, &part, 1, totals);
    split_problem_fini(&problem);
}

static void costs_what_the_paper_prints(void)
{
    static const struct {
        const char *network;
        double ms, mj, mj_with_base;
    } printed[] = {{"3g", 1098.69, 1047.42, 1946.0},
                   {"4g", 206.43, 528.34, 794.2},
                   {"wifi", 63.93, 342.10, 350.6}};
    for (int i = 0; i < 3; i++) {
        struct split_totals totals;
        evaluate_cloud_only(printed[i].network, false, &totals);
        CU_ASSERT_DOUBLE_EQUAL(totals.latency_ms, printed[i].ms, 0.0051);
        CU_ASSERT_DOUBLE_EQUAL(totals.energy_mj, printed[i].mj, 0.0051);
        CU_ASSERT_EQUAL(totals.transfers, 2);
        evaluate_cloud_only(printed[i].network, true, &totals);
        CU_ASSERT_DOUBLE_EQUAL(totals.energy_mj, printed[i].mj_with_base, 0.051);
    }
}

const struct cunit_test tests[] = {
    {"cloud-only over 3G, 4G and Wi-Fi costs what the paper prints", costs_what_the_paper_prints},
    {NULL, NULL},
};
