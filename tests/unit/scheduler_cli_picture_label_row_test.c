/* Tests of scheduler/cli/picture/label_row.c: labels keep apart, and move no more than they must.
 */
#include "scheduler/cli/picture/label_row.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdlib.h>

static void labels_with_room_stay(void)
{
    struct label labels[] = {{.wanted = 10, .width = 10}, {.wanted = 30, .width = 10}};
    CU_ASSERT_EQUAL(label_row_place(labels, 2, 0, 100), 0);
    CU_ASSERT_DOUBLE_EQUAL(labels[0].placed, 10, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(labels[1].placed, 30, 1e-9);
}

static void labels_at_one_place_spread_around_it(void)
{
    struct label labels[3] = {
        {.wanted = 50, .width = 10}, {.wanted = 50, .width = 10}, {.wanted = 50, .width = 10}};
    CU_ASSERT_EQUAL(label_row_place(labels, 3, 0, 100), 0);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_DOUBLE_EQUAL(labels[i].placed, 40 + 10 * i, 1e-9);
}

static void labels_at_the_edge_stay_inside(void)
{
    struct label labels[2] = {{.wanted = 99, .width = 10}, {.wanted = 100, .width = 10}};
    CU_ASSERT_EQUAL(label_row_place(labels, 2, 0, 100), 0);
    CU_ASSERT_DOUBLE_EQUAL(labels[0].placed, 85, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(labels[1].placed, 95, 1e-9);
}

static void the_lightest_go_where_there_is_no_room(void)
{
    struct label labels[3] = {{.wanted = 5, .width = 10, .weight = 3},
                              {.wanted = 6, .width = 10, .weight = 1},
                              {.wanted = 7, .width = 10, .weight = 2}};
    CU_ASSERT_EQUAL(label_row_place(labels, 3, 0, 25), 0);
    CU_ASSERT(labels[0].is_placed && !labels[1].is_placed && labels[2].is_placed);
}

static double moved(const struct label *labels, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += pow(labels[i].placed - labels[i].wanted, 2);
    return sum;
}

/* Against steps in every direction: no small change that keeps the labels apart is better. */
static void no_small_change_is_better(void)
{
    const unsigned seed = 77;
    printf(" (seed %u)", seed);
    srand(seed);
    for (int round = 0; round < 2000; round++) {
        struct label labels[12];
        const int count = 1 + rand() % 12;
        double at = 0;
        for (int i = 0; i < count; i++) {
            at += rand() % 12;
            labels[i] = (struct label){.wanted = at, .width = 3 + rand() % 10};
        }
        CU_ASSERT_EQUAL(label_row_place(labels, (size_t)count, 0, 160), 0);
        const double best = moved(labels, count);
        for (int from = 0; from < count; from++)
            for (int to = from; to < count; to++)
                for (int sign = -1; sign <= 1; sign += 2) {
                    struct label other[12];
                    for (int i = 0; i < count; i++) {
                        other[i] = labels[i];
                        other[i].placed += i >= from && i <= to ? sign * 0.01 : 0;
                    }
                    int is_legal = other[0].placed - other[0].width / 2 >= 0 &&
                                   other[count - 1].placed + other[count - 1].width / 2 <= 160;
                    for (int i = 1; i < count; i++)
                        is_legal &= other[i].placed - other[i - 1].placed >=
                                    (other[i].width + other[i - 1].width) / 2;
                    CU_ASSERT(!is_legal || moved(other, count) >= best - 1e-9);
                }
        for (int i = 1; i < count; i++)
            CU_ASSERT(labels[i].placed - labels[i - 1].placed >=
                      (labels[i].width + labels[i - 1].width) / 2 - 1e-9);
    }
}

const struct cunit_test tests[] = {
    {"labels that have room stay where they belong", labels_with_room_stay},
    {"labels at one place spread around it", labels_at_one_place_spread_around_it},
    {"labels at the edge stay inside", labels_at_the_edge_stay_inside},
    {"where there is no room, the lightest labels go", the_lightest_go_where_there_is_no_room},
    {"no small change that keeps labels apart is better", no_small_change_is_better},
    {NULL, NULL},
};
