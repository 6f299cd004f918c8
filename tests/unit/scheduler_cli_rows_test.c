/* Tests of scheduler/cli/rows.c. */
#include "scheduler/cli/rows.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

/* A tensor of bytes, so that an array can be written as a string. */
static struct engine_tensor bytes_tensor(int64_t a, int64_t b, int64_t c, int batch_axis)
{
    struct engine_tensor tensor = {.name = "t",
                                   .type = TENSOR_U8,
                                   .shape = {.rank = 3, .dims = {a, b, c}},
                                   .bytes = (size_t)(a * b * c),
                                   .batch_axis = batch_axis};
    return tensor;
}

static void leading_rows_are_used_where_they_lie(void)
{
    struct engine_tensor tensor = bytes_tensor(1, 2, 2, 0);
    char array[] = "abcdefghijkl";
    struct rows rows;
    CU_ASSERT_EQUAL(rows_init(&rows, &tensor, 3, array), 0);
    rows_gather(&rows);
    CU_ASSERT_PTR_EQUAL(rows_at(&rows, 0), array);
    CU_ASSERT_PTR_EQUAL(rows_at(&rows, 2), array + 8);
    rows_fini(&rows);
}

static void rows_along_an_inner_axis_are_taken_apart_and_put_together(void)
{
    struct engine_tensor tensor = bytes_tensor(2, 1, 2, 1);
    char array[] = "aaBBccAAbbCC"; /* [2][3 rows][2] */
    struct rows rows;
    CU_ASSERT_EQUAL(rows_init(&rows, &tensor, 3, array), 0);
    rows_gather(&rows);
    CU_ASSERT_NSTRING_EQUAL(rows_at(&rows, 0), "aaAA", 4);
    CU_ASSERT_NSTRING_EQUAL(rows_at(&rows, 1), "BBbb", 4);
    CU_ASSERT_NSTRING_EQUAL(rows_at(&rows, 2), "ccCC", 4);
    memset(array, '-', 12);
    memcpy(rows_at(&rows, 1), "1234", 4);
    rows_scatter(&rows);
    CU_ASSERT_STRING_EQUAL(array, "aa12ccAA34CC");
    rows_fini(&rows);
}

static void several_entries_of_the_axis_can_make_one_row(void)
{
    struct engine_tensor tensor = bytes_tensor(2, 2, 1, 1);
    char array[] = "abcdEFGH"; /* [2][2 rows of 2][1] */
    struct rows rows;
    CU_ASSERT_EQUAL(rows_init(&rows, &tensor, 2, array), 0);
    rows_gather(&rows);
    CU_ASSERT_NSTRING_EQUAL(rows_at(&rows, 0), "abEF", 4);
    CU_ASSERT_NSTRING_EQUAL(rows_at(&rows, 1), "cdGH", 4);
    rows_scatter(&rows);
    CU_ASSERT_STRING_EQUAL(array, "abcdEFGH");
    rows_fini(&rows);
}

static void a_tensor_without_rows_is_shared_by_all(void)
{
    struct engine_tensor tensor = bytes_tensor(1, 2, 2, -1);
    char array[] = "abcd";
    struct rows rows;
    CU_ASSERT_EQUAL(rows_init(&rows, &tensor, 3, array), 0);
    CU_ASSERT_PTR_EQUAL(rows_at(&rows, 2), array);
    rows_fini(&rows);
}

static void rows_are_counted_from_the_shape(void)
{
    struct engine_tensor tensor = bytes_tensor(4, 1, 5, 1), pairs = bytes_tensor(2, 3, 5, 0);
    struct engine_tensor fixed = bytes_tensor(4, 1, 5, -1);
    CU_ASSERT_EQUAL(rows_count(&tensor, &(struct shape){.rank = 3, .dims = {4, 7, 5}}), 7);
    CU_ASSERT_EQUAL(rows_count(&tensor, &(struct shape){.rank = 3, .dims = {4, 0, 5}}), 0);
    CU_ASSERT_EQUAL(rows_count(&tensor, &(struct shape){.rank = 3, .dims = {3, 7, 5}}), 0);
    CU_ASSERT_EQUAL(rows_count(&tensor, &(struct shape){.rank = 2, .dims = {4, 7}}), 0);
    CU_ASSERT_EQUAL(rows_count(&pairs, &(struct shape){.rank = 3, .dims = {6, 3, 5}}), 3);
    CU_ASSERT_EQUAL(rows_count(&pairs, &(struct shape){.rank = 3, .dims = {5, 3, 5}}), 0);
    CU_ASSERT_EQUAL(rows_count(&fixed, &(struct shape){.rank = 3, .dims = {4, 1, 5}}), 1);
    CU_ASSERT_EQUAL(rows_count(&fixed, &(struct shape){.rank = 3, .dims = {4, 2, 5}}), 0);
}

const struct cunit_test tests[] = {
    {"leading rows are used where they lie", leading_rows_are_used_where_they_lie},
    {"rows along an inner axis are taken apart and put together",
     rows_along_an_inner_axis_are_taken_apart_and_put_together},
    {"several entries of the axis can make one row", several_entries_of_the_axis_can_make_one_row},
    {"a tensor without rows is shared by all", a_tensor_without_rows_is_shared_by_all},
    {"rows are counted from the shape", rows_are_counted_from_the_shape},
    {NULL, NULL},
};
