/* Tests of scheduler/loadtest/deadlines.c: its text, and the unloaded time over a port of memory,
 * with the protocol's server behind it. */
#include "scheduler/loadtest/deadlines.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/memory_port.h"

#include <errno.h>
#include <stdlib.h>

static struct loadtest_mix make_mix(void)
{
    struct loadtest_mix mix;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_text(&mix, "0=1,3=1,10=1", 14), 0);
    return mix;
}

static void one_number_is_for_all_cuts(void)
{
    struct loadtest_mix mix = make_mix();
    uint64_t ns[3] = {0};
    CU_ASSERT_EQUAL(loadtest_deadlines_read("80.5", &mix, ns), 0);
    CU_ASSERT(ns[0] == 80500000 && ns[1] == 80500000 && ns[2] == 80500000);
    CU_ASSERT_EQUAL(loadtest_deadlines_read("0", &mix, ns), 0);
    CU_ASSERT_EQUAL(ns[2], 0);
    loadtest_mix_fini(&mix);
}

static void each_cut_may_have_its_own(void)
{
    struct loadtest_mix mix = make_mix();
    uint64_t ns[3] = {0};
    CU_ASSERT_EQUAL(loadtest_deadlines_read("10=20,0=80,3=0", &mix, ns), 0);
    CU_ASSERT(ns[0] == 80000000 && ns[1] == 0 && ns[2] == 20000000);
    loadtest_mix_fini(&mix);
}

static void other_texts_are_refused(void)
{
    static const char *const texts[] = {"",
                                        "x",
                                        "-1",
                                        "1,2",
                                        "0=1",
                                        "0=1,3=2,",
                                        "0=1,3=2,4=3",
                                        "0=1,3=2,3=3",
                                        "0=1,3=2,10",
                                        "0=1,3=2,10=",
                                        "0=1;3=2,10=3",
                                        "3600001",
                                        "0=1,3=2,10=3,0=1",
                                        "=1",
                                        "1 "};
    struct loadtest_mix mix = make_mix();
    uint64_t ns[3];
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_EQUAL(loadtest_deadlines_read(texts[i], &mix, ns), -EINVAL);
    loadtest_mix_fini(&mix);
}

static void the_unloaded_time_is_of_one_request_at_a_time(void)
{
    struct memory_port port = {0};
    struct loadtest_mix mix;
    memory_port_init(&port);
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&mix, MEMORY_PORT_FROM), 0);
    struct loadtest_model model = {.name_crc = MEMORY_PORT_MODEL,
                                   .last_cut = MEMORY_PORT_TO,
                                   .answer_bytes = MEMORY_PORT_ANSWER_BYTES};
    struct loadtest_message_pool pool = {.bytes = MEMORY_PORT_MESSAGE_BYTES,
                                         .memory = malloc(MEMORY_PORT_MESSAGE_BYTES)};
    for (uint32_t i = 0; i < MEMORY_PORT_MESSAGE_BYTES; i++)
        pool.memory[i] = (uint8_t)i;
    const struct loadtest_messages messages = {.tensor_count = 1, .count = 1, .pools = &pool};
    struct loadtest_plan plan = loadtest_plan_default();
    plan.server = port.server_address;
    plan.model = &model;
    plan.mix = &mix;
    plan.messages = &messages;
    struct loadtest_tally *tally = loadtest_tally_create(1);
    CU_ASSERT_FALSE(loadtest_unloaded_is_known(tally));
    for (uint32_t i = 0; i < 20 && !loadtest_unloaded_is_known(tally); i++)
        CU_ASSERT_EQUAL_FATAL(loadtest_unloaded_measure(&plan, &port.port, i, tally), 0);
    CU_ASSERT_TRUE(loadtest_unloaded_is_known(tally));
    CU_ASSERT_EQUAL(tally->ends[LOADTEST_IN_TIME], tally->offered);
    CU_ASSERT_EQUAL(loadtest_unloaded_ns(tally, 0),
                    loadtest_histogram_percentile(&tally->latency, 0.5));
    CU_ASSERT(loadtest_unloaded_ns(tally, 0) > 0);
    free(tally);
    free(pool.memory);
    loadtest_mix_fini(&mix);
    memory_port_fini(&port);
}

const struct cunit_test tests[] = {
    {"one number is for all cuts", one_number_is_for_all_cuts},
    {"each cut may have its own", each_cut_may_have_its_own},
    {"other texts are refused", other_texts_are_refused},
    {"the unloaded time is of one request at a time",
     the_unloaded_time_is_of_one_request_at_a_time},
    {NULL, NULL},
};
