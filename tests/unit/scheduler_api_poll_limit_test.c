/* Tests of scheduler/api/poll_limit.c against buckets that are filled token by token. */
#include "scheduler/api/poll_limit.h"
#include "tests/unit/cunit_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static const uint8_t one[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [15] = 1};
static const uint8_t two[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [15] = 2};

static void init(struct poll_limit *limit)
{
    CU_ASSERT_EQUAL_FATAL(poll_limit_init(limit, 4711), 0);
}

static void a_burst_passes_and_then_one_an_interval(void)
{
    struct poll_limit limit;
    init(&limit);
    uint64_t now = 1000 * MS;
    for (uint32_t i = 0; i < POLL_LIMIT_BURST; i++)
        CU_ASSERT_EQUAL(poll_limit_take(&limit, one, 50 * MS, now), 0);
    CU_ASSERT_EQUAL(poll_limit_take(&limit, one, 50 * MS, now), 50 * MS);
    CU_ASSERT_EQUAL(poll_limit_take(&limit, one, 50 * MS, now + 20 * MS), 30 * MS);
    for (uint32_t i = 0; i < 100; i++) {
        now += 50 * MS;
        CU_ASSERT_EQUAL(poll_limit_take(&limit, one, 50 * MS, now), 0);
        CU_ASSERT_NOT_EQUAL(poll_limit_take(&limit, one, 50 * MS, now), 0);
    }
    poll_limit_fini(&limit);
}

static void an_address_does_not_pay_for_another(void)
{
    struct poll_limit limit;
    init(&limit);
    while (poll_limit_take(&limit, one, MS, 1) == 0)
        continue;
    for (uint32_t i = 0; i < POLL_LIMIT_BURST; i++)
        CU_ASSERT_EQUAL(poll_limit_take(&limit, two, MS, 1), 0);
    CU_ASSERT_NOT_EQUAL(poll_limit_take(&limit, two, MS, 1), 0);
    poll_limit_fini(&limit);
}

static void a_network_of_ipv6_is_one_address(void)
{
    struct poll_limit limit;
    init(&limit);
    uint8_t address[16] = {0x20, 1, 0x0d, 0xb8};
    uint32_t passed = 0;
    for (uint32_t i = 0; i < 10 * POLL_LIMIT_BURST; i++) {
        address[8] = (uint8_t)i;
        address[15] = (uint8_t)(i * 7);
        passed += poll_limit_take(&limit, address, MS, 1) == 0;
    }
    CU_ASSERT_EQUAL(passed, POLL_LIMIT_BURST);
    address[7] = 1;
    CU_ASSERT_EQUAL(poll_limit_take(&limit, address, MS, 1), 0);
    poll_limit_fini(&limit);
}

static void no_interval_is_no_limit(void)
{
    struct poll_limit limit;
    init(&limit);
    for (uint32_t i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(poll_limit_take(&limit, one, 0, 1), 0);
    poll_limit_fini(&limit);
}

static void a_shorter_interval_holds_at_once(void)
{
    struct poll_limit limit;
    init(&limit);
    while (poll_limit_take(&limit, one, 60000 * MS, 1) == 0)
        continue;
    CU_ASSERT(poll_limit_take(&limit, one, MS, 2) <= MS);
    CU_ASSERT_EQUAL(poll_limit_take(&limit, one, MS, 2 + MS), 0);
    poll_limit_fini(&limit);
}

/* Each poll takes a whole token; they come back in thousandths. */
static void it_agrees_with_buckets_of_tokens(void)
{
    enum { ADDRESSES = 12, INTERVAL = 1000 };
    struct poll_limit limit;
    init(&limit);
    const unsigned seed = 20261123;
    printf("seed %u ", seed);
    srand(seed);
    uint64_t now = 1, tokens[ADDRESSES], seen[ADDRESSES];
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        tokens[i] = (uint64_t)POLL_LIMIT_BURST * INTERVAL;
        seen[i] = now;
    }
    for (uint32_t i = 0; i < 200000; i++) {
        now += (uint64_t)rand() % 200;
        const uint32_t who = (uint32_t)rand() % ADDRESSES;
        uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = (uint8_t)who};
        tokens[who] += now - seen[who];
        seen[who] = now;
        if (tokens[who] > (uint64_t)POLL_LIMIT_BURST * INTERVAL)
            tokens[who] = (uint64_t)POLL_LIMIT_BURST * INTERVAL;
        const bool may = tokens[who] >= INTERVAL;
        const uint64_t wait = may ? 0 : INTERVAL - tokens[who];
        tokens[who] -= may ? INTERVAL : 0;
        if (poll_limit_take(&limit, address, INTERVAL, now) != wait) {
            CU_FAIL("it differs");
            break;
        }
    }
    poll_limit_fini(&limit);
}

static void a_crowd_is_not_held_to_more_than_its_own(void)
{
    struct poll_limit limit;
    init(&limit);
    /* Many more than there are entries, each within its right: nobody is turned away. */
    for (uint32_t i = 0; i < 100000; i++) {
        uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
        memcpy(address + 12, &i, 4);
        for (uint32_t k = 0; k < POLL_LIMIT_BURST; k++)
            if (poll_limit_take(&limit, address, MS, 1000 * MS + i) != 0)
                CU_FAIL_FATAL("turned away");
    }
    poll_limit_fini(&limit);
}

const struct cunit_test tests[] = {
    {"a burst passes and then one an interval", a_burst_passes_and_then_one_an_interval},
    {"an address does not pay for another", an_address_does_not_pay_for_another},
    {"a network of IPv6 is one address", a_network_of_ipv6_is_one_address},
    {"no interval is no limit", no_interval_is_no_limit},
    {"a shorter interval holds at once", a_shorter_interval_holds_at_once},
    {"it agrees with buckets of tokens", it_agrees_with_buckets_of_tokens},
    {"a crowd is not held to more than its own", a_crowd_is_not_held_to_more_than_its_own},
    {NULL, NULL},
};
