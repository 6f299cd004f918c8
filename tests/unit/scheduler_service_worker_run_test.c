/* Tests of scheduler/service/worker_run.c: which rows of a dispatch have entered, and with whom. */
#include "scheduler/service/worker_run.h"
#include "tests/unit/cunit_main.h"

static void open_run(struct worker_run *run)
{
    const struct dispatch_action action = {
        .kind = DISPATCH_RUN, .number = 7, .model = 2, .urgency = 3, .predicted_ns = 1000};
    *run = (struct worker_run){0};
    CU_ASSERT_TRUE(worker_run_is_free(run));
    worker_run_open(run, &action);
    CU_ASSERT_FALSE(worker_run_is_free(run));
}

static void add(struct worker_run *run, uint32_t slot, uint16_t row, uint16_t from, uint16_t to)
{
    worker_run_add(run, &(struct worker_run_row){.slot = slot, .row = row, .from = from, .to = to});
}

/* Rows 0 to 9 | 4 to 6 | 4 to 9 | 8 to 9, of slots 10, 11, 12, 13; segments end at 4, 6, 8, 9. */
static void rows_enter_at_their_cut(void)
{
    struct worker_run run;
    open_run(&run);
    add(&run, 10, 0, 0, 9);
    add(&run, 11, 0, 4, 6);
    add(&run, 12, 1, 4, 9);
    add(&run, 13, 0, 8, 9);
    for (uint32_t slot = 10; slot < 14; slot++)
        CU_ASSERT_TRUE(worker_run_has(&run, slot) && !worker_run_has_begun(&run, slot));
    CU_ASSERT_FALSE(worker_run_has(&run, 9));
    worker_run_segment(&run, 0, 1);
    CU_ASSERT_TRUE(worker_run_has_begun(&run, 10));
    CU_ASSERT_FALSE(worker_run_has_begun(&run, 11));
    CU_ASSERT_FALSE(worker_run_find(&run, 10, 0)->is_merged);
    worker_run_segment(&run, 4, 3);
    CU_ASSERT_TRUE(worker_run_has_begun(&run, 11) && worker_run_has_begun(&run, 12));
    CU_ASSERT_TRUE(worker_run_find(&run, 10, 0)->is_merged);
    CU_ASSERT_TRUE(worker_run_find(&run, 11, 0)->is_merged);
    CU_ASSERT_PTR_NULL(worker_run_find(&run, 12, 0));
    worker_run_remove(&run, worker_run_find(&run, 11, 0));
    CU_ASSERT_FALSE(worker_run_has(&run, 11));
    worker_run_segment(&run, 6, 2);
    CU_ASSERT_EQUAL(worker_run_find(&run, 10, 0)->batch, 3);
    CU_ASSERT_EQUAL(worker_run_find(&run, 13, 0)->batch, 0);
    CU_ASSERT_FALSE(worker_run_has_begun(&run, 13));
    run.is_open = false; /* rows are owed all the same */
    CU_ASSERT_FALSE(worker_run_is_free(&run));
    worker_run_remove(&run, worker_run_find(&run, 10, 0));
    worker_run_remove(&run, worker_run_find(&run, 13, 0));
    worker_run_remove(&run, worker_run_find(&run, 12, 1));
    CU_ASSERT_TRUE(worker_run_is_free(&run));
}

/* What it has passed, a row that was said too late has not entered, nor ran with the others. */
static void a_late_row_has_not_entered(void)
{
    struct worker_run run;
    open_run(&run);
    add(&run, 1, 0, 0, 9);
    worker_run_segment(&run, 0, 1);
    worker_run_segment(&run, 5, 1);
    add(&run, 2, 0, 3, 9);
    worker_run_segment(&run, 7, 1);
    CU_ASSERT_FALSE(worker_run_has_begun(&run, 2));
    CU_ASSERT_FALSE(worker_run_find(&run, 1, 0)->is_merged);
    worker_run_segment(&run, 8, UINT16_MAX); /* a worker may say anything */
    CU_ASSERT_EQUAL(worker_run_find(&run, 1, 0)->batch, 1);
}

const struct cunit_test tests[] = {
    {"rows enter at their cut, and know with how many they ran", rows_enter_at_their_cut},
    {"a row that comes after its cut has not entered", a_late_row_has_not_entered},
    {NULL, NULL},
};
