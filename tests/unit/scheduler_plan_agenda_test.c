/* Tests of scheduler/plan/agenda.c: the order of what is taken, against a plain search for the
 * least. */
#include "scheduler/plan/agenda.h"
#include "tests/unit/cunit_main.h"

#include <stdbool.h>
#include <string.h>

enum {
    NODES = 5,
    ITEMS = 200,
};

static uint32_t below(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % limit;
}

/* Bounds are few, so many are equal; sides spell the item's number. */
static void takes_the_least_first(void)
{
    struct split_agenda agenda;
    uint32_t state = 1, pushed = 0;
    double bounds[ITEMS];
    bool is_there[ITEMS] = {false};
    CU_ASSERT_EQUAL_FATAL(split_agenda_init(&agenda, NODES), 0);
    split_agenda_clear(&agenda);
    while (pushed < ITEMS || agenda.count) {
        uint8_t sides[NODES] = {(uint8_t)pushed};
        if (pushed < ITEMS && (!agenda.count || below(&state, 3))) {
            bounds[pushed] = below(&state, 10);
            is_there[pushed] = true;
            const double multipliers[] = {pushed, 2};
            split_agenda_push(&agenda, bounds[pushed++], multipliers, sides);
            continue;
        }
        struct split_agenda_item item;
        uint32_t expected = ITEMS;
        for (uint32_t i = 0; i < pushed; i++)
            if (is_there[i] && (expected == ITEMS || bounds[i] <= bounds[expected]))
                expected = i;
        split_agenda_pop(&agenda, &item, sides);
        CU_ASSERT_EQUAL(sides[0], expected);
        CU_ASSERT_DOUBLE_EQUAL(item.multipliers[0], expected, 0);
        CU_ASSERT_DOUBLE_EQUAL(item.bound, bounds[expected], 0);
        is_there[expected] = false;
    }
    split_agenda_fini(&agenda);
    split_agenda_fini(&agenda);
    split_agenda_fini(NULL);
}

static void holds_what_it_has_room_for(void)
{
    struct split_agenda agenda;
    const uint8_t sides[NODES] = {0};
    const double multipliers[SPLIT_MASTER_BOUNDS] = {0};
    uint8_t taken[NODES];
    struct split_agenda_item item;
    CU_ASSERT_EQUAL_FATAL(split_agenda_init(&agenda, NODES), 0);
    for (int round = 0; round < 2; round++) {
        split_agenda_clear(&agenda);
        while (agenda.count < agenda.room)
            split_agenda_push(&agenda, agenda.room - agenda.count, multipliers, sides);
        for (uint32_t i = 1; agenda.count; i++) {
            split_agenda_pop(&agenda, &item, taken);
            CU_ASSERT(item.bound == i);
        }
    }
    split_agenda_fini(&agenda);
}

const struct cunit_test tests[] = {
    {"the least bound is taken first, and of equal ones the newest", takes_the_least_first},
    {"it can be filled and emptied again", holds_what_it_has_room_for},
    {NULL, NULL},
};
