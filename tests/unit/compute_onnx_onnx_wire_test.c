/* Tests of compute/onnx/onnx_wire.c. Expected values are worked by hand from protobuf's encoding
 * page: https://protobuf.dev/programming-guides/encoding/ */
#include "compute/onnx/onnx_wire.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

static struct onnx_walk begin(const char *bytes, size_t size)
{
    return onnx_walk_begin((struct onnx_slice){.data = (const uint8_t *)bytes, .size = size});
}

static void walks_every_wire_type(void)
{
    /* 1: varint 150; 2: "testing"; 3: fixed32; 4: fixed64 */
    static const char bytes[] = "\x08\x96\x01\x12\x07testing\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\10";
    struct onnx_walk walk = begin(bytes, sizeof(bytes) - 1);
    struct onnx_field field;
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.number, 1);
    CU_ASSERT_EQUAL(field.type, ONNX_WIRE_VARINT);
    CU_ASSERT_EQUAL(field.value, 150);
    CU_ASSERT_EQUAL(field.whole.size, 3);
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.number, 2);
    CU_ASSERT_EQUAL(field.bytes.size, 7);
    CU_ASSERT_EQUAL(memcmp(field.bytes.data, "testing", 7), 0);
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.type, ONNX_WIRE_FIXED32);
    CU_ASSERT_EQUAL(field.whole.size, 5);
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.type, ONNX_WIRE_FIXED64);
    CU_ASSERT_EQUAL(field.whole.size, 9);
    CU_ASSERT_FALSE(onnx_walk_next(&walk, &field));
    CU_ASSERT_PTR_NULL(walk.problem);
    walk = begin(NULL, 0);
    CU_ASSERT_FALSE(onnx_walk_next(&walk, &field));
    CU_ASSERT_PTR_NULL(walk.problem);
}

static void reads_the_largest_number(void)
{
    struct onnx_field field;
    struct onnx_walk walk = begin("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.value, UINT64_MAX);
    walk = begin("\xfa\xff\xff\xff\x0f\x00", 6); /* field 2^29 - 1, the last one */
    CU_ASSERT_TRUE(onnx_walk_next(&walk, &field));
    CU_ASSERT_EQUAL(field.number, (1u << 29) - 1);
}

static void breaks(const char *bytes, size_t size, const char *problem)
{
    struct onnx_field field;
    struct onnx_walk walk = begin(bytes, size);
    CU_ASSERT_FALSE(onnx_walk_next(&walk, &field));
    CU_ASSERT_PTR_NOT_NULL_FATAL(walk.problem);
    CU_ASSERT_STRING_EQUAL(walk.problem, problem);
    CU_ASSERT_PTR_EQUAL(walk.at, bytes);
    CU_ASSERT_FALSE(onnx_walk_next(&walk, &field)); /* and stays broken */
}

static void refuses_malformed_fields(void)
{
    breaks("\x08", 1, "a number is cut off");
    breaks("\x08\xff\xff", 3, "a number is cut off");
    breaks("\x88", 1, "a number is cut off");
    breaks("\x1d\1\2\3", 4, "a number is cut off");
    breaks("\x21\1\2\3\4\5\6\7", 8, "a number is cut off");
    breaks("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "a number is longer than 64 bits");
    breaks("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12,
           "a number is longer than 64 bits");
    breaks("\x12\x03gh", 4, "a field is longer than what is left");
    breaks("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
           "a field is longer than what is left");
    breaks("\x00\x01", 2, "a field has an impossible number");
    breaks("\x82\x80\x80\x80\x10\x00", 6, "a field has an impossible number");
    breaks("\x0b", 1, "a field has an impossible wire type");
    breaks("\x0e", 1, "a field has an impossible wire type");
}

static void cuts_fields_out(void)
{
    /* 1: 5; 2: "ab"; 1: 6; 70: 7 */
    static const char bytes[] = "\x08\x05\x12\x02"
                                "ab"
                                "\x08\x06\xb0\x04\x07";
    struct onnx_slice message = {.data = (const uint8_t *)bytes, .size = 11}, rest;
    void *memory;
    CU_ASSERT_EQUAL(onnx_wire_without(message, 1ull << 1, &rest, &memory), 0);
    CU_ASSERT_EQUAL(rest.size, 7);
    CU_ASSERT_EQUAL(memcmp(rest.data,
                           "\x12\x02"
                           "ab\xb0\x04\x07",
                           7),
                    0);
    CU_ASSERT_PTR_EQUAL(rest.data, memory);
    free(memory);
    CU_ASSERT_EQUAL(onnx_wire_without(message, 1ull << 3, &rest, &memory), 0);
    CU_ASSERT_PTR_EQUAL(rest.data, message.data);
    CU_ASSERT_PTR_NULL(memory);
    CU_ASSERT_EQUAL(onnx_wire_without((struct onnx_slice){.data = message.data, .size = 2},
                                      1ull << 1, &rest, &memory),
                    0);
    CU_ASSERT_EQUAL(rest.size, 0);
    free(memory);
}

const struct cunit_test tests[] = {
    {"fields of every wire type are walked in place", walks_every_wire_type},
    {"the largest number and the last field number are read", reads_the_largest_number},
    {"malformed fields stop the walk where they stand", refuses_malformed_fields},
    {"a message without some of its fields is copied only if it has them", cuts_fields_out},
    {NULL, NULL},
};
