/* Tests of the neighbour table in virtual time: it asks, waits, ages, and stays within its bounds.
 */
#include "tests/unit/cunit_main.h"
#include "tests/unit/net_case.h"

#include "dataplane/port/net/neighbours.h"

#include <CUnit/CUnit.h>

#define SECOND NET_RETRY_NS

static struct net_neighbours *make(uint32_t capacity)
{
    static struct net_neighbours table;
    const struct jtp_key key = {{1, 2, 3}};
    CU_ASSERT_EQUAL_FATAL(net_neighbours_init(&table, capacity, &key), 0);
    return &table;
}

static struct jtp_address numbered(uint32_t number)
{
    return (struct jtp_address){.ip = {[10] = 0xff,
                                       0xff,
                                       10,
                                       (uint8_t)(number >> 16),
                                       (uint8_t)(number >> 8),
                                       (uint8_t)number}};
}

static struct net_lesson lesson_of(uint32_t number, uint8_t mac, bool can_add)
{
    struct net_lesson lesson = {.mac = {2, [5] = mac}, .can_add = can_add, .can_change = true};
    memcpy(lesson.ip, numbered(number).ip, NET_IP_BYTES);
    return lesson;
}

static bool is_asked(struct net_neighbours *table, uint64_t now_ns, uint32_t number)
{
    struct net_due due;
    struct net_held held;
    return net_neighbours_next(table, now_ns, &due, &held) &&
           net_ip_equal(due.ip, numbered(number).ip) && due.mac == NULL;
}

static void what_waits_is_handed_out_in_order(void)
{
    struct net_neighbours *table = make(64);
    struct net_held held;
    char items[3];
    CU_ASSERT_PTR_NULL(net_neighbours_want(table, numbered(1).ip, 0));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_PTR_NULL(net_neighbours_hold(table, numbered(1).ip, &items[i], 0));
    CU_ASSERT_TRUE(is_asked(table, 0, 1));
    CU_ASSERT_FALSE(is_asked(table, 0, 1)); /* once */
    const struct net_lesson lesson = lesson_of(1, 9, false);
    CU_ASSERT_TRUE(net_neighbours_learn(table, &lesson, 5, &held));
    CU_ASSERT_EQUAL_FATAL(held.count, 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_PTR_EQUAL(held.items[i], &items[i]);
    const uint8_t *mac = net_neighbours_want(table, numbered(1).ip, 6);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mac);
    CU_ASSERT_EQUAL(mac[5], 9);
    net_neighbours_fini(table);
}

static void silence_is_asked_three_times_then_given_up(void)
{
    struct net_neighbours *table = make(64);
    struct net_due due;
    struct net_held held;
    char item;
    net_neighbours_hold(table, numbered(1).ip, &item, 0);
    for (uint64_t second = 0; second < NET_MAX_TRIES; second++) {
        CU_ASSERT_TRUE(is_asked(table, second * SECOND, 1));
        CU_ASSERT_FALSE(is_asked(table, second * SECOND + SECOND / 2, 1));
    }
    CU_ASSERT_FALSE(net_neighbours_next(table, NET_MAX_TRIES * SECOND, &due, &held));
    CU_ASSERT_EQUAL_FATAL(held.count, 1);
    CU_ASSERT_PTR_EQUAL(held.items[0], &item);
    CU_ASSERT_FALSE(net_neighbours_next(table, NET_MAX_TRIES * SECOND, &due, &held));
    CU_ASSERT_EQUAL(held.count, 0);
    CU_ASSERT_EQUAL(table->question_count, 0);
    net_neighbours_fini(table);
}

static void the_oldest_makes_room_among_those_that_wait(void)
{
    struct net_neighbours *table = make(64);
    char items[NET_MAX_HELD + 1];
    for (int i = 0; i < NET_MAX_HELD; i++)
        CU_ASSERT_PTR_NULL(net_neighbours_hold(table, numbered(1).ip, &items[i], 0));
    CU_ASSERT_PTR_EQUAL(net_neighbours_hold(table, numbered(1).ip, &items[NET_MAX_HELD], 0),
                        &items[0]);
    struct net_held held;
    net_neighbours_drain(table, &held);
    CU_ASSERT_EQUAL(held.count, NET_MAX_HELD);
    CU_ASSERT_PTR_EQUAL(held.items[NET_MAX_HELD - 1], &items[NET_MAX_HELD]);
    net_neighbours_fini(table);
}

