/* Credits follow the delay, within bounds. */
#include "scheduler/dispatch/credits.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#define MS UINT64_C(1000000)
#define TARGET (10 * MS)

static void credits_stay_between_what_keeps_workers_busy_and_what_there_is_room_for(void)
{
    struct shm_random random = shm_random_start();
    struct credits credits = credits_start(1000);
    uint64_t now_ns = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        now_ns += shm_random_below(&random, 5 * MS);
        const uint32_t clients = shm_random_below(&random, 2000);
        credits_look(&credits, shm_random_below(&random, 40 * MS), TARGET, 16, clients, now_ns);
        const uint32_t bound = credits_bound(&credits), each = credits_each(&credits, clients);
        CU_ASSERT_TRUE(bound >= 16 && bound <= 1000);
        CU_ASSERT_TRUE(each <= 1 || each * clients <= bound);
        CU_ASSERT_EQUAL(each == 0, credits.sum >= 1000);
    }
}

static void a_delay_over_the_target_halves_them_soon(void)
{
    struct credits credits = credits_start(1000);
    for (uint64_t ms = 1; ms <= 20; ms++)
        credits_look(&credits, 4 * TARGET, TARGET, 16, 10, ms * MS);
    CU_ASSERT_EQUAL(credits_bound(&credits), 20); /* 16 and a fourth more */
}

static void they_come_back_when_the_queue_is_short(void)
{
    struct credits credits = credits_start(1000);
    for (uint64_t ms = 1; ms <= 20; ms++)
        credits_look(&credits, 4 * TARGET, TARGET, 16, 10, ms * MS);
    uint32_t before = credits_bound(&credits);
    for (uint64_t ms = 21; ms <= 400; ms++) {
        credits_look(&credits, TARGET / 2, TARGET, 16, 10, ms * MS);
        CU_ASSERT_TRUE(credits_bound(&credits) >= before);
        before = credits_bound(&credits);
    }
    CU_ASSERT_EQUAL(before, 1000);
}

static void quiet_time_counts_as_looked_at(void)
{
    struct credits a = credits_start(1000), b = a;
    credits_look(&a, 100 * TARGET, TARGET, 4, 10, MS);
    credits_look(&b, 100 * TARGET, TARGET, 4, 10, MS);
    for (uint64_t ms = 2; ms <= 33; ms++)
        credits_look(&a, 0, TARGET, 4, 100, ms * MS);
    credits_look(&b, 0, TARGET, 4, 100, 33 * MS);
    CU_ASSERT_EQUAL(credits_bound(&a), credits_bound(&b));
}

static void within_a_step_nothing_changes(void)
{
    struct credits credits = credits_start(1000);
    credits_look(&credits, 9 * TARGET, TARGET, 4, 10, 5 * MS);
    const double sum = credits.sum;
    credits_look(&credits, 9 * TARGET, TARGET, 4, 10, 6 * MS - 1);
    CU_ASSERT_EQUAL(credits.sum, sum);
}

const struct cunit_test tests[] = {
    {"credits stay between what keeps workers busy and what there is room for",
     credits_stay_between_what_keeps_workers_busy_and_what_there_is_room_for},
    {"a delay over the target halves them soon", a_delay_over_the_target_halves_them_soon},
    {"they come back when the queue is short", they_come_back_when_the_queue_is_short},
    {"quiet time counts as looked at", quiet_time_counts_as_looked_at},
    {"within a step nothing changes", within_a_step_nothing_changes},
    {NULL, NULL},
};
