/* Tests of shm/model_table.c: a sound table is read, one that contradicts itself is refused; and
 * the places of the fields of ingress.h. */
#include "shm/ingress.h"
#include "shm/model_table.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <string.h>

/* Two cuts: one float tensor [3], then two, [2] of float and [1] of int64. */
static void fill(struct region *region, struct model_table_shared **shared, struct model_cut **cuts,
                 struct model_tensor **tensors)
{
    const struct region_config config = {
        .name = "table", .kind = REGION_MODEL, .payload_bytes = model_table_bytes(2, 3)};
    CU_ASSERT_EQUAL_FATAL(region_init(region, &config), 0);
    *shared = region_at(region, 0, sizeof(**shared));
    **shared = (struct model_table_shared){.cut_count = 2, .tensor_count = 3, .max_batch = 4};
    *cuts = (void *)(*shared + 1);
    *tensors = (void *)(*cuts + 2);
    (*tensors)[0] = (struct model_tensor){.bytes = 12, .elements = 3, .is_f32 = 1};
    (*tensors)[1] = (struct model_tensor){.bytes = 8, .elements = 2, .is_f32 = 1};
    (*tensors)[2] = (struct model_tensor){.bytes = 8, .elements = 1};
    (*cuts)[0] = (struct model_cut){
        .row_bytes = 12, .row_elements = 3, .first_tensor = 0, .tensor_count = 1, .is_f32 = 1};
    (*cuts)[1] = (struct model_cut){
        .row_bytes = 16, .row_elements = 3, .first_tensor = 1, .tensor_count = 2};
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
    fill(&region, &shared, &cuts, &tensors);
    struct {
        uint32_t *field;
        uint32_t bad;
    } cases[] = {
        {&shared->cut_count, 1},
        {&shared->cut_count, UINT32_MAX},
        {&shared->tensor_count, 100000},
        {&shared->max_batch, 0},
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
    cuts[0].row_bytes = 16;
    CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
    cuts[0].row_bytes = 12;
    memset(cuts[0].name, 'x', sizeof(cuts[0].name));
    CU_ASSERT_EQUAL(model_table_attach(&table, &region), -EBADMSG);
    region_fini(&region);
}

const struct cunit_test tests[] = {
    {"a sound table is read, and messages have the specification's sizes", reads_what_is_sound},
    {"numbers that contradict each other are refused", refuses_contradictions},
    {NULL, NULL},
};
