/* Shares of classes and clients: turns, what is forgotten, and processor sharing in small steps. */
#include "scheduler/dispatch/share.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <math.h>

#define MS UINT64_C(1000000)

/* One request that begins at once, and took so long. */
static void serve(struct share *share, uint32_t at, uint64_t cost_ns, uint64_t spent_ns)
{
    share_hold(share, at);
    share_leave(share, at, 0);
    share_settle(share, at, cost_ns, spent_ns);
    share_pass_time(share, 1, share->now_ns + spent_ns);
}

#define BUDGET (1000 * MS)

/* A request comes and is let in. */
static uint32_t bring(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns)
{
    share_want(share, class_index, client, cost_ns, BUDGET, 1, share->now_ns);
    return share_enter(share, class_index, client, cost_ns);
}

static void a_client_alone_waits_for_what_it_brought_itself(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 7), 0);
    const uint32_t at = bring(&share, 0, 7, 3 * MS);
    CU_ASSERT_EQUAL(bring(&share, 0, 7, 2 * MS), at);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 7), 5 * MS);
    CU_ASSERT_EQUAL(share_open(&share, 0, 7), 2);
    serve(&share, at, 3 * MS, 4 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 7), 2 * MS);
    share_fini(&share);
}

static void among_two_each_has_half_and_a_newcomer_is_first(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    bring(&share, 0, 1, 8 * MS);
    const uint32_t b = bring(&share, 0, 2, 2 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 16 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 2), 4 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 3), 0);
    serve(&share, b, 2 * MS, 2 * MS); /* half of it was client 1's turn */
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 14 * MS);
    share_fini(&share);
}

static void nothing_is_saved_up_by_staying_away(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    const uint32_t a = bring(&share, 0, 1, MS);
    for (uint32_t i = 0; i < 100; i++)
        serve(&share, bring(&share, 0, 2, MS), MS, MS);
    serve(&share, a, MS, MS);
    CU_ASSERT_EQUAL(share.known_count, 0);
    bring(&share, 0, 1, MS);
    bring(&share, 0, 2, MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), share_turn_ns(&share, 0, 2));
    share_fini(&share);
}

static void what_is_cancelled_is_given_back(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    const uint32_t at = bring(&share, 0, 1, 6 * MS);
    bring(&share, 0, 1, 2 * MS);
    share_leave(&share, at, 6 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 2 * MS);
    share_leave(&share, at, 2 * MS);
    CU_ASSERT_EQUAL(share.known_count, 0);
    CU_ASSERT_EQUAL(share.classes[0].open_ns, 0);
    share_fini(&share);
}

/* Ten clients that always ask, one ten times as often; who has the earliest turn is let in. */
static void who_is_let_in_by_turn_has_the_same_as_all(void)
{
    enum { CLIENTS = 10 };
    struct share share;
    struct shm_random random = shm_random_start();
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 64), 0);
    uint64_t had[CLIENTS] = {0}, sum = 0;
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t best = 0;
        for (uint32_t i = 0; i < CLIENTS; i++) {
            for (uint32_t times = i ? 1 : 10; times > 0; times--)
                share_want(&share, 0, i, MS, BUDGET, 1, share.now_ns);
            if (share_turn_ns(&share, 0, i) < share_turn_ns(&share, 0, best))
                best = i;
        }
        const uint64_t cost_ns = MS / 2 + shm_random_below(&random, MS);
        serve(&share, share_enter(&share, 0, best, MS), MS, cost_ns);
        had[best] += cost_ns;
        sum += cost_ns;
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        CU_ASSERT_TRUE(fabs((double)had[i] * CLIENTS / (double)sum - 1) < 0.02);
    share_fini(&share);
}

/* Two classes that always ask: the same, by weight. */
static void classes_that_are_let_in_by_turn_share_by_weight(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 2, 64), 0);
    share_set_weight(&share, 0, 8);
    uint64_t had[2] = {0};
    for (uint32_t step = 0; step < 9000; step++) {
        for (uint32_t i = 0; i < 2; i++)
            share_want(&share, i, i, 3 * MS, BUDGET, 1, share.now_ns);
        const uint32_t best = share_turn_ns(&share, 1, 1) < share_turn_ns(&share, 0, 0);
        serve(&share, share_enter(&share, best, best, MS), MS, MS);
        had[best]++;
    }
    CU_ASSERT_TRUE(had[1] >= 980 && had[1] <= 1020);
    share_fini(&share);
}

static void time_goes_on_for_all_at_the_speed_of_the_workers(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    bring(&share, 0, 1, 10 * MS);
    share_pass_time(&share, 2, 2 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 6 * MS);
    CU_ASSERT_EQUAL(share_backlog_ns(&share, 0, 1), 10 * MS);
    bring(&share, 0, 2, 10 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 12 * MS);
    CU_ASSERT_EQUAL(share_backlog_ns(&share, 0, 1), 20 * MS);
    share_pass_time(&share, 2, 4 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 8 * MS);
    share_fini(&share);
}

