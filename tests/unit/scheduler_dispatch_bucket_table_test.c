/* Buckets found by name, and the reuse of the idle ones. */
#include "scheduler/dispatch/bucket_table.h"
#include "tests/unit/cunit_main.h"

enum {
    BUCKETS = 8,
};

/* As if a request were in it. */
static void occupy(struct bucket_table *table, uint32_t bucket)
{
    table->buckets[bucket].oldest = 0;
}

static void vacate(struct bucket_table *table, uint32_t bucket)
{
    table->buckets[bucket].oldest = BUCKET_NONE;
    bucket_table_release(table, bucket);
}

static void the_same_name_finds_the_same_bucket(void)
{
    struct bucket_table table;
    CU_ASSERT_EQUAL_FATAL(bucket_table_init(&table, BUCKETS), 0);
    uint32_t buckets[BUCKETS];
    for (uint32_t i = 0; i < BUCKETS; i++) {
        buckets[i] = bucket_table_named(&table, i % 2, i, i + 1);
        occupy(&table, buckets[i]);
        for (uint32_t k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(buckets[i], buckets[k]);
    }
    for (uint32_t i = 0; i < BUCKETS; i++)
        CU_ASSERT_EQUAL(bucket_table_named(&table, i % 2, i, i + 1), buckets[i]);
    bucket_table_fini(&table);
}

static void an_empty_bucket_remembers_until_its_place_is_needed(void)
{
    struct bucket_table table;
    CU_ASSERT_EQUAL_FATAL(bucket_table_init(&table, 2), 0);
    const uint32_t first = bucket_table_named(&table, 0, 0, 1);
    table.buckets[first].gap_ns = 77;
    occupy(&table, first);
    vacate(&table, first);
    CU_ASSERT_EQUAL(bucket_table_named(&table, 0, 0, 1), first);
    CU_ASSERT_EQUAL(table.buckets[first].gap_ns, 77);
    occupy(&table, first);
    vacate(&table, first);
    occupy(&table, bucket_table_named(&table, 0, 0, 2));
    occupy(&table, bucket_table_named(&table, 0, 0, 3)); /* takes the first's place */
    for (uint32_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(table.buckets[i].gap_ns, BUCKET_NEVER);
    bucket_table_fini(&table);
}

static void the_longest_idle_is_reused_first_and_single_ones_before(void)
{
    struct bucket_table table;
    CU_ASSERT_EQUAL_FATAL(bucket_table_init(&table, 3), 0);
    const uint32_t a = bucket_table_named(&table, 0, 0, 1);
    occupy(&table, a);
    const uint32_t b = bucket_table_named(&table, 0, 0, 2);
    occupy(&table, b);
    const uint32_t single = bucket_table_single(&table, 0, 0, 1);
    occupy(&table, single);
    CU_ASSERT(single != a && single != b);
    CU_ASSERT_EQUAL(bucket_table_named(&table, 0, 0, 1), a); /* not the single one */
    vacate(&table, b);
    vacate(&table, a);
    vacate(&table, single);
    CU_ASSERT_EQUAL(bucket_table_single(&table, 1, 0, 1), single);
    CU_ASSERT_EQUAL(bucket_table_single(&table, 1, 0, 1), b);
    CU_ASSERT_EQUAL(bucket_table_named(&table, 0, 0, 1), a);
    bucket_table_fini(&table);
}

static void a_model_that_goes_is_forgotten_and_no_other(void)
{
    struct bucket_table table;
    CU_ASSERT_EQUAL_FATAL(bucket_table_init(&table, BUCKETS), 0);
    for (uint32_t model = 0; model < 2; model++) {
        const uint32_t bucket = bucket_table_named(&table, model, 0, 1);
        table.buckets[bucket].gap_ns = 5 + model;
        occupy(&table, bucket);
        vacate(&table, bucket);
    }
    bucket_table_forget_model(&table, 0);
    const uint32_t forgotten = bucket_table_named(&table, 0, 0, 1);
    CU_ASSERT_EQUAL(table.buckets[forgotten].gap_ns, BUCKET_NEVER);
    CU_ASSERT_EQUAL(table.buckets[bucket_table_named(&table, 1, 0, 1)].gap_ns, 6);
    bucket_table_fini(&table);
    bucket_table_fini(NULL);
}

const struct cunit_test tests[] = {
    {"the same name finds the same bucket", the_same_name_finds_the_same_bucket},
    {"an empty bucket remembers until its place is needed",
     an_empty_bucket_remembers_until_its_place_is_needed},
    {"the longest idle is reused first, and single ones before",
     the_longest_idle_is_reused_first_and_single_ones_before},
    {"a model that goes is forgotten, and no other", a_model_that_goes_is_forgotten_and_no_other},
    {NULL, NULL},
};
