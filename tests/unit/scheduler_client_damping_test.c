/* When a client turns, beside what it was offered: counts against their probabilities, times by
 * hand. */
#include "scheduler/client/damping.h"
#include "scheduler/client/chance.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define SEED 11

/* 100 ms where it is, 50 ms elsewhere. */
static struct damping_offer half(void)
{
    return (struct damping_offer){.held_ms = 100, .best_ms = 50, .switch_gain = 0.15};
}

/* How many of so many clients turn, each with one decision at a time from its beginning. */
static uint32_t count(const struct damping_offer *offer, enum damping_verdict wanted,
                      uint32_t clients, uint64_t after_ns, uint64_t *random)
{
    uint32_t turned = 0;
    for (uint32_t i = 0; i < clients; i++) {
        struct damping damping;
        damping_init(&damping, random, S);
        turned += damping_choose(&damping, offer, random, S + after_ns) == wanted;
    }
    return turned;
}

static void near(uint32_t counted, uint32_t clients, double chance)
{
    const double deviation = sqrt(clients * chance * (1 - chance));
    CU_ASSERT_DOUBLE_EQUAL(counted, clients * chance, 5 * deviation + 1e-9);
}

static void test_chance(void)
{
    enum { CLIENTS = 100000 };
    uint64_t random = SEED;
    printf("(seed %d) ", SEED);
    struct damping_offer offer = half();
    near(count(&offer, DAMPING_TURNS, CLIENTS, S, &random), CLIENTS, 0.5 * 0.15);
    offer.best_ms = 20;
    near(count(&offer, DAMPING_TURNS, CLIENTS, S, &random), CLIENTS, 0.8 * 0.15);
    offer.switch_gain = 1;
    near(count(&offer, DAMPING_TURNS, CLIENTS, S, &random), CLIENTS, 0.8);
    offer.switch_gain = 0;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_TURNS, CLIENTS, S, &random), 0);
    offer.switch_gain = 17; /* nonsense from outside */
    CU_ASSERT_EQUAL(count(&offer, DAMPING_TURNS, CLIENTS, S, &random), CLIENTS);
}

static void test_least_gain(void)
{
    uint64_t random = SEED;
    struct damping_offer offer = half();
    offer.switch_gain = 1;
    offer.best_ms = 90.5; /* 9.5 % */
    CU_ASSERT_EQUAL(count(&offer, DAMPING_SMALL, 100, S, &random), 100);
    offer.held_ms = 5, offer.best_ms = 3.5; /* 30 %, 1.5 ms */
    CU_ASSERT_EQUAL(count(&offer, DAMPING_SMALL, 100, S, &random), 100);
    offer.best_ms = 2.5;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_SMALL, 100, S, &random), 0);
    offer.held_ms = NAN;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_SMALL, 100, S, &random), 100);
}

/* How long until a client has turned, asking so often. */
static double mean_ms(uint64_t every_ns, uint64_t *random)
{
    enum { CLIENTS = 20000 };
    const struct damping_offer offer = half();
    double sum_ms = 0;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct damping damping;
        uint64_t now_ns = 10 * S;
        damping_init(&damping, random, 0);
        do
            now_ns += every_ns;
        while (damping_choose(&damping, &offer, random, now_ns) != DAMPING_TURNS);
        sum_ms += (double)(now_ns - 10 * S) / 1e6;
    }
    return sum_ms / CLIENTS;
}

static void test_rate(void)
{
    uint64_t random = SEED;
    /* 1 - 0.075 stay in each 100 ms: exponential with mean 100 / -ln(0.925) = 1,283 ms. */
    const double mean = 100 / -log(0.925);
    CU_ASSERT_DOUBLE_EQUAL(mean_ms(5 * MS, &random), mean, 0.12 * mean);
    CU_ASSERT_DOUBLE_EQUAL(mean_ms(33 * MS, &random), mean, 0.08 * mean);
    CU_ASSERT_DOUBLE_EQUAL(mean_ms(100 * MS, &random), mean, 0.06 * mean);
    CU_ASSERT_TRUE(mean_ms(2 * S, &random) > 6 * mean); /* who sleeps collects nothing */
}

