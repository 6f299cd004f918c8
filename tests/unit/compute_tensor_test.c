/* Tests of compute/tensor/tensor.c. */
#include "compute/tensor/tensor.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>

static void counts_elements(void)
{
    size_t count;
    CU_ASSERT_EQUAL(shape_count(&(struct shape){.rank = 3, .dims = {2, 3, 4}}, &count), 0);
    CU_ASSERT_EQUAL(count, 24);
    CU_ASSERT_EQUAL(shape_count(&(struct shape){.rank = 0}, &count), 0);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(shape_count(&(struct shape){.rank = 2, .dims = {INT64_MAX, 0}}, &count), 0);
    CU_ASSERT_EQUAL(count, 0);
}

static void refuses_what_does_not_fit(void)
{
    size_t count, bytes;
    struct tensor huge = {.type = TENSOR_F32, .shape = {.rank = 2, .dims = {1LL << 32, 1LL << 31}}};
    CU_ASSERT_EQUAL(tensor_bytes(&huge, &bytes), -EOVERFLOW);
    struct shape wide = {.rank = 3, .dims = {1LL << 32, 1LL << 32, 2}};
    CU_ASSERT_EQUAL(shape_count(&wide, &count), -EOVERFLOW);
    CU_ASSERT_EQUAL(shape_count(&(struct shape){.rank = 1, .dims = {-1}}, &count), -EINVAL);
    CU_ASSERT_EQUAL(shape_count(&(struct shape){.rank = 9}, &count), -EINVAL);
}

static void prints_shapes(void)
{
    char text[32];
    CU_ASSERT_STRING_EQUAL(
        shape_print(&(struct shape){.rank = 3, .dims = {1, 3, 224}}, text, sizeof(text)),
        "1x3x224");
    CU_ASSERT_STRING_EQUAL(shape_print(&(struct shape){.rank = 0}, text, sizeof(text)), "scalar");
}

const struct cunit_test tests[] = {
    {"a shape counts its elements; a zero dimension makes it empty", counts_elements},
    {"sizes that overflow and negative dimensions are refused", refuses_what_does_not_fit},
    {"a shape prints as its dimensions", prints_shapes},
    {NULL, NULL},
};
