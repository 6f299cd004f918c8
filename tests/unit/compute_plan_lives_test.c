/* Tests of compute/plan/lives.c against comparing every pair of intervals. */
#include "compute/plan/lives.h"
#include "tests/unit/cunit_main.h"

#include <stdbool.h>
#include <stdlib.h>

#define MOST 200

struct interval {
    uint32_t first, last;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Each that overlaps is found once, and nothing else is. */
static void check_find(const struct lives *lives, const struct interval *added, uint32_t count,
                       struct interval wanted)
{
    uint32_t found[MOST], times[MOST] = {0};
    uint32_t found_count = lives_find(lives, wanted.first, wanted.last, found);
    CU_ASSERT_TRUE_FATAL(found_count <= count);
    for (uint32_t i = 0; i < found_count; i++)
        times[found[i]]++;
    for (uint32_t i = 0; i < count; i++) {
        bool overlaps = added[i].first <= wanted.last && wanted.first <= added[i].last;
        CU_ASSERT_EQUAL(times[i], overlaps ? 1 : 0);
    }
}

static void finds_what_overlaps(void)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint32_t state = seed, steps = 1 + next_random(&state) % 70;
        struct lives lives;
        struct interval added[MOST];
        CU_ASSERT_EQUAL_FATAL(lives_init(&lives, steps), 0);
        uint32_t count = next_random(&state) % MOST;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t first = next_random(&state) % steps;
            uint32_t length = next_random(&state) % 4 ? next_random(&state) % 3 : steps;
            uint32_t last = first + length < steps ? first + length : steps - 1;
            struct interval interval = {first, last};
            check_find(&lives, added, i, interval);
            added[i] = interval;
            CU_ASSERT_EQUAL(lives_add(&lives, i, first, last), 0);
        }
        lives_fini(&lives);
    }
}

static void is_empty_at_first(void)
{
    uint32_t found[1];
    struct lives lives;
    CU_ASSERT_EQUAL_FATAL(lives_init(&lives, 0), 0);
    CU_ASSERT_EQUAL(lives_find(&lives, 0, 0, found), 0);
    lives_fini(&lives);
    lives_fini(NULL);
}

const struct cunit_test tests[] = {
    {"every interval that overlaps is found once", finds_what_overlaps},
    {"nothing is found before anything is added", is_empty_at_first},
    {NULL, NULL},
};
