/* Tests of scheduler/api/page_text.c: what JSON and Prometheus ask of strings, and growing. */
#include "scheduler/api/page_text.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static void is_json(const char *string, const char *expected)
{
    struct page_text text = {0};
    page_text_add_json_string(&text, string);
    CU_ASSERT_STRING_EQUAL(text.bytes, expected);
    page_text_fini(&text);
}

static void strings_are_escaped_as_rfc_8259_asks(void)
{
    is_json("", "\"\"");
    is_json("edge \"1\" \\ /", "\"edge \\\"1\\\" \\\\ /\"");
    is_json("a\n\t\x01\x7f", "\"a\\u000a\\u0009\\u0001\\u007f\"");
}

/* The table of the Unicode standard, 3-7, and what it leaves out. */
static void what_is_not_utf_8_is_replaced(void)
{
    is_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    is_json("\xff", "\"\\ufffd\"");
    is_json("\xc0\xaf", "\"\\ufffd\\ufffd\"");
    is_json("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
    is_json("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    is_json("\xe2\x82", "\"\\ufffd\\ufffd\"");
    is_json("\xc3", "\"\\ufffd\"");
}

static void label_values_are_escaped_as_prometheus_asks(void)
{
    struct page_text text = {0};
    page_text_add_label_value(&text, "a\"b\\c\nd\xc3\xa4\xff");
    CU_ASSERT_STRING_EQUAL(text.bytes, "a\\\"b\\\\c\\nd\xc3\xa4\xef\xbf\xbd");
    page_text_fini(&text);
}

static void milliseconds_have_no_zeros_at_the_end(void)
{
    static const struct {
        uint64_t ns;
        const char *expected;
    } cases[] = {{0, "0"},         {1, "0.000001"},          {2100000, "2.1"},
                 {50000000, "50"}, {100000000000, "100000"}, {UINT64_MAX, "18446744073709.551615"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct page_text text = {0};
        page_text_add_ms(&text, cases[i].ns);
        CU_ASSERT_STRING_EQUAL(text.bytes, cases[i].expected);
        page_text_fini(&text);
    }
}

static void a_long_text_keeps_all_of_it(void)
{
    struct page_text text = {0};
    for (unsigned i = 0; i < 20000; i++)
        page_text_add(&text, "%05u,", i);
    CU_ASSERT_EQUAL_FATAL(text.length, 120000);
    CU_ASSERT_EQUAL(strlen(text.bytes), 120000);
    CU_ASSERT_NSTRING_EQUAL(text.bytes + 6 * 19999, "19999,", 6);
    CU_ASSERT_FALSE(text.has_failed);
    page_text_clear(&text);
    page_text_add(&text, "short");
    CU_ASSERT_STRING_EQUAL(text.bytes, "short");
    page_text_fini(&text);
    page_text_fini(&text);
    page_text_fini(NULL);
}

const struct cunit_test tests[] = {
    {"strings are escaped as RFC 8259 asks", strings_are_escaped_as_rfc_8259_asks},
    {"what is not UTF-8 is replaced", what_is_not_utf_8_is_replaced},
    {"label values are escaped as Prometheus asks", label_values_are_escaped_as_prometheus_asks},
    {"milliseconds have no zeros at the end", milliseconds_have_no_zeros_at_the_end},
    {"a long text keeps all of it", a_long_text_keeps_all_of_it},
    {NULL, NULL},
};
