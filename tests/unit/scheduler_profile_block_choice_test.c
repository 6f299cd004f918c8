/* Tests of scheduler/profile/block_choice.c: counted by hand and by brute force. */
#include "scheduler/profile/block_choice.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

#define LAYERS 6

/* Six layers of 1, 2, .. 6 ms; no request may cut after layers 2 and 3, no run after layer 4. */
static const bool can_cut[LAYERS + 1] = {true, true, true, true, false, true, true};
static const bool is_legal[LAYERS + 1] = {true, true, false, false, false, true, true};
static const double layer_ms[LAYERS] = {1, 2, 3, 4, 5, 6};
static const struct block_network network = {LAYERS, can_cut, is_legal, layer_ms};

/* Counts the chosen ones one by one, and the time of a run of each. */
static uint64_t count_chosen(const struct block_choice *choice, double *ms)
{
    uint64_t count = 0;
    *ms = 0;
    for (uint32_t first = 1; first <= LAYERS; first++)
        for (uint32_t last = first; last <= LAYERS; last++) {
            if (!block_is_chosen(choice, first, last))
                continue;
            count++;
            for (uint32_t i = first; i <= last; i++)
                *ms += layer_ms[i - 1];
        }
    return count;
}

static void chooses_all_or_up_to_a_length(void)
{
    struct block_choice choice;
    double ms;
    block_choose(&choice, &network, &(struct block_wish){.mode = BLOCKS_ALL});
    /* Six boundaries at which a run can start or end: 6 * 5 / 2 pairs. */
    CU_ASSERT_EQUAL(choice.count, 15);
    CU_ASSERT_EQUAL(count_chosen(&choice, &ms), 15);
    CU_ASSERT_DOUBLE_EQUAL(choice.run_ms, ms, 1e-9);
    CU_ASSERT_FALSE(block_is_chosen(&choice, 4, 4));
    CU_ASSERT_TRUE(block_is_chosen(&choice, 4, 5));
    block_choose(&choice, &network, &(struct block_wish){.mode = BLOCKS_UP_TO, .length = 2});
    CU_ASSERT_EQUAL(choice.count, 4 + 3); /* 1, 2, 3, 6; 1-2, 2-3, 4-5 */
    CU_ASSERT_EQUAL(count_chosen(&choice, &ms), 7);
    CU_ASSERT_FALSE(block_is_chosen(&choice, 1, 3));
    block_choose(&choice, &network, &(struct block_wish){.mode = BLOCKS_UP_TO});
    CU_ASSERT_EQUAL(choice.count, 0);
}

static void chooses_what_fits(void)
{
    struct block_choice choice;
    struct block_wish wish = {.mode = BLOCKS_FITTING, .budget_ms = 1e9};
    double ms;
    block_choose(&choice, &network, &wish);
    CU_ASSERT_EQUAL(choice.count, 6); /* pairs of boundaries 0, 1, 5, 6 */
    CU_ASSERT_EQUAL(choice.possible_count, 6);
    CU_ASSERT_DOUBLE_EQUAL(choice.possible_ms, 1 + 15 + 21 + 14 + 20 + 6, 1e-9);
    /* Those at the ends take 1 + 15 + 21 + 20 + 6 ms. */
    wish.budget_ms = 63;
    block_choose(&choice, &network, &wish);
    CU_ASSERT_TRUE(choice.has_ends);
    CU_ASSERT_EQUAL(count_chosen(&choice, &ms), 5);
    CU_ASSERT_FALSE(block_is_chosen(&choice, 2, 5));
    /* They do not fit: the short ones are left. */
    wish.budget_ms = 62;
    block_choose(&choice, &network, &wish);
    CU_ASSERT_FALSE(choice.has_ends);
    CU_ASSERT_TRUE(block_is_chosen(&choice, 1, 1));
    CU_ASSERT_TRUE(block_is_chosen(&choice, 1, 5));
    CU_ASSERT_FALSE(block_is_chosen(&choice, 1, 6));
    wish.budget_ms = 0.5;
    block_choose(&choice, &network, &wish);
    CU_ASSERT_EQUAL(choice.count, 0);
}

static void never_exceeds_the_budget(void)
{
    for (double budget_ms = 0; budget_ms < 90; budget_ms += 0.5) {
        struct block_choice choice;
        double ms;
        block_choose(&choice, &network,
                     &(struct block_wish){.mode = BLOCKS_FITTING, .budget_ms = budget_ms});
        CU_ASSERT_EQUAL(count_chosen(&choice, &ms), choice.count);
        CU_ASSERT_TRUE(ms <= budget_ms);
        if (choice.count < choice.possible_count) /* no longer length would have fitted */
            CU_ASSERT_TRUE(choice.length < LAYERS);
    }
}

const struct cunit_test tests[] = {
    {"all blocks, or those up to a length, between boundaries where a run can cut",
     chooses_all_or_up_to_a_length},
    {"what fits is first what starts or ends the network, then the short", chooses_what_fits},
    {"what is chosen never takes longer than the budget", never_exceeds_the_budget},
    {NULL, NULL},
};
