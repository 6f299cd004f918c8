/* Tests of shm/model_table.c: a sound table is read, one that contradicts itself is refused; and
 * the places of the fields of ingress.h. */
#include "shm/ingress.h"
#include "shm/model_table.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <string.h>

/* Two cuts: one float tensor [3], then two, [2] of float and [1] of int64. */
static uint64_t *fill(struct region *region, struct model_table_shared **shared,
                      struct model_cut **cuts, struct model_tensor **tensors)
{
    const struct region_config config = {
        .name = "table", .kind = REGION_MODEL, .payload_bytes = model_table_bytes(2, 3, 3)};
    CU_ASSERT_EQUAL_FATAL(region_init(region, &config), 0);
    *shared = region_at(region, 0, sizeof(**shared));
    **shared = (struct model_table_shared){
        .cut_count = 2, .tensor_count = 3, .max_batch = 4, .size_count = 3, .size = {1, 2, 4}};
    *cuts = (void *)(*shared + 1);
    *tensors = (void *)(*cuts + 2);
    (*tensors)[0] = (struct model_tensor){.bytes = 12, .elements = 3, .is_f32 = 1};
    (*tensors)[1] = (struct model_tensor){.bytes = 8, .elements = 2, .is_f32 = 1};
    (*tensors)[2] = (struct model_tensor){.bytes = 8, .elements = 1};
    (*cuts)[0] = (struct model_cut){
        .row_bytes = 12, .row_elements = 3, .first_tensor = 0, .tensor_count = 1, .is_f32 = 1};
    (*cuts)[1] = (struct model_cut){
        .row_bytes = 16, .row_elements = 3, .first_tensor = 1, .tensor_count = 2};
    uint64_t *times = (void *)(*tensors + 3);
    times[0] = 100;
    times[2] = 150;
    times[4] = 150; /* four rows in the time of two */
    return times;
}

static void reads_what_is_sound(void)
{
    struct region region;
    struct model_table_shared *shared;
    struct model_cut *cuts;
    struct model_tensor *tensors;
    fill(&region, &shared, &cuts, &tensors);
    struct model_table table;
    CU_ASSERT_EQUAL_FATAL(model_table_attach(&table, &region), 0);
    CU_ASSERT_EQUAL(table.cut_count, 2);
    CU_ASSERT_PTR_EQUAL(table.tensors, tensors);
    CU_ASSERT_EQUAL(table.size_count, 3);
    CU_ASSERT_EQUAL(model_table_remaining_ns(&table, 1, 0), 150);
    CU_ASSERT_EQUAL(model_table_remaining_ns(&table, 2, 1), 0);
    /* By hand from PROTOCOL.md: as it is; 2 bytes an element; 8 a row of a tensor and 1 an
     * element. */
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 5, 0), 60);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 5, 1), 30);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 1, 2), 11);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 5, 2), 55);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 1, 2, 0), 32);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 1, 2, 1), 0);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 2, 1, 0), 0);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 0, 0), 0);
    CU_ASSERT_EQUAL(model_table_message_bytes(&table, 0, 1, 3), 0);
    region_fini(&region);
}

static void refuses_contradictions(void)
{
    struct region region;
    struct model_table_shared *shared;
    struct model_cut *cuts;
    struct model_tensor *tensors;
    struct model_table table;
    uint64_t *times = fill(&region, &shared, &cuts, &tensors);
    struct {
        uint32_t *field;
        uint32_t bad;
    } cases[] = {
        {&shared->cut_count, 1},
        {&shared->cut_count, UINT32_MAX},
        {&shared->tensor_count, 100000},
        {&shared->max_batch, 0},
        {&shared->max_batch, 5},
        {&shared->size_count, 0},
        {&shared->size_count, 2},
        {&shared->size_count, 9},
        {&shared->size_count, UINT32_MAX},
        {&shared->size[0], 0},
        {&shared->size[0], 2},
        {&shared->size[1], 1},
        {&shared->size[1], 4},
        {&shared->size[2], 8},
        {&cuts[1].first_tensor, 2},
        {&cuts[1].first_tensor, UINT32_MAX},
        {&cuts[1].tensor_count, 0},
        {&cuts[1].tensor_count, UINT32_MAX},
        {&cuts[0].is_f32, 0},
        {&tensors[0].rank, 9},
        {&tensors[2].is_f32, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint32_t good = *cases[i].field;
        *cases[i].field = cases[i].bad;
        CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
        *cases[i].field = good;
    }
    const struct {
        int at;
        uint64_t bad;
    } bad_times[] = {{0, MODEL_TABLE_MAX_NS + 1}, {0, 151}, {1, 1}, {1, 101}, {4, 149}, {5, 1}};
    for (size_t i = 0; i < sizeof(bad_times) / sizeof(bad_times[0]); i++) {
        const uint64_t good = times[bad_times[i].at];
        times[bad_times[i].at] = bad_times[i].bad;
        CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
        times[bad_times[i].at] = good;
    }
    CU_ASSERT_EQUAL(model_table_attach(&table, &region), 0);
    cuts[0].row_bytes = 16;
    CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
    cuts[0].row_bytes = 12;
    memset(cuts[0].name, 'x', sizeof(cuts[0].name));
    CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
    region_fini(&region);
}

static void sizes_are_powers_of_two_and_the_largest(void)
{
    static const struct {
        uint32_t max_batch, count, size[MODEL_TABLE_MAX_SIZES];
    } cases[] = {{1, 1, {1}},
                 {2, 2, {1, 2}},
                 {3, 3, {1, 2, 3}},
                 {8, 4, {1, 2, 4, 8}},
                 {12, 5, {1, 2, 4, 8, 12}},
                 {63, 7, {1, 2, 4, 8, 16, 32, 63}},
                 {64, 7, {1, 2, 4, 8, 16, 32, 64}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t size[MODEL_TABLE_MAX_SIZES];
        CU_ASSERT_EQUAL(model_table_sizes(cases[i].max_batch, size), cases[i].count);
        CU_ASSERT_EQUAL(memcmp(size, cases[i].size, sizeof(size)), 0);
    }
}

const struct cunit_test tests[] = {
    {"a sound table is read, and messages have the specification's sizes", reads_what_is_sound},
    {"numbers that contradict each other are refused", refuses_contradictions},
    {"the sizes that are measured are powers of two and the largest",
     sizes_are_powers_of_two_and_the_largest},
    {NULL, NULL},
};
