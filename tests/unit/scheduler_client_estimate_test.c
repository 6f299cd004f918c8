/* Estimates of a server, with values worked out by hand. */
#include "scheduler/client/estimate.h"
#include "tests/unit/cunit_main.h"

#include <math.h>

#define MS UINT64_C(1000000)

static void near(double a, double b)
{
    CU_ASSERT_DOUBLE_EQUAL(a, b, 1e-9 * fabs(b) + 1e-12);
}

static struct estimate begin(void)
{
    struct estimate estimate;
    estimate_init(&estimate, 10, 40, 4);
    return estimate;
}

static void test_assumed(void)
{
    struct estimate estimate = begin();
    struct split_conditions conditions;
    estimate_conditions(&estimate, 5 * MS, &conditions);
    near(conditions.network.up_mbps, 10);
    near(conditions.network.down_mbps, 40);
    near(conditions.load.k, 0.25);
    near(conditions.load.wait_ms, 0);
    CU_ASSERT_FALSE(estimate.is_heard);
}

static void test_bandwidth(void)
{
    struct estimate estimate = begin();
    struct estimate_sample sample = {.up_bytes = 100000, .uplink_ns = 45 * MS};
    estimate_rtt(&estimate, 10 * MS, 0);
    estimate_answer(&estimate, &sample, 0);
    near(estimate.up_mbps, 20); /* 800,000 bits in 45 - 5 ms: the first one counts alone */
    near(estimate.down_mbps, 40);
    sample.uplink_ns = 15 * MS; /* 80 Mbit/s */
    estimate_answer(&estimate, &sample, 0);
    near(estimate.up_mbps, 20 + 0.3 * 60);
    sample.up_bytes = 4000; /* too few bytes to say anything */
    sample.down_bytes = 50000;
    sample.downlink_ns = 9 * MS; /* 400,000 bits in 4 ms */
    estimate_answer(&estimate, &sample, 0);
    near(estimate.up_mbps, 38);
    near(estimate.down_mbps, 100);
    sample.downlink_ns = 5 * MS; /* no time at all: says nothing */
    estimate_answer(&estimate, &sample, 0);
    near(estimate.down_mbps, 100);
}

static void test_speed_fades(void)
{
    struct estimate estimate = begin();
    struct split_conditions conditions;
    const struct estimate_sample sample = {.compute_ns = 30 * MS, .base_ns = 20 * MS};
    estimate_answer(&estimate, &sample, 1000 * MS);
    estimate_conditions(&estimate, 1000 * MS, &conditions);
    near(conditions.load.k, 1.5);
    estimate_conditions(&estimate, 31000 * MS, &conditions); /* 30 s later: 1/e of the way left */
    near(conditions.load.k, 0.25 + 1.25 * exp(-1));
    estimate_conditions(&estimate, 100000 * 1000 * MS, &conditions);
    near(conditions.load.k, 0.25);
}

static void test_wait(void)
{
    struct estimate estimate = begin();
    struct split_conditions conditions;
    uint64_t random = 3;
    struct jtp_load load = {
        .predicted_wait_us = 80000, .utilization_permille = 1000, .age_us = 100000};
    estimate_load(&estimate, &load, &random, 2000 * MS);
    estimate_conditions(&estimate, 2300 * MS, &conditions);
    near(conditions.load.wait_ms, 80);
    CU_ASSERT_FALSE(freshness_is_expired(&estimate.freshness, 2400 * MS));
    CU_ASSERT_TRUE(freshness_is_expired(&estimate.freshness, 2401 * MS)); /* 0.1 s old when told */
    estimate_conditions(&estimate, 3500 * MS, &conditions);
    near(conditions.load.wait_ms, 80 * exp(-1)); /* fades from its expiry on */
    load.utilization_permille = 250; /* of 0.1 s three quarters went into the queue */
    estimate_load(&estimate, &load, &random, 3500 * MS);
    estimate_conditions(&estimate, 3500 * MS, &conditions);
    near(conditions.load.wait_ms, 5);
    load.predicted_wait_us = 10000;
    load.age_us = 0;
    load.switch_gain = 51;
    estimate_load(&estimate, &load, &random, 4000 * MS);
    near(estimate_switch_gain(&estimate), 0.2);
    for (uint32_t i = 1; i <= 20; i++) { /* grows by 2 ms every 100 ms */
        load.predicted_wait_us = 10000 + i * 2000;
        estimate_load(&estimate, &load, &random, (4000 + i * 100) * MS);
    }
    estimate_conditions(&estimate, 6000 * MS, &conditions);
    CU_ASSERT_DOUBLE_EQUAL(conditions.load.wait_ms, 50 + 0.75 * 20, 0.5);
}

static void test_closed(void)
{
    struct estimate estimate = begin();
    struct jtp_load load = {.state = JTP_IS_DRAINING};
    uint64_t random = 3;
    CU_ASSERT_FALSE(estimate_is_closed(&estimate, 0));
    estimate_load(&estimate, &load, &random, 1000 * MS);
    CU_ASSERT_TRUE(estimate_is_closed(&estimate, 2999 * MS));
    CU_ASSERT_FALSE(estimate_is_closed(&estimate, 3000 * MS));
    load.state = JTP_IS_OVERLOADED;
    estimate_load(&estimate, &load, &random, 4000 * MS);
    CU_ASSERT_FALSE(estimate_is_closed(&estimate, 4000 * MS));
}

const struct cunit_test tests[] = {
    {"before anything is measured, what was assumed counts", test_assumed},
    {"bandwidths follow transfers that are large enough", test_bandwidth},
    {"what was learned of the server's speed fades to what was assumed", test_speed_fades},
    {"a wait holds for half a second, fades after it, and is expected where it is going",
     test_wait},
    {"a server that drains or loads is closed for two seconds", test_closed},
    {NULL, NULL},
};
