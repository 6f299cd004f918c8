/* Tests of scheduler/service/counts.c: each number has a label of its own that others can read. */
#include "scheduler/service/counts.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static void every_number_can_be_read_by_others(void)
{
    struct region region;
    struct counts counts;
    struct counters_reader reader;
    const struct region_config config = {
        .name = "counts", .kind = REGION_COUNTERS, .payload_bytes = counts_bytes(3)};
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    CU_ASSERT_EQUAL_FATAL(counts_init(&counts, &region, 3), 0);
    CU_ASSERT_EQUAL_FATAL(
        counters_attach(&reader, region_at(&region, 0, region.payload_bytes), region.payload_bytes),
        0);
    for (uint32_t i = 0; i < COUNT_KINDS; i++)
        counts_add(&counts, (enum count)i, i + 1);
    struct counter_view view, other;
    for (uint32_t i = 0; i < COUNT_KINDS; i++) {
        CU_ASSERT_EQUAL_FATAL(counters_read(&reader, i, &view), 0);
        CU_ASSERT_EQUAL(view.value, i + 1);
        CU_ASSERT_EQUAL(strncmp(view.label, "jointd.", 7), 0);
        for (uint32_t j = 0; j < i; j++) {
            CU_ASSERT_EQUAL_FATAL(counters_read(&reader, j, &other), 0);
            CU_ASSERT_NOT_EQUAL(strcmp(view.label, other.label), 0);
        }
    }
    region_fini(&region);
}

static uint64_t value_of(const struct region *region, const char *label)
{
    struct counters_reader reader;
    struct counter_view view;
    CU_ASSERT_EQUAL_FATAL(counters_attach(&reader, region_at(region, 0, region->payload_bytes),
                                          region->payload_bytes),
                          0);
    for (uint32_t i = 0; counters_read(&reader, i, &view) == 0; i++)
        if (strcmp(view.label, label) == 0)
            return view.value;
    return UINT64_MAX;
}

static void rejects_and_workers_have_labels_of_their_own(void)
{
    struct region region;
    struct counts counts;
    const struct region_config config = {
        .name = "counts", .kind = REGION_COUNTERS, .payload_bytes = counts_bytes(3)};
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    CU_ASSERT_EQUAL_FATAL(counts_init(&counts, &region, 3), 0);
    counts_reject(&counts, INGRESS_NO_MEMORY);
    counts_reject(&counts, INGRESS_NO_MEMORY);
    counts_reject(&counts, INGRESS_ANSWERED); /* were not turned away */
    counts_reject(&counts, INGRESS_CANCELLED);
    CU_ASSERT_EQUAL(value_of(&region, "jointd.rejects.no_memory"), 2);
    CU_ASSERT_EQUAL(value_of(&region, "jointd.rejects.deadline"), 0);
    counts_busy(&counts, 2, 40);
    counts_busy(&counts, 3, 1); /* there is none */
    CU_ASSERT_EQUAL(value_of(&region, "jointd.worker.2.busy_ns"), 40);
    CU_ASSERT_EQUAL(value_of(&region, "jointd.worker.3.busy_ns"), UINT64_MAX);
    region_fini(&region);
}

static void each_end_is_counted_somewhere(void)
{
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_ANSWERED), COUNT_ANSWERED);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_OVERLOADED), COUNT_OVERLOADED);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_DEADLINE), COUNT_LATE);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_TOO_MANY), COUNT_TOO_MANY);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_QUARANTINED), COUNT_QUARANTINED);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_BAD_SIZE), COUNT_REFUSED);
    CU_ASSERT_EQUAL(counts_of_reason(INGRESS_DRAINING), COUNT_REFUSED);
}

const struct cunit_test tests[] = {
    {"every number has a label of its own, and can be read by others",
     every_number_can_be_read_by_others},
    {"rejects and workers have labels of their own", rejects_and_workers_have_labels_of_their_own},
    {"each end of a request is counted somewhere", each_end_is_counted_somewhere},
    {NULL, NULL},
};