static void test_dwell(void)
{
    uint64_t random = SEED;
    struct damping_offer offer = half();
    struct damping damping;
    uint64_t least_ns = UINT64_MAX, most_ns = 0;
    offer.switch_gain = 2; /* turns at once */
    for (int i = 0; i < 1000; i++) {
        uint64_t now_ns = 100 * S;
        damping_init(&damping, &random, 0);
        CU_ASSERT_EQUAL(damping_choose(&damping, &offer, &random, now_ns), DAMPING_TURNS);
        while (damping_choose(&damping, &offer, &random, now_ns) == DAMPING_DWELLS)
            now_ns += MS;
        least_ns = now_ns - 100 * S < least_ns ? now_ns - 100 * S : least_ns;
        most_ns = now_ns - 100 * S > most_ns ? now_ns - 100 * S : most_ns;
    }
    CU_ASSERT_TRUE(least_ns >= 500 * MS && least_ns < 510 * MS);
    CU_ASSERT_TRUE(most_ns <= 1001 * MS && most_ns > 990 * MS);
    /* All begin at the same time, and end their first dwell time apart. */
    near(count(&offer, DAMPING_DWELLS, 10000, 125 * MS, &random), 10000, 0.75);
}

static void test_expired(void)
{
    uint64_t random = SEED;
    struct damping_offer offer = half();
    offer.switch_gain = 1;
    offer.is_expired = true;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_STALE, 100, S, &random), 100);
    offer.is_same = true;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_AGREES, 100, S, &random), 100);
}

static void test_explores(void)
{
    enum { CLIENTS = 100000 };
    uint64_t random = SEED;
    struct damping_offer offer = {
        .held_ms = 50, .best_ms = 50, .is_same = true, .is_here = true, .switch_gain = 0.15};
    CU_ASSERT_EQUAL(count(&offer, DAMPING_EXPLORES_ONCE, CLIENTS, S, &random), 0);
    offer.is_full = true;
    near(count(&offer, DAMPING_EXPLORES_ONCE, CLIENTS, S, &random), CLIENTS, 0.01);
    offer.is_here = false;
    CU_ASSERT_EQUAL(count(&offer, DAMPING_EXPLORES_ONCE, CLIENTS, S, &random), 0);
}

static void test_retry_after(void)
{
    uint64_t random = SEED, least_ns = UINT64_MAX, most_ns = 0;
    const struct damping_offer offer = {.held_ms = 50, .best_ms = 50, .is_same = true};
    for (int i = 0; i < 2000; i++) {
        struct damping damping;
        uint64_t now_ns = 100 * S;
        damping_init(&damping, &random, 0);
        damping_failed(&damping, 200 * MS, &random, now_ns);
        while (damping_choose(&damping, &offer, &random, now_ns) == DAMPING_BLOCKED)
            now_ns += MS;
        CU_ASSERT_FALSE(damping_is_blocked(&damping, now_ns));
        least_ns = now_ns - 100 * S < least_ns ? now_ns - 100 * S : least_ns;
        most_ns = now_ns - 100 * S > most_ns ? now_ns - 100 * S : most_ns;
    }
    CU_ASSERT_TRUE(least_ns >= 100 * MS && least_ns < 102 * MS);
    CU_ASSERT_TRUE(most_ns <= 301 * MS && most_ns > 298 * MS);
}

static void test_backoff(void)
{
    uint64_t random = SEED, now_ns = S;
    struct damping damping;
    damping_init(&damping, &random, 0);
    double wanted_ms = 50;
    for (int i = 0; i < 12; i++) {
        damping_failed(&damping, 0, &random, now_ns);
        const double blocked_ms = (double)(damping.blocked_until_ns - now_ns) / 1e6;
        CU_ASSERT_TRUE(blocked_ms >= wanted_ms / 2 && blocked_ms <= wanted_ms * 1.5);
        now_ns = damping.blocked_until_ns;
        wanted_ms = fmin(wanted_ms * 2, 6400);
    }
    damping_answered(&damping);
    damping_failed(&damping, 0, &random, now_ns);
    CU_ASSERT_TRUE(damping.blocked_until_ns - now_ns <= 75 * MS);
    /* A shorter word does not shorten what is left of a longer one. */
    damping_failed(&damping, 10 * S, &random, now_ns);
    const uint64_t until_ns = damping.blocked_until_ns;
    damping_failed(&damping, MS, &random, now_ns);
    CU_ASSERT_EQUAL(damping.blocked_until_ns, until_ns);
}

const struct cunit_test tests[] = {
    {"the chance to turn is the gain times the server's switch gain", test_chance},
    {"a gain below 10 % or 2 ms turns nobody", test_least_gain},
    {"who asks often turns no sooner", test_rate},
    {"who has turned stays for a dwell time, each another one", test_dwell},
    {"by what has expired nobody turns", test_expired},
    {"of requests that a full server does not get, 1 % ask it", test_explores},
    {"nothing is sent before the time that the server asked for, jittered", test_retry_after},
    {"without such a time the pause doubles", test_backoff},
    {NULL, NULL},
};
