/* Tests of scheduler/api/json_float.c against strtof, and there and back. */
#include "scheduler/api/json_float.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 300000

static bool is_same(const char *text)
{
    const char *at = text, *end = text + strlen(text);
    float number = 0;
    const float truth = strtof(text, NULL);
    if (!json_float_read(&at, end, &number))
        return !isfinite(truth);
    return at == end && memcmp(&number, &truth, sizeof(number)) == 0;
}

static void hard_cases_are_as_strtof_has_them(void)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "0e5",
        "-0.0e-9",
        "1",
        "-1.5",
        "16777217",
        "16777219",
        "9007199791611905",
        "0.1",
        "0.30000001192092896",
        "3.4028234e38",
        "3.4028235677973366e38",
        "3.40282356779733661637e38",
        "1e38",
        "1e39",
        "-1e400",
        "1e-45",
        "7e-46",
        "1e-400",
        "1.17549435e-38",
        "1.1754942e-38",
        "123456789012345678901234567890",
        "1e22",
        "1e23",
        "0.00000000000000000000000000000000000000000001",
        "1.00000005960464477539",
        "1.000000059604644775390625",
        "1.0000000596046447753906250000000000000000000001",
        "0.500000029802322387695312500000000000000000000000000000000000000000000000000000000001",
        "8388608.5",
        "8388609.5",
        "5e-324",
        "1e999999999999",
        "1e-999999999999",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_TRUE(is_same(texts[i]));
}

/* Also halfway between two floats, and a hair beside it. */
static void random_numbers_are_as_strtof_has_them(void)
{
    struct shm_random random = shm_random_start();
    char text[64];
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t bits = (uint32_t)shm_random_next(&random);
        float a, b;
        memcpy(&a, &bits, sizeof(a));
        if (!isfinite(a))
            continue;
        b = nextafterf(a, INFINITY);
        const double between = isfinite(b) ? ((double)a + b) / 2 : a;
        const int digits = 1 + (int)(shm_random_next(&random) % 20);
        snprintf(text, sizeof(text), "%.*g", digits, i % 2 ? between : (double)a);
        if (!is_same(text)) {
            CU_FAIL("another float");
            printf("%s\n", text);
            return;
        }
    }
}

static void what_is_written_reads_back_the_same(void)
{
    struct shm_random random = shm_random_start();
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t bits = (uint32_t)shm_random_next(&random);
        char text[JSON_FLOAT_ROOM + 1];
        float number;
        memcpy(&number, &bits, sizeof(number));
        const size_t length = json_float_write(number, text);
        if (length >= JSON_FLOAT_ROOM) {
            CU_FAIL("longer than there is room");
            return;
        }
        text[length] = '\0';
        if (!isfinite(number)) {
            CU_ASSERT_STRING_EQUAL(text, "null");
            continue;
        }
        const float back = strtof(text, NULL);
        if (memcmp(&back, &number, sizeof(back)) != 0) {
            CU_FAIL("another float");
            return;
        }
    }
}

const struct cunit_test tests[] = {
    {"hard cases are as strtof has them", hard_cases_are_as_strtof_has_them},
    {"random numbers are as strtof has them", random_numbers_are_as_strtof_has_them},
    {"what is written reads back the same", what_is_written_reads_back_the_same},
    {NULL, NULL},
};
