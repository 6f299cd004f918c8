/* Tests of compute/onnx/name_map.c. */
#include "compute/onnx/name_map.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

static void finds_what_was_added(void)
{
    enum { COUNT = 20000 };
    static char names[COUNT][12];
    struct name_map map;
    uint32_t number;
    name_map_init(&map);
    CU_ASSERT_FALSE(name_map_find(&map, "0", &number));
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "%u", i);
        CU_ASSERT_EQUAL_FATAL(name_map_add(&map, names[i], i), 0);
    }
    CU_ASSERT_EQUAL(map.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[12];
        snprintf(name, sizeof(name), "%u", i);
        CU_ASSERT_TRUE_FATAL(name_map_find(&map, name, &number));
        CU_ASSERT_EQUAL_FATAL(number, i);
        snprintf(name, sizeof(name), "%ux", i);
        CU_ASSERT_FALSE_FATAL(name_map_find(&map, name, &number));
    }
    name_map_fini(&map);
    name_map_fini(&map);
    name_map_fini(NULL);
}

const struct cunit_test tests[] = {
    {"of 20,000 names each is found with its number, and no other", finds_what_was_added},
    {NULL, NULL},
};