static void a_class_takes_what_it_wants_but_no_more_than_its_weight(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 2, 8), 0);
    share_set_weight(&share, 0, 8);
    for (uint64_t ns = 0; ns < 5000 * MS; ns += 10 * MS)
        share_want(&share, 0, 1, 3 * MS, BUDGET, 1, ns);
    CU_ASSERT_DOUBLE_EQUAL(
        share_taken(&share, share_weights(&share, 1, 5000 * MS), 0, 1, 5000 * MS), 0.3, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(
        share_taken(&share, share_weights(&share, 1, 5000 * MS), 0, 3, 5000 * MS), 0.1, 0.01);
    CU_ASSERT_EQUAL(share_taken(&share, share_weights(&share, 0, 5000 * MS), 1, 1, 5000 * MS), 0);
    for (uint64_t ns = 5000 * MS; ns < 10000 * MS; ns += MS)
        for (uint32_t i = 0; i < 2; i++)
            share_want(&share, i, 1, 3 * MS, BUDGET, 1, ns);
    CU_ASSERT_DOUBLE_EQUAL(
        share_taken(&share, share_weights(&share, 1, 10000 * MS), 0, 1, 10000 * MS), 8.0 / 9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(
        share_taken(&share, share_weights(&share, 0, 10000 * MS), 1, 1, 10000 * MS), 1.0 / 9, 1e-9);
    CU_ASSERT_EQUAL(share_taken(&share, share_weights(&share, 1, 1000000 * MS), 0, 1, 1000000 * MS),
                    0);
    share_fini(&share);
}

static void ten_thousand_clients_come_and_go_and_all_are_forgotten(void)
{
    struct share share;
    struct shm_random random = shm_random_start();
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 3, 256), 0);
    uint32_t in[256], class_of[256], count = 0;
    for (uint32_t step = 0; step < 200000; step++) {
        if (count < 256 && shm_random_below(&random, 2)) {
            class_of[count] = shm_random_below(&random, 3);
            in[count] = bring(&share, class_of[count], shm_random_below(&random, 10000), MS);
            CU_ASSERT_NOT_EQUAL_FATAL(in[count], SHARE_NONE);
            count++;
        } else if (count) {
            const uint32_t one = shm_random_below(&random, count);
            if (shm_random_below(&random, 4))
                serve(&share, in[one], MS, shm_random_below(&random, 3 * MS));
            else
                share_leave(&share, in[one], MS);
            in[one] = in[--count];
        }
        CU_ASSERT_TRUE(share.known_count <= share.client_count);
    }
    while (count)
        serve(&share, in[--count], MS, MS);
    share_pass_time(&share, 1, 3600000 * MS);
    for (uint32_t i = 0; i < 3; i++) /* after an hour nobody is remembered but who asks now */
        share_want(&share, i, 0, MS, BUDGET, 1, 3600000 * MS);
    CU_ASSERT_EQUAL(share.known_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_TRUE(!share.classes[i].open_count && !share.classes[i].client_count);
    share_fini(&share);
    share_fini(NULL);
}

/* More hold than there is room for: they are not counted, and nothing else happens. */
static void who_finds_no_room_is_not_counted(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 4), 0);
    const uint32_t room = share.client_count;
    for (uint32_t i = 0; i < room; i++)
        CU_ASSERT_NOT_EQUAL(share_enter(&share, 0, i, MS), SHARE_NONE);
    const uint32_t at = share_enter(&share, 0, 999, MS);
    CU_ASSERT_EQUAL(at, SHARE_NONE);
    serve(&share, at, MS, MS);
    CU_ASSERT_EQUAL(share_open(&share, 0, 999), 0);
    share_fini(&share);
}

const struct cunit_test tests[] = {
    {"a client alone waits for what it brought itself",
     a_client_alone_waits_for_what_it_brought_itself},
    {"among two each has half, and a newcomer is first",
     among_two_each_has_half_and_a_newcomer_is_first},
    {"nothing is saved up by staying away", nothing_is_saved_up_by_staying_away},
    {"what is cancelled is given back", what_is_cancelled_is_given_back},
    {"who is let in by turn has the same as all", who_is_let_in_by_turn_has_the_same_as_all},
    {"classes that are let in by turn share by weight",
     classes_that_are_let_in_by_turn_share_by_weight},
    {"time goes on for all at the speed of the workers",
     time_goes_on_for_all_at_the_speed_of_the_workers},
    {"a class takes what it wants, but no more than its weight",
     a_class_takes_what_it_wants_but_no_more_than_its_weight},
    {"ten thousand clients come and go, and all are forgotten",
     ten_thousand_clients_come_and_go_and_all_are_forgotten},
    {"who finds no room is not counted", who_finds_no_room_is_not_counted},
    {NULL, NULL},
};
