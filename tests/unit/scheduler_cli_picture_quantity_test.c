/* Tests of scheduler/cli/picture/quantity.c: numbers with units, as people write them. */
#include "scheduler/cli/picture/quantity.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect(void (*add)(struct text *text, double value), double value, const char *wanted)
{
    struct text text;
    text_clear(&text);
    add(&text, value);
    if (strcmp(text.chars, wanted)) {
        printf("\n%.17g reads \"%s\", not \"%s\"", value, text.chars, wanted);
        CU_FAIL("a quantity reads otherwise");
    }
}

static void three_digits_and_a_unit(void)
{
    expect(text_add_ms, 70.5, "70.5\u00A0ms");
    expect(text_add_ms, 0, "0\u00A0ms");
    expect(text_add_ms, 221, "221\u00A0ms");
    expect(text_add_ms, 999.6, "1\u00A0s");
    expect(text_add_ms, 0.0999, "99.9\u00A0µs");
    expect(text_add_ms, 0.5814, "0.581\u00A0ms");
    expect(text_add_ms, 12345, "12.3\u00A0s");
    expect(text_add_ms, 9e5, "15\u00A0min");
    expect(text_add_ms, 3.6e7, "10\u00A0h");
    expect(text_add_mj, 1946, "1.95\u00A0J");
    expect(text_add_mj, 2e-7, "0.2\u00A0nJ");
    expect(text_add_bytes, 43264, "43.3\u00A0kB");
    expect(text_add_bytes, 1, "1\u00A0B");
    expect(text_add_bytes, 999999, "1\u00A0MB");
    expect(text_add_mbps, 5.85, "5.85\u00A0Mbit/s");
    expect(text_add_mbps, 0.05, "50\u00A0kbit/s");
    expect(text_add_number, 0.0154, "0.0154");
    expect(text_add_number, 100, "100");
    expect(text_add_times, 1.288, "1.3×");
    expect(text_add_times, 0.0405, "0.041×");
    expect(text_add_times, 12.6, "13×");
}

static void any_number_gives_a_short_text(void)
{
    const unsigned seed = 20260713;
    printf(" (seed %u)", seed);
    srand(seed);
    for (int i = 0; i < 20000; i++) {
        struct text text;
        text_clear(&text);
        text_add_ms(&text, pow(10, rand() % 640 - 330) * (rand() % 1000));
        CU_ASSERT(text.length > 3 && text.length < 20);
    }
}

static void rounds_up_to_one_two_five(void)
{
    const double pairs[][2] = {{1, 1},        {1.1, 2}, {3, 5},     {7, 10},
                               {0.013, 0.02}, {10, 10}, {501, 1000}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        CU_ASSERT_DOUBLE_EQUAL(quantity_round_up(pairs[i][0]), pairs[i][1], pairs[i][1] * 1e-12);
}

const struct cunit_test tests[] = {
    {"a quantity has three digits and the unit that fits", three_digits_and_a_unit},
    {"any number gives a short text", any_number_gives_a_short_text},
    {"steps are 1, 2 or 5 times a power of ten", rounds_up_to_one_two_five},
    {NULL, NULL},
};
