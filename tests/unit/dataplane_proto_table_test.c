/* Tests of dataplane/proto/table.c and queue.h against plain arrays. */
#include "dataplane/proto/queue.h"
#include "dataplane/proto/table.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#define ENTRIES 100

static bool holds(const struct jtp_table *table, uint64_t hash, uint32_t index)
{
    uint32_t at = jtp_table_first(table, hash);
    while (at != JTP_TABLE_END && at != index)
        at = jtp_table_next(table, at);
    return at == index;
}

static void finds_what_was_added_and_not_removed(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint64_t state = seed, hash[ENTRIES];
        bool added[ENTRIES] = {false};
        uint32_t memory[512];
        struct jtp_table table;
        CU_ASSERT_FATAL(jtp_table_words(ENTRIES) <= 512);
        jtp_table_init(&table, memory, ENTRIES);
        for (int step = 0; step < 500; step++) {
            uint32_t index = canvas_random(&state) % ENTRIES;
            if (added[index]) {
                jtp_table_remove(&table, hash[index], index);
            } else {
                hash[index] = canvas_random(&state) % 40; /* many share a bucket */
                jtp_table_add(&table, hash[index], index);
            }
            added[index] = !added[index];
            for (uint32_t i = 0; i < ENTRIES; i++)
                if (added[i])
                    CU_ASSERT(holds(&table, hash[i], i));
            CU_ASSERT_EQUAL(holds(&table, hash[index], index), added[index]);
        }
    }
}

static void a_queue_is_left_in_order_and_from_anywhere(void)
{
    struct jtp_queue queue;
    struct jtp_place places[5] = {{0}};
    int owners[5];
    jtp_queue_init(&queue);
    CU_ASSERT_PTR_NULL(jtp_queue_first(&queue));
    for (int i = 0; i < 5; i++)
        jtp_queue_add(&queue, &places[i], &owners[i]);
    jtp_queue_remove(&places[2]);
    jtp_queue_remove(&places[2]);
    jtp_queue_remove(&places[4]);
    jtp_queue_add(&queue, &places[2], &owners[2]);
    CU_ASSERT_PTR_EQUAL(jtp_queue_first(&queue), &owners[0]);
    CU_ASSERT_PTR_EQUAL(jtp_queue_after(&places[0]), &owners[1]);
    CU_ASSERT_PTR_EQUAL(jtp_queue_after(&places[1]), &owners[3]);
    CU_ASSERT_PTR_EQUAL(jtp_queue_after(&places[3]), &owners[2]);
    CU_ASSERT_PTR_NULL(jtp_queue_after(&places[2]));
    CU_ASSERT_FALSE(jtp_place_is_queued(&places[4]));
}

const struct cunit_test tests[] = {
    {"a table finds what was added and not removed", finds_what_was_added_and_not_removed},
    {"a queue is left in order, and from anywhere", a_queue_is_left_in_order_and_from_anywhere},
    {NULL, NULL},
};
