/* Tests of dataplane/proto/crc32c.c against the values of RFC 3720, appendix B.4. */
#include "dataplane/proto/crc32c.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static uint32_t checked(const uint8_t *bytes, size_t count)
{
    uint32_t plain = jtp_crc32c_plain(0, bytes, count);
    CU_ASSERT_EQUAL(jtp_crc32c(0, bytes, count), plain);
    return plain;
}

static void gives_the_printed_values(void)
{
    uint8_t bytes[32];
    memset(bytes, 0, sizeof(bytes));
    CU_ASSERT_EQUAL(checked(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    CU_ASSERT_EQUAL(checked(bytes, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    CU_ASSERT_EQUAL(checked(bytes, 32), 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = 31 - i;
    CU_ASSERT_EQUAL(checked(bytes, 32), 0x113fdb5c);
    CU_ASSERT_EQUAL(checked((const uint8_t *)"123456789", 9), 0xe3069283);
}

static void parts_give_the_sum_of_the_whole(void)
{
    uint8_t bytes[3000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i * 7 + 3);
    for (size_t count = 0; count < sizeof(bytes); count += count < 500 ? 1 : 7) {
        uint32_t whole = checked(bytes, count);
        size_t part = count * 2 / 3;
        CU_ASSERT_EQUAL(jtp_crc32c(jtp_crc32c(0, bytes, part), bytes + part, count - part), whole);
    }
}

const struct cunit_test tests[] = {
    {"the values that RFC 3720 prints", gives_the_printed_values},
    {"parts give the sum of the whole, by either kernel", parts_give_the_sum_of_the_whole},
    {NULL, NULL},
};
