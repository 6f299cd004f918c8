/* Messages byte by byte, as PROTOCOL.md lays them out. */
#include "scheduler/client/message.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 3

static const struct engine_tensor floats[] = {
    {.name = "a", .type = TENSOR_F32, .bytes = 20},
    {.name = "b", .type = TENSOR_F32, .bytes = 2400},
};
static const struct engine_tensor mixed[] = {
    {.name = "a", .type = TENSOR_U8, .bytes = 3},
    {.name = "b", .type = TENSOR_F32, .bytes = 8},
};
static const struct engine_tensor single[] = {
    {.name = "a", .type = TENSOR_F32, .bytes = 8, .batch_axis = -1},
};
static const struct engine_cut float_cut = {.tensor_count = 2, .tensors = floats};
static const struct engine_cut mixed_cut = {.tensor_count = 2, .tensors = mixed};
static const struct engine_cut one_cut = {.tensor_count = 1, .tensors = floats};
static const struct engine_cut single_cut = {.tensor_count = 1, .tensors = single};

static void test_bytes(void)
{
    CU_ASSERT_EQUAL(message_bytes(&float_cut, ROWS, JTP_F32), 3 * 2420);
    CU_ASSERT_EQUAL(message_bytes(&float_cut, ROWS, JTP_F16), 3 * 1210);
    CU_ASSERT_EQUAL(message_bytes(&float_cut, ROWS, JTP_U8), 3 * (5 + 8 + 600 + 8));
    CU_ASSERT_EQUAL(message_bytes(&single_cut, 1, JTP_F32), 8);
    CU_ASSERT_EQUAL(message_bytes(&single_cut, 2, JTP_F32), 0);
    CU_ASSERT_EQUAL(message_bytes(&float_cut, UINT32_MAX / 1000, JTP_F32), 0);
    CU_ASSERT_EQUAL(message_encoding(&float_cut, JTP_U8), JTP_U8);
    CU_ASSERT_EQUAL(message_encoding(&mixed_cut, JTP_U8), JTP_F32);
    CU_ASSERT_TRUE(message_is_state(&one_cut, JTP_F32));
    CU_ASSERT_FALSE(message_is_state(&one_cut, JTP_F16));
    CU_ASSERT_FALSE(message_is_state(&float_cut, JTP_F32));
    CU_ASSERT_EQUAL(message_state_at(&float_cut, ROWS, 1), 64);
    CU_ASSERT_EQUAL(message_state_bytes(&float_cut, ROWS), 64 + 7232);
}

static void test_own_types(void)
{
    uint8_t state[128], message[64], back[128] = {0};
    for (uint32_t i = 0; i < sizeof(state); i++)
        state[i] = (uint8_t)(i * 7 + 1);
    message_encode(&mixed_cut, ROWS, JTP_F32, state, message);
    CU_ASSERT_EQUAL(memcmp(message, state, 9), 0); /* no gaps: the state has them */
    CU_ASSERT_EQUAL(memcmp(message + 9, state + 64, 24), 0);
    message_decode(&mixed_cut, ROWS, JTP_F32, message, back);
    CU_ASSERT_EQUAL(memcmp(back, state, 9), 0);
    CU_ASSERT_EQUAL(memcmp(back + 64, state + 64, 24), 0);
}

static float *fill(float *state)
{
    for (uint32_t i = 0; i < 64 / 4 + 1808; i++)
        state[i] = sinf((float)i) * (i < 16 ? 1 : 100);
    return state;
}

static void test_f16(void)
{
    float *state = aligned_alloc(64, 7296), *back = aligned_alloc(64, 7296);
    uint8_t message[3 * 1210];
    CU_ASSERT_FATAL(state && back);
    message_encode(&float_cut, ROWS, JTP_F16, (uint8_t *)fill(state), message);
    message_decode(&float_cut, ROWS, JTP_F16, message, (uint8_t *)back);
    for (uint32_t i = 0; i < 15; i++)
        CU_ASSERT_DOUBLE_EQUAL(back[i], state[i], fabsf(state[i]) / 2048 + 1e-7);
    for (uint32_t i = 16; i < 16 + 1800; i++)
        CU_ASSERT_DOUBLE_EQUAL(back[i], state[i], fabsf(state[i]) / 2048 + 1e-7);
    state[0] = 1; /* 0x3c00 */
    message_encode(&float_cut, ROWS, JTP_F16, (uint8_t *)state, message);
    CU_ASSERT_EQUAL(message[0], 0);
    CU_ASSERT_EQUAL(message[1], 0x3c);
    free(back);
    free(state);
}

/* One element by the formula of PROTOCOL.md: its scale is the number-th of the message. */
static float value(const uint8_t *message, uint32_t number, uint8_t element)
{
    const uint8_t *at = message + (size_t)number * 8;
    float scale;
    uint32_t bits =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    int32_t zero = (int32_t)((uint32_t)at[4] | (uint32_t)at[5] << 8 | (uint32_t)at[6] << 16 |
                             (uint32_t)at[7] << 24);
    memcpy(&scale, &bits, sizeof(scale));
    return scale * (float)(element - zero);
}

static void test_u8(void)
{
    float *state = aligned_alloc(64, 7296), *back = aligned_alloc(64, 7296);
    uint8_t message[3 * 621];
    CU_ASSERT_FATAL(state && back);
    message_encode(&float_cut, ROWS, JTP_U8, (uint8_t *)fill(state), message);
    message_decode(&float_cut, ROWS, JTP_U8, message, (uint8_t *)back);
    for (uint32_t row = 0; row < ROWS; row++) {
        /* Six scales, three rows of five elements, three of 600. */
        const uint8_t *first = message + 48 + row * 5, *second = message + 48 + 15 + row * 600;
        for (uint32_t i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL(back[row * 5 + i], value(message, row, first[i]));
            CU_ASSERT_DOUBLE_EQUAL(value(message, row, first[i]), state[row * 5 + i], 2.0 / 255);
        }
        for (uint32_t i = 0; i < 600; i++) {
            CU_ASSERT_EQUAL(back[16 + row * 600 + i], value(message, ROWS + row, second[i]));
            CU_ASSERT_DOUBLE_EQUAL(value(message, ROWS + row, second[i]), state[16 + row * 600 + i],
                                   200.0 / 255);
        }
    }
    free(back);
    free(state);
}

const struct cunit_test tests[] = {
    {"sizes of messages and states", test_bytes},
    {"other types cross as they are, without gaps", test_own_types},
    {"f16 keeps eleven bits", test_f16},
    {"u8 has a scale for each row of each tensor, all before the elements", test_u8},
    {NULL, NULL},
};
