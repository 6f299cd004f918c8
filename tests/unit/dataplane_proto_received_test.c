/* Tests of dataplane/proto/received.c: what an ACK says, and when it is due. */
#include "dataplane/proto/received.h"
#include "tests/unit/cunit_main.h"

static void acknowledges_at_once_what_is_urgent(void)
{
    struct jtp_received received;
    jtp_received_init(&received);
    jtp_received_add(&received, 0, true, false, 10 * JTP_MS);
    CU_ASSERT_EQUAL(received.due_ns, 15 * JTP_MS); /* alone: it may wait */
    jtp_received_add(&received, 1, true, false, 12 * JTP_MS);
    CU_ASSERT_EQUAL(received.due_ns, 12 * JTP_MS); /* the second one */
    jtp_received_acked(&received);
    CU_ASSERT_EQUAL(received.due_ns, JTP_NEVER);
    jtp_received_add(&received, 2, false, false, 13 * JTP_MS); /* elicits nothing */
    CU_ASSERT_EQUAL(received.due_ns, JTP_NEVER);
    jtp_received_add(&received, 4, true, false, 14 * JTP_MS); /* a gap */
    CU_ASSERT_EQUAL(received.due_ns, 14 * JTP_MS);
    jtp_received_acked(&received);
    jtp_received_add(&received, 3, true, false, 15 * JTP_MS); /* after a larger one */
    CU_ASSERT_EQUAL(received.due_ns, 15 * JTP_MS);
    jtp_received_acked(&received);
    jtp_received_add(&received, 5, true, true, 16 * JTP_MS); /* OPEN or PING */
    CU_ASSERT_EQUAL(received.due_ns, 16 * JTP_MS);
}

static void says_what_has_arrived(void)
{
    struct jtp_received received;
    struct jtp_ack ack;
    jtp_received_init(&received);
    CU_ASSERT_FALSE(jtp_received_ack(&received, &ack, 0));
    static const uint64_t numbers[] = {0, 1, 5, 3, 6, 5};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        jtp_received_add(&received, numbers[i], true, false, (10 + i) * JTP_MS);
    CU_ASSERT(jtp_received_ack(&received, &ack, 17 * JTP_MS));
    CU_ASSERT_EQUAL_FATAL(ack.count, 3);
    CU_ASSERT(ack.ranges[0].first == 5 && ack.ranges[0].last == 6);
    CU_ASSERT(ack.ranges[1].first == 3 && ack.ranges[1].last == 3);
    CU_ASSERT(ack.ranges[2].first == 0 && ack.ranges[2].last == 1);
    CU_ASSERT_EQUAL(ack.delay_us, 3000); /* since 6 came, at 14 */
}

static void keeps_the_newest_ranges(void)
{
    struct jtp_received received;
    struct jtp_ack ack;
    jtp_received_init(&received);
    for (uint64_t number = 0; number < 200; number += 2)
        jtp_received_add(&received, number, true, false, JTP_MS);
    CU_ASSERT(jtp_received_ack(&received, &ack, JTP_MS));
    CU_ASSERT_EQUAL_FATAL(ack.count, JTP_MAX_ACK_RANGES);
    for (uint32_t i = 0; i < ack.count; i++)
        CU_ASSERT_EQUAL(ack.ranges[i].last, 198 - 2 * i);
    jtp_received_add(&received, 7, true, false, JTP_MS); /* too old to be kept */
    CU_ASSERT(jtp_received_ack(&received, &ack, JTP_MS));
    CU_ASSERT_EQUAL(ack.ranges[15].first, 168);
}

static void bears_the_largest_numbers(void)
{
    struct jtp_received received;
    struct jtp_ack ack;
    jtp_received_init(&received);
    jtp_received_add(&received, UINT64_MAX, true, false, JTP_MS);
    CU_ASSERT_FALSE(jtp_received_ack(&received, &ack, JTP_MS));
    jtp_received_add(&received, UINT64_MAX - 1, true, false, JTP_MS);
    jtp_received_add(&received, UINT32_MAX, true, false, JTP_MS);
    jtp_received_add(&received, UINT32_MAX + UINT64_C(1), true, false, JTP_MS);
    CU_ASSERT(jtp_received_ack(&received, &ack, JTP_MS));
    CU_ASSERT_EQUAL(ack.count, 2);
    CU_ASSERT_EQUAL(ack.ranges[0].last, UINT64_MAX - 1);
    CU_ASSERT_EQUAL(ack.ranges[1].last, UINT32_MAX + UINT64_C(1));
    CU_ASSERT_EQUAL(ack.ranges[1].first, UINT32_MAX);
}

const struct cunit_test tests[] = {
    {"gaps, disorder, every second packet and what asks for it are acknowledged at once",
     acknowledges_at_once_what_is_urgent},
    {"an ACK says what has arrived", says_what_has_arrived},
    {"where there is no room, the newest ranges are kept", keeps_the_newest_ranges},
    {"the largest numbers do not wrap", bears_the_largest_numbers},
    {NULL, NULL},
};
