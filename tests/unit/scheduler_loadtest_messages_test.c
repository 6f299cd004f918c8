/* Tests of scheduler/loadtest/messages.c: the message of PROTOCOL.md, spelled out by hand. */
#include "scheduler/loadtest/messages.h"
#include "dataplane/proto/wire.h"
#include "tests/unit/cunit_main.h"

/* Two tensors, of three elements and of two. */
static const struct engine_tensor tensors[] = {
    {.name = "a", .type = TENSOR_F32, .bytes = 12},
    {.name = "b", .type = TENSOR_F32, .bytes = 8},
};
static const struct engine_cut cut = {.name = "cut", .tensor_count = 2, .tensors = tensors};

static void decode(uint8_t encoding, const uint8_t *bytes, float *a, float *b)
{
    void *const to[] = {a, b};
    loadtest_message_decode(&cut, encoding, bytes, to);
}

static void u8_has_all_scales_first(void)
{
    /* Scale 0.5 and zero point 2; scale 2 and zero point -1; then the elements of both. */
    static const uint8_t bytes[] = {0,    0,    0,    0x3f, 2,    0, 0, 0,   0, 0, 0,
                                    0x40, 0xff, 0xff, 0xff, 0xff, 0, 2, 255, 3, 0};
    float a[3], b[2];
    decode(JTP_U8, bytes, a, b);
    CU_ASSERT_EQUAL(a[0], -1);
    CU_ASSERT_EQUAL(a[1], 0);
    CU_ASSERT_EQUAL(a[2], 126.5);
    CU_ASSERT_EQUAL(b[0], 8);
    CU_ASSERT_EQUAL(b[1], 2);
}

static void f16_is_ieee_754(void)
{
    /* 1, -2, 1.5; 0.25, 3.998046875 (the largest below 4). */
    static const uint8_t bytes[] = {0, 0x3c, 0, 0xc0, 0, 0x3e, 0, 0x34, 0xff, 0x43};
    float a[3], b[2];
    decode(JTP_F16, bytes, a, b);
    CU_ASSERT_EQUAL(a[0], 1);
    CU_ASSERT_EQUAL(a[1], -2);
    CU_ASSERT_EQUAL(a[2], 1.5);
    CU_ASSERT_EQUAL(b[0], 0.25);
    CU_ASSERT_EQUAL(b[1], 3.998046875);
}

static void f32_lies_tensor_after_tensor(void)
{
    static const uint8_t bytes[] = {0, 0, 0x80, 0x3f, 0,    0,    0, 0xc0, 0,    0,
                                    0, 0, 0,    0,    0x40, 0x40, 0, 0,    0x80, 0x40};
    float a[3], b[2];
    decode(JTP_F32, bytes, a, b);
    CU_ASSERT_EQUAL(a[0], 1);
    CU_ASSERT_EQUAL(a[1], -2);
    CU_ASSERT_EQUAL(a[2], 0);
    CU_ASSERT_EQUAL(b[0], 3);
    CU_ASSERT_EQUAL(b[1], 4);
}

const struct cunit_test tests[] = {
    {"u8 has the scales and zero points of all tensors first", u8_has_all_scales_first},
    {"f16 is IEEE 754's", f16_is_ieee_754},
    {"f32 lies tensor after tensor", f32_lies_tensor_after_tensor},
    {NULL, NULL},
};
