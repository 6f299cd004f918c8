/* Tests of scheduler/cli/picture/text.c: what is no text becomes U+FFFD, widths are a font's. */
#include "scheduler/cli/picture/text.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <string.h>

static void decodes_utf8_and_replaces_the_rest(void)
{
    static const struct {
        const char *bytes;
        uint32_t codes[4];
    } cases[] = {
        {"A\xC3\xA9", {'A', 0xE9}}, /* é */
        {"\xE5\xB1\xA4\xF0\x9F\x93\xB1", {0x5C64, 0x1F4F1}},
        {"\x01\x1F\x7F", {0xFFFD, 0xFFFD, 0xFFFD}}, /* control codes */
        {"\xC0\x80", {0xFFFD, 0xFFFD}}, /* overlong */
        {"\xED\xA0\x80", {0xFFFD}}, /* half of a surrogate pair */
        {"\xE2\x80\xAE", {0xFFFD}}, /* right-to-left override */
        {"\xEF\xBF\xBF", {0xFFFD}}, /* U+FFFF */
        {"\xE2\x82", {0xFFFD, 0xFFFD}}, /* cut short */
        {"\xF5\x80", {0xFFFD, 0xFFFD}}, /* beyond U+10FFFF */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = cases[i].bytes;
        for (int k = 0; k < 4; k++)
            CU_ASSERT_EQUAL(text_next(&at), cases[i].codes[k]);
    }
}

/* Sums of advance widths of DejaVuSans.ttf and DejaVuSans-Bold.ttf 2.37, read by another program.
 */
static void widths_are_those_of_the_font(void)
{
    CU_ASSERT_DOUBLE_EQUAL(text_width("conv1", 1000, false), 550 + 612 + 634 + 592 + 636, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(text_width("70.5 ms", 1000, false), 636 * 3 + 318 + 318 + 974 + 521,
                           0.5);
    CU_ASSERT_DOUBLE_EQUAL(text_width("Phone", 1000, true), 733 + 712 + 687 + 712 + 678, 0.5);
    CU_ASSERT(text_width("\xE2\x80\xA6\xC3\xA9\xC3\x97", 1000, false) >= 1000 + 615 + 838);
    CU_ASSERT_DOUBLE_EQUAL(text_width("", 12, false), 0, 0);
}

static void long_names_lose_their_middle(void)
{
    struct text text;
    text_clear(&text);
    text_add_name(&text, "features/stage4/conv2d_bn_relu", 11);
    CU_ASSERT_STRING_EQUAL(text.chars, "featu…_relu");
    text_clear(&text);
    text_add_name(&text, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5);
    CU_ASSERT_STRING_EQUAL(text.chars, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9");
    text_clear(&text);
    text_add_name(&text, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5);
    CU_ASSERT_STRING_EQUAL(text.chars, "\xC3\xA9\xC3\xA9…\xC3\xA9\xC3\xA9");
}

static void what_does_not_fit_is_cut_between_characters(void)
{
    struct text text;
    text_clear(&text);
    for (int i = 0; i < 300; i++)
        text_add(&text, "\xE5\xB1\xA4");
    CU_ASSERT(text.length < sizeof(text.chars));
    CU_ASSERT_EQUAL(text.length % 3, 0);
    CU_ASSERT_EQUAL(strlen(text.chars), text.length);
}

static void lines_break_at_spaces_and_lose_nothing(void)
{
    const char *rest = "one two threeandmore";
    struct text line;
    text_take_line(&line, rest, 10, false, text_width("one two ", 10, false), &rest);
    CU_ASSERT_STRING_EQUAL(line.chars, "one two");
    CU_ASSERT_STRING_EQUAL(rest, "threeandmore");
    text_take_line(&line, rest, 10, false, text_width("threean", 10, false), &rest);
    CU_ASSERT_STRING_EQUAL(line.chars, "threean");
    CU_ASSERT_STRING_EQUAL(rest, "dmore");
    text_take_line(&line, rest, 10, false, 1, &rest); /* narrower than any letter */
    CU_ASSERT_STRING_EQUAL(line.chars, "d");
    text_take_line(&line, rest, 10, false, 1e9, &rest);
    CU_ASSERT_STRING_EQUAL(line.chars, "more");
    CU_ASSERT_PTR_NULL(rest);
}

const struct cunit_test tests[] = {
    {"UTF-8 is decoded, and what is none or cannot be shown replaced",
     decodes_utf8_and_replaces_the_rest},
    {"widths are those that the font's own table gives", widths_are_those_of_the_font},
    {"a long name loses its middle, whole characters at a time", long_names_lose_their_middle},
    {"a text that is full is cut between characters", what_does_not_fit_is_cut_between_characters},
    {"lines break at spaces where they can, and nothing is lost",
     lines_break_at_spaces_and_lose_nothing},
    {NULL, NULL},
};
