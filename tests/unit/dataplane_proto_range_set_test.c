/* Tests of dataplane/proto/range_set.c against a bit for each number. */
#include "dataplane/proto/range_set.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS 200
#define RANGES 8

/* The ranges are sorted, apart, and hold exactly the numbers that are marked. */
static bool is_same(const struct jtp_range_set *set, const bool *marked)
{
    bool held[NUMBERS] = {false};
    for (uint32_t i = 0; i < set->count; i++) {
        const struct jtp_range *range = &set->ranges[i];
        if (range->first >= range->end || (i > 0 && range[-1].end >= range->first))
            return false;
        for (uint64_t number = range->first; number < range->end; number++)
            held[number] = true;
    }
    return memcmp(held, marked, sizeof(held)) == 0;
}

static uint32_t runs_of(const bool *marked)
{
    uint32_t runs = 0;
    for (int i = 0; i < NUMBERS; i++)
        runs += marked[i] && (i == 0 || !marked[i - 1]);
    return runs;
}

static void check_gap(const struct jtp_range_set *set, const bool *marked, uint64_t first,
                      uint64_t end)
{
    struct jtp_range gap = {0, 0};
    uint64_t gap_first = first, gap_end;
    while (gap_first < end && marked[gap_first])
        gap_first++;
    gap_end = gap_first;
    while (gap_end < end && !marked[gap_end])
        gap_end++;
    CU_ASSERT_EQUAL(jtp_range_set_gap(set, first, end, &gap), gap_first < end);
    CU_ASSERT_EQUAL(jtp_range_set_holds(set, first, end), gap_first >= end);
    if (gap_first < end)
        CU_ASSERT(gap.first == gap_first && gap.end == gap_end);
}

static void holds_what_was_added(void)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t state = seed;
        bool marked[NUMBERS] = {false};
        struct jtp_range memory[RANGES];
        struct jtp_range_set set;
        jtp_range_set_init(&set, memory, RANGES);
        for (int step = 0; step < 40; step++) {
            uint32_t first = canvas_between(&state, 0, NUMBERS - 2);
            uint32_t most = first + 12 < NUMBERS ? first + 12 : NUMBERS;
            uint32_t end = canvas_between(&state, first + 1, most);
            bool after[NUMBERS];
            memcpy(after, marked, sizeof(after));
            memset(after + first, true, end - first);
            int status = jtp_range_set_add(&set, first, end);
            CU_ASSERT_EQUAL(status, runs_of(after) > RANGES ? -ENOSPC : 0);
            if (status == 0)
                memcpy(marked, after, sizeof(after));
            bool is_right = is_same(&set, marked);
            CU_ASSERT(is_right);
            if (!is_right) {
                printf("seed %llu\n", (unsigned long long)seed);
                return;
            }
            check_gap(&set, marked, first, most);
        }
    }
}

static void covering_holds_all_and_adds_the_narrowest_gap(void)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t state = seed;
        bool marked[NUMBERS] = {false};
        struct jtp_range memory[3];
        struct jtp_range_set set;
        jtp_range_set_init(&set, memory, 3);
        for (int step = 0; step < 20; step++) {
            uint32_t first = canvas_between(&state, 0, NUMBERS - 5);
            uint32_t end = first + canvas_between(&state, 1, 4);
            memset(marked + first, true, end - first);
            if (runs_of(marked) > 3) {
                int length = NUMBERS;
                for (int i = 1, last = -1; i < NUMBERS; i++) {
                    last = marked[i - 1] ? i - 1 : last;
                    if (last >= 0 && marked[i] && i - last > 1 && i - last < length)
                        length = i - last;
                }
                int held = 0;
                for (int i = 0; i < NUMBERS; i++)
                    held -= marked[i];
                jtp_range_set_cover(&set, first, end);
                for (uint32_t i = 0; i < set.count; i++)
                    held += (int)(set.ranges[i].end - set.ranges[i].first);
                CU_ASSERT_EQUAL(held, length - 1); /* of several as narrow, any */
                memset(marked, false, sizeof(marked));
                for (uint32_t i = 0; i < set.count; i++)
                    memset(marked + set.ranges[i].first, true,
                           set.ranges[i].end - set.ranges[i].first);
            } else {
                jtp_range_set_cover(&set, first, end);
            }
            CU_ASSERT(is_same(&set, marked));
        }
    }
}

static void taking_empties_it_in_order(void)
{
    struct jtp_range memory[4];
    struct jtp_range_set set;
    jtp_range_set_init(&set, memory, 4);
    jtp_range_set_add(&set, 10, 25);
    jtp_range_set_add(&set, 2, 5);
    struct jtp_range taken = jtp_range_set_take(&set, 10);
    CU_ASSERT(taken.first == 2 && taken.end == 5);
    taken = jtp_range_set_take(&set, 10);
    CU_ASSERT(taken.first == 10 && taken.end == 20);
    taken = jtp_range_set_take(&set, 5);
    CU_ASSERT(taken.first == 20 && taken.end == 25);
    CU_ASSERT_EQUAL(set.count, 0);
}

static void holds_the_largest_numbers(void)
{
    struct jtp_range memory[2];
    struct jtp_range_set set;
    jtp_range_set_init(&set, memory, 2);
    CU_ASSERT_EQUAL(jtp_range_set_add(&set, UINT64_MAX - 2, UINT64_MAX), 0);
    CU_ASSERT_EQUAL(jtp_range_set_add(&set, 0, 1), 0);
    CU_ASSERT(jtp_range_set_holds(&set, UINT64_MAX - 2, UINT64_MAX));
    CU_ASSERT_FALSE(jtp_range_set_holds(&set, UINT64_MAX - 3, UINT64_MAX));
    CU_ASSERT_EQUAL(jtp_range_set_add(&set, 5, 6), -ENOSPC);
    jtp_range_set_drop_lowest(&set);
    CU_ASSERT_EQUAL(jtp_range_set_add(&set, 5, 6), 0);
}

const struct cunit_test tests[] = {
    {"a set holds what was added, and refuses what has no room", holds_what_was_added},
    {"covering holds all and adds the narrowest gap",
     covering_holds_all_and_adds_the_narrowest_gap},
    {"taking empties it in order", taking_empties_it_in_order},
    {"it holds the largest numbers", holds_the_largest_numbers},
    {NULL, NULL},
};
