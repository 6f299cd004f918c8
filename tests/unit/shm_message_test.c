/* Tests of shm/message.h: the descriptors as bytes, and the arithmetic of places and stops. */
#include "shm/message.h"

#include "tests/unit/cunit_main.h"

#include <string.h>

/* Little-endian bytes at an offset, as another program would read them. */
static uint64_t bytes_at(const union message *message, size_t offset, size_t count)
{
    const unsigned char *bytes = (const unsigned char *)message;
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[offset + i];
    return value;
}

static void a_row_is_laid_out_as_written(void)
{
    const union message message = {.row = {.kind = MESSAGE_ROW,
                                           .in_region = 1,
                                           .out_region = 2,
                                           .dispatch = 0x03040506,
                                           .slot = 0x0708090a,
                                           .generation = 0x0b0c0d0e,
                                           .model = 0x0f10,
                                           .from = 0x1112,
                                           .to = 0x1314,
                                           .row = 0x2b2c,
                                           .in_offset = 0x1516171819,
                                           .out_offset = 0x1d1e1f2021,
                                           .in_bytes = 0x1a1b1c,
                                           .out_bytes = 0x222324,
                                           .rows = 0x2d2e,
                                           .in_encoding = MESSAGE_F16,
                                           .out_encoding = MESSAGE_U8,
                                           .deadline_ns = 0x25262728292a}};
    CU_ASSERT_EQUAL(bytes_at(&message, 0, 1), 4);
    CU_ASSERT_EQUAL(bytes_at(&message, 1, 1), 1);
    CU_ASSERT_EQUAL(bytes_at(&message, 2, 1), 2);
    CU_ASSERT_EQUAL(bytes_at(&message, 4, 4), 0x03040506);
    CU_ASSERT_EQUAL(bytes_at(&message, 8, 4), 0x0708090a);
    CU_ASSERT_EQUAL(bytes_at(&message, 12, 4), 0x0b0c0d0e);
    CU_ASSERT_EQUAL(bytes_at(&message, 16, 2), 0x0f10);
    CU_ASSERT_EQUAL(bytes_at(&message, 18, 2), 0x1112);
    CU_ASSERT_EQUAL(bytes_at(&message, 20, 2), 0x1314);
    CU_ASSERT_EQUAL(bytes_at(&message, 22, 2), 0x2b2c);
    CU_ASSERT_EQUAL(bytes_at(&message, 24, 8), 0x1516171819);
    CU_ASSERT_EQUAL(bytes_at(&message, 32, 8), 0x1d1e1f2021);
    CU_ASSERT_EQUAL(bytes_at(&message, 40, 4), 0x1a1b1c);
    CU_ASSERT_EQUAL(bytes_at(&message, 44, 4), 0x222324);
    CU_ASSERT_EQUAL(bytes_at(&message, 48, 2), 0x2d2e);
    CU_ASSERT_EQUAL(bytes_at(&message, 50, 1), 1);
    CU_ASSERT_EQUAL(bytes_at(&message, 51, 1), 2);
    CU_ASSERT_EQUAL(bytes_at(&message, 56, 8), 0x25262728292a);
}

static void a_done_row_is_laid_out_as_written(void)
{
    const union message message = {.row_done = {.kind = MESSAGE_ROW_DONE,
                                                .status = MESSAGE_BROKEN,
                                                .model = 0x0102,
                                                .dispatch = 0x03040506,
                                                .slot = 0x0708090a,
                                                .generation = 0x0b0c0d0e,
                                                .segment_count = 0x0f10,
                                                .row = 0x1718,
                                                .error = -22,
                                                .entered_ns = 0x1112,
                                                .left_ns = 0x1314,
                                                .compute_ns = 0x1516}};
    CU_ASSERT_EQUAL(bytes_at(&message, 0, 1), 69);
    CU_ASSERT_EQUAL(bytes_at(&message, 1, 1), 10);
    CU_ASSERT_EQUAL(bytes_at(&message, 2, 2), 0x0102);
    CU_ASSERT_EQUAL(bytes_at(&message, 4, 4), 0x03040506);
    CU_ASSERT_EQUAL(bytes_at(&message, 8, 4), 0x0708090a);
    CU_ASSERT_EQUAL(bytes_at(&message, 12, 4), 0x0b0c0d0e);
    CU_ASSERT_EQUAL(bytes_at(&message, 20, 2), 0x0f10);
    CU_ASSERT_EQUAL(bytes_at(&message, 22, 2), 0x1718);
    CU_ASSERT_EQUAL((int32_t)bytes_at(&message, 24, 4), -22);
    CU_ASSERT_EQUAL(bytes_at(&message, 32, 8), 0x1112);
    CU_ASSERT_EQUAL(bytes_at(&message, 40, 8), 0x1314);
    CU_ASSERT_EQUAL(bytes_at(&message, 48, 8), 0x1516);
}

static void stops_are_bits(void)
{
    struct message_run run = {0};
    for (uint32_t cut = 0; cut < MESSAGE_MAX_STOP + 100; cut += 7)
        message_set_stop(&run, cut);
    for (uint32_t cut = 0; cut < MESSAGE_MAX_STOP + 100; cut++)
        CU_ASSERT_EQUAL(message_is_stop(&run, cut) != 0, cut < 384 && cut % 7 == 0);
    CU_ASSERT_FALSE(message_is_stop(&run, UINT32_MAX));
    struct message_run one = {0};
    message_set_stop(&one, 65);
    CU_ASSERT_EQUAL(one.stops[1], 2);
}

static void places_start_at_lines(void)
{
    CU_ASSERT_EQUAL(message_align(0), 0);
    CU_ASSERT_EQUAL(message_align(1), 64);
    CU_ASSERT_EQUAL(message_align(64), 64);
    CU_ASSERT_EQUAL(message_align(65), 128);
}

static void zeroed_memory_says_nothing(void)
{
    union message message;
    memset(&message, 0, sizeof(message));
    CU_ASSERT_EQUAL(message.kind, MESSAGE_NONE);
}

const struct cunit_test tests[] = {
    {"each field of a row lies where its declaration says", a_row_is_laid_out_as_written},
    {"each field of a row's answer lies where its declaration says",
     a_done_row_is_laid_out_as_written},
    {"stops are one bit a cut, and cuts beyond the last bit are none", stops_are_bits},
    {"each place starts at a line", places_start_at_lines},
    {"zeroed memory is no message", zeroed_memory_says_nothing},
    {NULL, NULL},
};
