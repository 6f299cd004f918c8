/* What a model's batches cost, by hand. */
#include "scheduler/dispatch/batch_cost.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>

/* Two parts: 100 alone and 160 for four; 50 alone and 110 for four. */
static const uint32_t one_and_four[] = {1, 4};
static const uint64_t ns[] = {150, 50, 0, 270, 110, 0};
static const bool all_rows[] = {true, true, true};
static const struct dispatch_model model = {3, 4, 2, one_and_four, ns, all_rows};

static void between_one_row_and_a_full_batch_it_is_a_straight_line(void)
{
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &model), 0);
    const uint64_t expected[] = {0, 100, 120, 140, 160};
    for (uint32_t rows = 0; rows < 5; rows++)
        CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, rows), expected[rows]);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 1, 2, 4), 110);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 2, 3), 150 + 2 * 40);
    batch_cost_fini(&cost);
}

/* One, two and four rows: the second is worth half, the two others are not. */
static void between_sizes_that_were_measured_it_is_a_straight_line(void)
{
    static const uint32_t sizes[] = {1, 2, 4};
    static const uint64_t three_ns[] = {100, 0, 150, 0, 350, 0};
    const struct dispatch_model facts = {2, 4, 3, sizes, three_ns, all_rows};
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &facts), 0);
    const uint64_t expected[] = {0, 100, 150, 250, 350, 450, 500};
    for (uint32_t rows = 0; rows < 7; rows++)
        CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, rows), expected[rows]);
    batch_cost_fini(&cost);
}

static void more_rows_are_full_batches_and_a_rest(void)
{
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &model), 0);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, 5), 160 + 100);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, 10), 160 + 160 + 120);
    CU_ASSERT_EQUAL(batch_cost_saving_ns(&cost, 0, 1), 80);
    CU_ASSERT_EQUAL(batch_cost_saving_ns(&cost, 1, 2), 30);
    batch_cost_fini(&cost);
}

static void where_rows_can_not_be_told_apart_each_costs_as_alone(void)
{
    static const bool rows[] = {true, false, true};
    const struct dispatch_model facts = {3, 4, 2, one_and_four, ns, rows};
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &facts), 0);
    CU_ASSERT_EQUAL(batch_cost_most_rows(&cost, 0, 1), 1);
    CU_ASSERT_EQUAL(batch_cost_most_rows(&cost, 1, 2), 1);
    CU_ASSERT_EQUAL(batch_cost_most_rows(&cost, 0, 2), 4);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, 3), 300);
    CU_ASSERT_EQUAL(batch_cost_saving_ns(&cost, 0, 1), 0);
    batch_cost_fini(&cost);
}

/* The layer before cut 1 came out below nothing: the one after it took what both took together. */
static void noise_makes_no_layer_free_and_no_batch_faster_than_a_row(void)
{
    static const uint64_t noisy_ns[] = {100, 110, 0, 200, 90, 0};
    const struct dispatch_model facts = {3, 4, 2, one_and_four, noisy_ns, all_rows};
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &facts), 0);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, 1), 1);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 1, 2, 4), 110);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 2, 4), 200);
    CU_ASSERT_EQUAL(batch_cost_saving_ns(&cost, 1, 2), 110);
    batch_cost_fini(&cost);
}

/* Four rows take twice as long over the first layers as they did; one row, and the other layers,
 * are believed to have become slower likewise until they are seen. */
static void what_is_measured_counts_for_its_layers_and_size(void)
{
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &model), 0);
    batch_cost_measure(&cost, 0, 1, 4, 320);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_TYPICAL, 0, 1, 4), 320);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_SAFE, 0, 2, 4), 320 + 220);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_TYPICAL, 0, 1, 1), 200);
    batch_cost_measure(&cost, 1, 2, 1, 50);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_TYPICAL, 1, 2, 1), 50);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_TYPICAL, 0, 1, 4), 320);
    CU_ASSERT_EQUAL(batch_cost_ns(&cost, COST_LOADED, 0, 1, 4), 160);
    batch_cost_fini(&cost);
}

static void refusals_alone_bring_a_correction_back(void)
{
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &model), 0);
    for (uint32_t i = 0; i < 20; i++)
        batch_cost_measure(&cost, 0, 2, 1, 15000);
    CU_ASSERT(batch_cost_ns(&cost, COST_SAFE, 0, 2, 1) > 1500);
    for (uint32_t i = 0; i < 1000; i++)
        batch_cost_doubt(&cost);
    CU_ASSERT(batch_cost_ns(&cost, COST_SAFE, 0, 2, 1) < 155);
    batch_cost_fini(&cost);
}

static void impossible_facts_are_refused(void)
{
    static const uint64_t absurd_ns[] = {150, 50, 0, UINT64_MAX, 110, 0};
    static const uint32_t two_and_four[] = {2, 4}, one_and_three[] = {1, 3}, twice[] = {1, 1, 4};
    const struct dispatch_model refused[] = {
        {1, 4, 2, one_and_four, ns, all_rows},
        {3, 0, 2, one_and_four, ns, all_rows},
        {3, DISPATCH_MAX_BATCH + 1, 2, one_and_four, ns, all_rows},
        {3, 4, 2, one_and_four, absurd_ns, all_rows},
        {3, 4, 0, one_and_four, ns, all_rows},
        {3, 4, 2, two_and_four, ns, all_rows},
        {3, 4, 2, one_and_three, ns, all_rows},
        {3, 4, 3, twice, ns, all_rows},
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct batch_cost cost;
        CU_ASSERT_EQUAL(batch_cost_init(&cost, &refused[i]), -EINVAL);
        batch_cost_fini(&cost);
    }
    batch_cost_fini(NULL);
}

static void only_forward_ranges_of_its_cuts_exist(void)
{
    struct batch_cost cost;
    CU_ASSERT_EQUAL_FATAL(batch_cost_init(&cost, &model), 0);
    CU_ASSERT(batch_cost_has_cuts(&cost, 0, 2));
    CU_ASSERT_FALSE(batch_cost_has_cuts(&cost, 0, 3));
    CU_ASSERT_FALSE(batch_cost_has_cuts(&cost, 1, 1));
    CU_ASSERT_FALSE(batch_cost_has_cuts(&cost, 2, 1));
    batch_cost_fini(&cost);
}

const struct cunit_test tests[] = {
    {"between one row and a full batch it is a straight line",
     between_one_row_and_a_full_batch_it_is_a_straight_line},
    {"between sizes that were measured it is a straight line",
     between_sizes_that_were_measured_it_is_a_straight_line},
    {"more rows are full batches and a rest", more_rows_are_full_batches_and_a_rest},
    {"where rows can not be told apart each costs as alone",
     where_rows_can_not_be_told_apart_each_costs_as_alone},
    {"noise makes no layer free, and no batch faster than a row",
     noise_makes_no_layer_free_and_no_batch_faster_than_a_row},
    {"what is measured counts for its layers and size",
     what_is_measured_counts_for_its_layers_and_size},
    {"refusals alone bring a correction back", refusals_alone_bring_a_correction_back},
    {"impossible facts are refused", impossible_facts_are_refused},
    {"only forward ranges of its cuts exist", only_forward_ranges_of_its_cuts_exist},
    {NULL, NULL},
};