static void one_in_use_is_asked_again_when_old(void)
{
    struct net_neighbours *table = make(64);
    struct net_due due;
    struct net_held held;
    const struct net_lesson lesson = lesson_of(1, 9, true);
    net_neighbours_learn(table, &lesson, 0, &held);
    CU_ASSERT_PTR_NOT_NULL(net_neighbours_want(table, lesson.ip, NET_REACHABLE_NS - 1));
    CU_ASSERT_FALSE(net_neighbours_next(table, NET_REACHABLE_NS - 1, &due, &held));
    /* Old: asked by itself first, and used meanwhile; then everyone is asked, then it is gone. */
    uint64_t now_ns = NET_REACHABLE_NS;
    CU_ASSERT_PTR_NOT_NULL(net_neighbours_want(table, lesson.ip, now_ns));
    CU_ASSERT_TRUE(net_neighbours_next(table, now_ns, &due, &held) && due.mac && due.mac[5] == 9);
    for (int i = 1; i < NET_MAX_TRIES; i++) {
        now_ns += SECOND;
        CU_ASSERT_PTR_NOT_NULL(net_neighbours_want(table, lesson.ip, now_ns));
        CU_ASSERT_TRUE(net_neighbours_next(table, now_ns, &due, &held) && !due.mac);
    }
    now_ns += SECOND;
    CU_ASSERT_FALSE(net_neighbours_next(table, now_ns, &due, &held));
    CU_ASSERT_PTR_NULL(net_neighbours_want(table, lesson.ip, now_ns));
    net_neighbours_fini(table);
}

static void an_advertisement_without_override_changes_nothing(void)
{
    struct net_neighbours *table = make(64);
    struct net_held held;
    struct net_lesson lesson = lesson_of(1, 9, true);
    net_neighbours_learn(table, &lesson, 0, &held);
    lesson.mac[5] = 8;
    lesson.can_change = false;
    CU_ASSERT_FALSE(net_neighbours_learn(table, &lesson, 0, &held));
    CU_ASSERT_EQUAL(net_neighbours_want(table, lesson.ip, 0)[5], 9);
    lesson.can_change = true;
    CU_ASSERT_TRUE(net_neighbours_learn(table, &lesson, 0, &held));
    CU_ASSERT_EQUAL(net_neighbours_want(table, lesson.ip, 0)[5], 8);
    net_neighbours_fini(table);
}

static void unasked_answers_add_nothing(void)
{
    struct net_neighbours *table = make(64);
    struct net_held held;
    const struct net_lesson lesson = lesson_of(1, 9, false);
    CU_ASSERT_FALSE(net_neighbours_learn(table, &lesson, 0, &held));
    CU_ASSERT_PTR_NULL(net_neighbours_want(table, lesson.ip, 0));
    net_neighbours_fini(table);
}

static void a_flood_does_not_evict_who_is_in_use(void)
{
    struct net_neighbours *table = make(64);
    struct net_held held;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < 16; i++) {
        const struct net_lesson lesson = lesson_of(i, (uint8_t)i, true);
        net_neighbours_learn(table, &lesson, 1, &held);
        net_neighbours_want(table, lesson.ip, 1);
    }
    for (uint32_t i = 1000; i < 101000; i++) {
        const struct net_lesson lesson = lesson_of(i, 77, true);
        net_neighbours_learn(table, &lesson, 2, &held);
    }
    for (uint32_t i = 0; i < 16; i++) {
        const uint8_t *mac = net_neighbours_want(table, numbered(i).ip, 3);
        kept += mac && mac[5] == i;
    }
    CU_ASSERT_EQUAL(kept, 16);
    net_neighbours_fini(table);
}

