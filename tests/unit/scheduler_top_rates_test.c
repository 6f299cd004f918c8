/* Tests of scheduler/top/rates.c and overview.c: growth between two samples. */
#include "scheduler/top/overview.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static void put(struct sample *sample, const char *source, const char *label,
                enum counter_kind kind, uint64_t value)
{
    struct counter_view view = {.kind = kind, .value = value};
    snprintf(view.label, sizeof(view.label), "%s", label);
    CU_ASSERT_EQUAL_FATAL(sample_add(sample, source, &view), 0);
}

static void expect(const struct rates *rates, const char *label, uint64_t value, double per_s)
{
    const struct rate *rate = rates_find(rates, label);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rate);
    CU_ASSERT_EQUAL(rate->value, value);
    CU_ASSERT_DOUBLE_EQUAL(rate->per_s, per_s, 1e-9);
}

static void queues_are_summed(void)
{
    struct sample before = {.at_ns = SECOND};
    struct sample now = {.at_ns = 3 * SECOND};
    put(&before, "queue 0", "dataplane.0.rx_bytes", COUNTER_SUM, 100);
    put(&before, "queue 1", "dataplane.1.rx_bytes", COUNTER_SUM, 1000);
    put(&now, "queue 0", "dataplane.0.rx_bytes", COUNTER_SUM, 140);
    put(&now, "queue 0", "dataplane.0.clients", COUNTER_GAUGE, 7);
    put(&now, "queue 0", "dataplane.0.longest_poll_ns", COUNTER_MAX, 70);
    put(&now, "queue 1", "dataplane.1.rx_bytes", COUNTER_SUM, 1006);
    put(&now, "queue 1", "dataplane.1.clients", COUNTER_GAUGE, 8);
    put(&now, "queue 1", "dataplane.1.longest_poll_ns", COUNTER_MAX, 60);
    struct rates rates;
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &before, &now, false), 0);
    CU_ASSERT_EQUAL(rates.count, 3);
    CU_ASSERT_DOUBLE_EQUAL(rates.seconds, 2, 1e-9);
    expect(&rates, "dataplane.rx_bytes", 1146, 23);
    expect(&rates, "dataplane.clients", 15, 0);
    expect(&rates, "dataplane.longest_poll_ns", 70, 0);
    CU_ASSERT_PTR_NULL(rates_find(&rates, "dataplane.0.rx_bytes"));
    rates_fini(&rates);
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &before, &now, true), 0);
    CU_ASSERT_EQUAL(rates.count, 6);
    expect(&rates, "dataplane.0.rx_bytes", 140, 20);
    expect(&rates, "dataplane.1.rx_bytes", 1006, 3);
    rates_fini(&rates);
    sample_fini(&before);
    sample_fini(&now);
}

static void one_that_was_started_anew_counts_from_zero(void)
{
    struct sample before = {.at_ns = 0};
    struct sample now = {.at_ns = SECOND};
    put(&before, "queue 0", "a", COUNTER_SUM, 1000);
    put(&now, "queue 0", "a", COUNTER_SUM, 30);
    put(&now, "queue 1", "a", COUNTER_SUM, 500);
    put(&now, "queue 1", "b", COUNTER_SUM, 600);
    struct rates rates;
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &before, &now, false), 0);
    expect(&rates, "a", 530, 30); /* queue 1 has no rate yet */
    expect(&rates, "b", 600, 0);
    rates_fini(&rates);
    rates_fini(&rates);
    rates_fini(NULL);
    sample_fini(&before);
    sample_fini(&now);
}

static void labels_are_found_wherever_they_stood(void)
{
    struct sample before = {.at_ns = 0};
    struct sample now = {.at_ns = SECOND};
    put(&before, "s", "x", COUNTER_SUM, 1);
    put(&before, "s", "y", COUNTER_SUM, 2);
    put(&now, "s", "y", COUNTER_SUM, 5);
    put(&now, "s", "x", COUNTER_SUM, 6);
    put(&now, "s", "9", COUNTER_SUM, 1);
    put(&now, "s", "a.9", COUNTER_SUM, 1);
    struct rates rates;
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &before, &now, false), 0);
    expect(&rates, "x", 6, 5);
    expect(&rates, "y", 5, 3);
    expect(&rates, "9", 1, 0); /* a name that is all number stays */
    expect(&rates, "a.9", 1, 0);
    rates_fini(&rates);
    sample_fini(&before);
    sample_fini(&now);
}

static void no_time_between_two_samples_is_no_rate(void)
{
    struct sample now = {.at_ns = SECOND};
    put(&now, "s", "x", COUNTER_SUM, 1);
    struct rates rates;
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &now, &now, false), 0);
    expect(&rates, "x", 1, 0);
    rates_fini(&rates);
    sample_fini(&now);
}

static void the_overview_adds_up_what_is_there(void)
{
    struct sample before = {.at_ns = 0};
    struct sample now = {.at_ns = 2 * SECOND};
    put(&before, "jointd", "jointd.late", COUNTER_SUM, 1);
    put(&before, "jointd", "jointd.overloaded", COUNTER_SUM, 10);
    put(&now, "jointd", "jointd.late", COUNTER_SUM, 3);
    put(&now, "jointd", "jointd.overloaded", COUNTER_SUM, 14);
    put(&now, "queue 0", "dataplane.0.rx_datagrams", COUNTER_SUM, 4);
    struct rates rates;
    CU_ASSERT_EQUAL_FATAL(rates_init(&rates, &before, &now, false), 0);
    const struct overview overview = overview_of(&rates);
    CU_ASSERT_TRUE(overview.line[OVERVIEW_REJECTS].is_known);
    CU_ASSERT_EQUAL(overview.line[OVERVIEW_REJECTS].value, 17);
    CU_ASSERT_DOUBLE_EQUAL(overview.line[OVERVIEW_REJECTS].per_s, 3, 1e-9);
    CU_ASSERT_EQUAL(overview.line[OVERVIEW_DATAGRAMS_IN].value, 4);
    CU_ASSERT_FALSE(overview.line[OVERVIEW_ANSWERS].is_known);
    CU_ASSERT_STRING_EQUAL(overview_state(4), "loading");
    CU_ASSERT_STRING_EQUAL(overview_state(5), "unknown");
    CU_ASSERT_STRING_EQUAL(overview_admit(2), "closed");
    CU_ASSERT_STRING_EQUAL(overview_admit(UINT64_MAX), "unknown");
    rates_fini(&rates);
    sample_fini(&before);
    sample_fini(&now);
}

const struct cunit_test tests[] = {
    {"queues are summed, or stand by themselves", queues_are_summed},
    {"one that was started anew counts from zero", one_that_was_started_anew_counts_from_zero},
    {"labels are found wherever they stood", labels_are_found_wherever_they_stood},
    {"no time between two samples is no rate", no_time_between_two_samples_is_no_rate},
    {"the overview adds up what is there", the_overview_adds_up_what_is_there},
    {NULL, NULL},
};
