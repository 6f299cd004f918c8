/* Shares of classes and clients: turns, what is forgotten, and processor sharing in small steps. */
#include "scheduler/dispatch/share.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <math.h>

#define MS UINT64_C(1000000)

/* One request that begins at once, and is settled as it was predicted. */
static void serve(struct share *share, uint32_t at, uint64_t cost_ns, uint64_t spent_ns)
{
    share_hold(share, at);
    share_leave(share, at, 0);
    share_settle(share, at, cost_ns, spent_ns);
}

static void a_client_alone_waits_for_what_it_brought_itself(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 7), 0);
    const uint32_t at = share_enter(&share, 0, 7, 3 * MS);
    CU_ASSERT_EQUAL(share_enter(&share, 0, 7, 2 * MS), at);
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
    share_enter(&share, 0, 1, 8 * MS);
    const uint32_t b = share_enter(&share, 0, 2, 2 * MS);
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
    const uint32_t a = share_enter(&share, 0, 1, MS);
    for (uint32_t i = 0; i < 100; i++)
        serve(&share, share_enter(&share, 0, 2, MS), MS, MS);
    serve(&share, a, MS, MS);
    CU_ASSERT_EQUAL(share.known_count, 0);
    share_enter(&share, 0, 1, MS);
    share_enter(&share, 0, 2, MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), share_turn_ns(&share, 0, 2));
    share_fini(&share);
}

static void what_is_cancelled_is_given_back(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 8), 0);
    const uint32_t at = share_enter(&share, 0, 1, 6 * MS);
    share_enter(&share, 0, 1, 2 * MS);
    share_leave(&share, at, 6 * MS);
    CU_ASSERT_EQUAL(share_turn_ns(&share, 0, 1), 2 * MS);
    share_leave(&share, at, 2 * MS);
    CU_ASSERT_EQUAL(share.known_count, 0);
    CU_ASSERT_EQUAL(share.classes[0].open_ns, 0);
    share_fini(&share);
}

/* Ten clients with endless work; who has the earliest turn is served. Each has a tenth, though one
 * always brings ten times as much and pieces are of random sizes. */
static void who_is_served_by_turn_has_the_same_as_all(void)
{
    enum { CLIENTS = 10 };
    struct share share;
    struct shm_random random = shm_random_start();
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 400), 0);
    uint64_t turn[200], cost[200], had[CLIENTS] = {0}, now = 0;
    uint32_t client[200], count = 0, waiting[CLIENTS] = {0};
    for (uint32_t step = 0; step < 20000; step++) {
        for (uint32_t i = 0; i < CLIENTS; i++)
            while (waiting[i] < (i ? 3 : 30)) {
                turn[count] = now + share_turn_ns(&share, 0, i);
                client[count] = i;
                cost[count] = MS / 2 + shm_random_below(&random, MS);
                share_enter(&share, 0, i, MS);
                waiting[client[count++]]++;
            }
        uint32_t first = 0;
        for (uint32_t i = 1; i < count; i++)
            first = turn[i] < turn[first] ? i : first;
        /* the client's entry: it is in, so it is found by entering nothing */
        const uint32_t at = share_enter(&share, 0, client[first], 0);
        share_leave(&share, at, 0);
        serve(&share, at, MS, cost[first]);
        now += cost[first];
        had[client[first]] += cost[first];
        waiting[client[first]]--;
        count--;
        turn[first] = turn[count], cost[first] = cost[count], client[first] = client[count];
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        CU_ASSERT_TRUE(fabs((double)had[i] * CLIENTS / (double)now - 1) < 0.05);
    share_fini(&share);
}

static void a_class_takes_what_it_wants_but_no_more_than_its_weight(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 2, 8), 0);
    share.classes[0].weight = 8;
    for (uint64_t ns = 0; ns < 5000 * MS; ns += 10 * MS)
        share_note_wanted(&share, 0, 3 * MS, ns);
    CU_ASSERT_DOUBLE_EQUAL(share_taken(&share, 1, 0, 1, 5000 * MS), 0.3, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(share_taken(&share, 1, 0, 3, 5000 * MS), 0.1, 0.01);
    CU_ASSERT_EQUAL(share_taken(&share, 0, 1, 1, 5000 * MS), 0);
    for (uint64_t ns = 5000 * MS; ns < 10000 * MS; ns += MS)
        for (uint32_t i = 0; i < 2; i++)
            share_note_wanted(&share, i, 3 * MS, ns);
    CU_ASSERT_DOUBLE_EQUAL(share_taken(&share, 1, 0, 1, 10000 * MS), 8.0 / 9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(share_taken(&share, 0, 1, 1, 10000 * MS), 1.0 / 9, 1e-9);
    CU_ASSERT_EQUAL(share_taken(&share, 1, 0, 1, 1000000 * MS), 0);
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
            in[count] = share_enter(&share, class_of[count], shm_random_below(&random, 10000), MS);
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
    CU_ASSERT_EQUAL(share.known_count, 0);
    CU_ASSERT_EQUAL(share.open_count, 0);
    share_fini(&share);
    share_fini(NULL);
}

/* More hold than there is room for: they are not counted, and nothing else happens. */
static void who_finds_no_room_is_not_counted(void)
{
    struct share share;
    CU_ASSERT_EQUAL_FATAL(share_init(&share, 1, 4), 0);
    for (uint32_t i = 0; i < share.client_count; i++)
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
    {"who is served by turn has the same as all", who_is_served_by_turn_has_the_same_as_all},
    {"a class takes what it wants, but no more than its weight",
     a_class_takes_what_it_wants_but_no_more_than_its_weight},
    {"ten thousand clients come and go, and all are forgotten",
     ten_thousand_clients_come_and_go_and_all_are_forgotten},
    {"who finds no room is not counted", who_finds_no_room_is_not_counted},
    {NULL, NULL},
};