static void questions_are_bounded(void)
{
    struct net_neighbours *table = make(1024);
    struct net_due due;
    struct net_held held;
    uint32_t refused = 0, asked = 0, dropped = 0;
    char item;
    for (uint32_t i = 0; i < 10000; i++)
        refused += net_neighbours_hold(table, numbered(i).ip, &item, 0) != NULL;
    CU_ASSERT_EQUAL(refused, 10000 - NET_MAX_QUESTIONS);
    while (net_neighbours_next(table, 0, &due, &held))
        asked++;
    CU_ASSERT_EQUAL(asked, NET_MAX_QUESTIONS);
    for (uint64_t second = 1; second < 10; second++) {
        do {
            asked += net_neighbours_next(table, second * SECOND, &due, &held);
            dropped += held.count;
        } while (table->next_ns <= second * SECOND && table->question_count);
    }
    CU_ASSERT_EQUAL(asked, NET_MAX_QUESTIONS * NET_MAX_TRIES);
    CU_ASSERT_EQUAL(dropped, NET_MAX_QUESTIONS);
    net_neighbours_fini(table);
}

static void routes_go_by_prefix(void)
{
    const struct net_host host = net_case_host(0);
    const uint8_t *next;
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("192.0.2.77").ip, &next), NET_ON_LINK);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("192.0.3.77").ip, &next), NET_BY_GATEWAY);
    CU_ASSERT_TRUE(net_ip_equal(next, host.gateway_v4));
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("2001:db8::77").ip, &next), NET_ON_LINK);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("2001:db8:0:1::7").ip, &next),
                    NET_BY_GATEWAY);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("fe80::77").ip, &next), NET_ON_LINK);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("127.0.0.1").ip, &next), NET_NOWHERE);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("239.1.1.1").ip, &next), NET_NOWHERE);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("ff02::1").ip, &next), NET_NOWHERE);
    CU_ASSERT_EQUAL(net_host_route(&host, net_case_ip("192.0.2.1").ip, &next), NET_NOWHERE);
}

static void addresses_are_read_or_refused(void)
{
    static const char *const wrong[] = {
        "",          "192.0.2.1/33", "192.0.2/24", "2001:db8::1/129", "1.2.3.4/",
        "1.2.3.4/x", "1.2.3.4/-1",   "::1::/64",   "1.2.3.4/8 "};
    struct net_prefix prefix;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_NOT_EQUAL(net_prefix_read(&prefix, wrong[i]), 0);
    CU_ASSERT_EQUAL(net_prefix_read(&prefix, "10.1.2.3/8"), 0);
    CU_ASSERT_EQUAL(prefix.bits, 104);
    CU_ASSERT_TRUE(net_prefix_holds(&prefix, net_case_ip("10.255.0.1").ip));
    CU_ASSERT_FALSE(net_prefix_holds(&prefix, net_case_ip("11.1.2.3").ip));
    CU_ASSERT_EQUAL(net_prefix_read(&prefix, "2001:db8::1/61"), 0);
    CU_ASSERT_TRUE(net_prefix_holds(&prefix, net_case_ip("2001:db8:0:7::1").ip));
    CU_ASSERT_FALSE(net_prefix_holds(&prefix, net_case_ip("2001:db8:0:8::1").ip));
}

const struct cunit_test tests[] = {
    {"what waits for an address is handed out in order", what_waits_is_handed_out_in_order},
    {"who is silent is asked three times, then given up",
     silence_is_asked_three_times_then_given_up},
    {"of those that wait the oldest makes room", the_oldest_makes_room_among_those_that_wait},
    {"a neighbour in use is asked again when old", one_in_use_is_asked_again_when_old},
    {"an advertisement without override changes nothing",
     an_advertisement_without_override_changes_nothing},
    {"answers that nobody asked for add nothing", unasked_answers_add_nothing},
    {"a flood does not evict who is in use", a_flood_does_not_evict_who_is_in_use},
    {"questions and what waits for them are bounded", questions_are_bounded},
    {"routes go by prefix and gateway", routes_go_by_prefix},
    {"addresses are read or refused", addresses_are_read_or_refused},
    {NULL, NULL},
};
