/* Tests of shm/model_statistics.c: what is attached can be relied on. */
#include "shm/model_statistics.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <string.h>

static struct model_statistics_shared *make(struct region *region, uint32_t class_count)
{
    const struct region_config config = {.name = "statistics",
                                         .kind = REGION_STATISTICS,
                                         .payload_bytes = model_statistics_bytes(class_count),
                                         .pages = REGION_PAGES_SMALL};
    CU_ASSERT_EQUAL_FATAL(region_init(region, &config), 0);
    struct model_statistics_shared *shared = region_at(region, 0, region->payload_bytes);
    shared->class_count = class_count;
    return shared;
}

static void a_sound_region_is_attached(void)
{
    struct region region;
    struct model_statistics statistics;
    struct model_statistics_shared *shared = make(&region, 3);
    CU_ASSERT_EQUAL(model_statistics_attach(&statistics, &region), 0);
    CU_ASSERT_EQUAL(statistics.class_count, 3);
    CU_ASSERT_PTR_EQUAL(statistics.shared, shared);
    region_fini(&region);
}

static void what_contradicts_itself_is_refused(void)
{
    struct region region;
    struct model_statistics statistics;
    struct model_statistics_shared *shared = make(&region, 2);
    for (uint32_t count = 0; count < 5000; count++) {
        shared->class_count = count;
        const int expected = count == 1 || count == 2 ? 0 : -EBADMSG;
        if (model_statistics_bytes(count) <= region.payload_bytes || expected)
            CU_ASSERT_EQUAL(model_statistics_attach(&statistics, &region), expected);
    }
    shared->class_count = 2;
    memset(shared->name, 'x', sizeof(shared->name));
    CU_ASSERT_EQUAL(model_statistics_attach(&statistics, &region), -EBADMSG);
    shared->name[3] = 0;
    memset(shared->classes[1].name, 'x', sizeof(shared->classes[1].name));
    CU_ASSERT_EQUAL(model_statistics_attach(&statistics, &region), -EBADMSG);
    region_fini(&region);
}

static void sizes_are_bounded(void)
{
    CU_ASSERT_EQUAL(model_statistics_bytes(0), 0);
    CU_ASSERT_EQUAL(model_statistics_bytes(257), 0);
    CU_ASSERT_EQUAL(model_statistics_bytes(256) - model_statistics_bytes(255),
                    sizeof(struct model_statistics_class));
}

const struct cunit_test tests[] = {
    {"a sound region is attached", a_sound_region_is_attached},
    {"what contradicts itself is refused", what_contradicts_itself_is_refused},
    {"sizes are bounded", sizes_are_bounded},
    {NULL, NULL},
};
