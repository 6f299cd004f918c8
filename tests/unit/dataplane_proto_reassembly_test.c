/* Tests of dataplane/proto/reassembly.c and outbound.c: messages cut anyhow arrive whole. */
#include "dataplane/proto/outbound.h"
#include "dataplane/proto/reassembly.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TOTAL 5000

/* Sends a message through a path that loses a third, in pieces of changing size, until it is there.
 */
static bool transfer(uint64_t seed, uint32_t lost_ranges, uint32_t held_ranges)
{
    uint64_t state = seed;
    uint8_t message[TOTAL], arrived[TOTAL] = {0};
    struct jtp_range lost_memory[64], memory[64];
    struct jtp_outbound outbound;
    struct jtp_reassembly reassembly;
    for (uint32_t i = 0; i < TOTAL; i++)
        message[i] = (uint8_t)(i * 31 + (i >> 8));
    jtp_outbound_init(&outbound, message, TOTAL, 1 + canvas_random(&state) % TOTAL, lost_memory,
                      lost_ranges);
    jtp_reassembly_init(&reassembly, arrived, TOTAL, memory, held_ranges);
    for (int step = 0; step < 100000 && !jtp_outbound_is_done(&outbound); step++) {
        struct jtp_range range;
        if (!jtp_outbound_take(&outbound, 1 + canvas_random(&state) % 200, &range)) {
            jtp_outbound_grant(&outbound, outbound.granted_bytes + 500);
            continue;
        }
        uint32_t offset = (uint32_t)range.first, length = (uint32_t)(range.end - range.first);
        bool is_lost = canvas_random(&state) % 3 == 0;
        if (!is_lost &&
            jtp_reassembly_add(&reassembly, offset, message + offset, length) == -ENOSPC)
            is_lost = true;
        if (is_lost) {
            jtp_outbound_again(&outbound, offset, length);
            jtp_outbound_lost(&outbound);
        } else {
            jtp_outbound_acked(&outbound);
        }
    }
    return jtp_outbound_is_done(&outbound) && jtp_reassembly_is_complete(&reassembly) &&
           memcmp(message, arrived, TOTAL) == 0;
}

static void messages_arrive_whole_whatever_is_lost(void)
{
    static const uint32_t ranges[] = {2, 3, 5, 64};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        bool is_right = transfer(seed, ranges[seed % 4] - 1, ranges[seed / 4 % 4]);
        CU_ASSERT(is_right);
        if (!is_right)
            printf("seed %llu\n", (unsigned long long)seed);
    }
}

static void the_first_gap_can_always_be_narrowed(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t state = seed;
        uint8_t arrived[TOTAL], byte[200] = {0};
        struct jtp_range memory[3];
        struct jtp_reassembly reassembly;
        jtp_reassembly_init(&reassembly, arrived, TOTAL, memory, 3);
        for (int i = 0; i < 30; i++) {
            uint32_t offset = canvas_random(&state) % (TOTAL - 200);
            jtp_reassembly_add(&reassembly, offset, byte, 1 + canvas_random(&state) % 200);
        }
        struct jtp_range gap;
        while (jtp_range_set_gap(&reassembly.ranges, 0, TOTAL, &gap)) {
            uint32_t length = gap.end - gap.first < 90 ? (uint32_t)(gap.end - gap.first) : 90;
            CU_ASSERT_EQUAL_FATAL(
                jtp_reassembly_add(&reassembly, (uint32_t)gap.first, byte, length), length);
        }
        CU_ASSERT(jtp_reassembly_is_complete(&reassembly));
    }
}

static void what_has_arrived_cannot_be_changed(void)
{
    uint8_t arrived[10];
    struct jtp_range memory[4];
    struct jtp_reassembly reassembly;
    jtp_reassembly_init(&reassembly, arrived, 10, memory, 4);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 2, (const uint8_t *)"abc", 3), 3);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 7, (const uint8_t *)"d", 1), 1);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 3, (const uint8_t *)"xx", 2), 0);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 0, (const uint8_t *)"0123456789", 10), 6);
    CU_ASSERT_EQUAL(memcmp(arrived, "01abc56d89", 10), 0);
    CU_ASSERT(jtp_reassembly_is_complete(&reassembly));
}

static void bytes_beyond_the_message_are_refused(void)
{
    uint8_t arrived[10];
    struct jtp_range memory[4];
    struct jtp_reassembly reassembly;
    jtp_reassembly_init(&reassembly, arrived, 10, memory, 4);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 9, (const uint8_t *)"ab", 2), -ERANGE);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, 10, (const uint8_t *)"a", 1), -ERANGE);
    CU_ASSERT_EQUAL(jtp_reassembly_add(&reassembly, UINT32_MAX, (const uint8_t *)"ab", 2), -ERANGE);
    CU_ASSERT_EQUAL(reassembly.received_bytes, 0);
}

static void grants_hold_the_sender_and_never_shrink(void)
{
    uint8_t message[1000] = {0};
    struct jtp_range memory[4], range;
    struct jtp_outbound outbound;
    jtp_outbound_init(&outbound, message, 1000, 300, memory, 4);
    CU_ASSERT(jtp_outbound_take(&outbound, 500, &range));
    CU_ASSERT(range.first == 0 && range.end == 300);
    CU_ASSERT_FALSE(jtp_outbound_take(&outbound, 500, &range));
    jtp_outbound_grant(&outbound, 200);
    CU_ASSERT_FALSE(jtp_outbound_has_next(&outbound));
    jtp_outbound_grant(&outbound, UINT32_MAX);
    CU_ASSERT_EQUAL(outbound.granted_bytes, 1000);
    CU_ASSERT(jtp_outbound_take(&outbound, 5000, &range));
    CU_ASSERT(range.first == 300 && range.end == 1000);
    jtp_outbound_restart(&outbound);
    CU_ASSERT(jtp_outbound_take(&outbound, 5000, &range));
    CU_ASSERT(range.first == 0 && range.end == 1000);
}

const struct cunit_test tests[] = {
    {"messages arrive whole whatever is lost, with few ranges too",
     messages_arrive_whole_whatever_is_lost},
    {"the first gap can always be narrowed", the_first_gap_can_always_be_narrowed},
    {"what has arrived cannot be changed", what_has_arrived_cannot_be_changed},
    {"bytes beyond the message are refused", bytes_beyond_the_message_are_refused},
    {"grants hold the sender and never shrink", grants_hold_the_sender_and_never_shrink},
    {NULL, NULL},
};
