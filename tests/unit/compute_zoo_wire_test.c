/* Tests of compute/zoo/wire.c; the bytes are the examples of protobuf's encoding guide. */
#include "compute/zoo/wire.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static bool holds(const struct wire *wire, const char *bytes, size_t count)
{
    return wire->bytes == count && memcmp(wire->data, bytes, count) == 0;
}

static void encodes_numbers(void)
{
    struct wire wire = {0};
    wire_int(&wire, 1, 150);
    CU_ASSERT(holds(&wire, "\x08\x96\x01", 3));
    wire.bytes = 0;
    wire_int(&wire, 1, -2);
    CU_ASSERT(holds(&wire, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11));
    wire.bytes = 0;
    wire_int(&wire, 20, 0); /* a two-byte tag */
    CU_ASSERT(holds(&wire, "\xa0\x01\x00", 3));
    wire.bytes = 0;
    wire_float(&wire, 2, 1.0f);
    CU_ASSERT(holds(&wire, "\x15\x00\x00\x80\x3f", 5));
    wire_fini(&wire);
}

static void encodes_text(void)
{
    struct wire wire = {0};
    wire_string(&wire, 2, "testing");
    CU_ASSERT(holds(&wire, "\x12\x07testing", 9));
    wire_fini(&wire);
}

static void encodes_messages_inside(void)
{
    struct wire wire = {0};
    size_t inner = wire_begin(&wire, 3);
    wire_int(&wire, 1, 150);
    wire_end(&wire, inner);
    CU_ASSERT(holds(&wire, "\x1a\x03\x08\x96\x01", 5));
    wire.bytes = 0;
    size_t outer = wire_begin(&wire, 1);
    inner = wire_begin(&wire, 3);
    char text[200];
    memset(text, 'x', sizeof(text));
    wire_bytes(&wire, 1, text, sizeof(text));
    wire_end(&wire, inner);
    wire_end(&wire, outer);
    CU_ASSERT_EQUAL(wire.bytes, 200 + 3 * 3); /* three tags, each with a two-byte length */
    CU_ASSERT(memcmp(wire.data, "\x0a\xce\x01\x1a\xcb\x01\x0a\xc8\x01xx", 11) == 0);
    wire_fini(&wire);
}

const struct cunit_test tests[] = {
    {"numbers are encoded in base 128, negative ones in ten bytes", encodes_numbers},
    {"text is encoded with its length", encodes_text},
    {"messages inside messages get their lengths", encodes_messages_inside},
    {NULL, NULL},
};
