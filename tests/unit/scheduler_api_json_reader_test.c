/* Tests of scheduler/api/json_reader.c: what RFC 8259 allows and forbids, and reading what it does.
 * infer_fuzz compares it with jansson. */
#include "scheduler/api/json_reader.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

static bool is_json(const char *text)
{
    struct json_fault fault;
    return json_reader_check(text, strlen(text), &fault);
}

static void takes_what_the_rfc_allows(void)
{
    static const char *const texts[] = {
        "0",
        "-0.5e+10",
        " [ ] ",
        "{}",
        "[[],{\"\":[]}]",
        "\"\\u00e9\\n\\\"\\ud83d\\ude00\"",
        "{\"a\":1,\"a\":null}",
        "[true,false,null]",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_TRUE(is_json(texts[i]));
}

static void refuses_what_it_forbids(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "0x1",
        "NaN",
        "tru",
        "nul",
        "1 1",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud83d\"",
        "\"\\udc00\"",
        "\"\\ud83d\\u0041\"",
        "\"\t\"",
        "\"\x80\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "[1}",
        "{]",
        "[\"a\":1]",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_FALSE(is_json(texts[i]));
}

static void says_where_the_fault_is(void)
{
    struct json_fault fault;
    CU_ASSERT_FALSE(json_reader_check("{\"a\": 01}", 9, &fault));
    CU_ASSERT_EQUAL(fault.offset, 7);
    CU_ASSERT_STRING_EQUAL(fault.what, "a number begins with 0");
    CU_ASSERT_FALSE(json_reader_check("[1", 2, &fault));
    CU_ASSERT_EQUAL(fault.offset, 2);
}

static void nests_so_deeply_and_no_deeper(void)
{
    char text[2 * JSON_READER_MAX_DEPTH + 3];
    for (uint32_t depth = JSON_READER_MAX_DEPTH; depth <= JSON_READER_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        struct json_fault fault;
        CU_ASSERT_EQUAL(json_reader_check(text, 2 * depth, &fault), depth == JSON_READER_MAX_DEPTH);
    }
}

static void walks_members_and_items(void)
{
    static const char text[] = " {\"a\" : [1, \"x,]\" ,{\"b\":[2]}] , \"c\\u0064\":true}";
    struct json_value rest = json_reader_inside(json_reader_root(text, strlen(text))), key, value;
    CU_ASSERT_TRUE(json_reader_next_member(&rest, &key, &value));
    CU_ASSERT_TRUE(json_reader_is(key, "a"));
    CU_ASSERT_EQUAL(json_reader_kind_of(value), JSON_READER_ARRAY);
    static const enum json_reader_kind kinds[] = {JSON_READER_NUMBER, JSON_READER_STRING,
                                                  JSON_READER_OBJECT};
    struct json_value items = json_reader_inside(value), item;
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(json_reader_next_item(&items, &item));
        CU_ASSERT_EQUAL(json_reader_kind_of(item), kinds[i]);
    }
    CU_ASSERT_FALSE(json_reader_next_item(&items, &item));
    CU_ASSERT_TRUE(json_reader_next_member(&rest, &key, &value));
    CU_ASSERT_TRUE(json_reader_is(key, "cd"));
    CU_ASSERT_FALSE(json_reader_is(key, "c"));
    CU_ASSERT_EQUAL(json_reader_kind_of(value), JSON_READER_TRUE);
    CU_ASSERT_FALSE(json_reader_next_member(&rest, &key, &value));
}

static struct json_value of(const char *text)
{
    return json_reader_root(text, strlen(text));
}

static void unescapes_strings_into_the_room_there_is(void)
{
    char room[16];
    CU_ASSERT_TRUE(json_reader_string(of("\"a\\u00e9\\ud83d\\ude00\\n\\/\""), room, sizeof(room)));
    CU_ASSERT_STRING_EQUAL(room, "a\xc3\xa9\xf0\x9f\x98\x80\n/");
    CU_ASSERT_TRUE(json_reader_string(of("\"123\""), room, 4));
    CU_ASSERT_FALSE(json_reader_string(of("\"1234\""), room, 4));
    CU_ASSERT_FALSE(json_reader_string(of("\"\\u0000\""), room, sizeof(room)));
    CU_ASSERT_FALSE(json_reader_string(of("12"), room, sizeof(room)));
}

static void counts_are_whole_numbers_that_fit(void)
{
    uint64_t count;
    CU_ASSERT_TRUE(json_reader_count(of("18446744073709551615"), &count));
    CU_ASSERT_EQUAL(count, UINT64_MAX);
    static const char *const others[] = {
        "18446744073709551616", "-1", "1.0", "1e3", "\"1\"", "true"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_FALSE(json_reader_count(of(others[i]), &count));
}

static void floats_come_in_their_order_whatever_the_nesting(void)
{
    float numbers[4] = {0};
    CU_ASSERT_EQUAL(json_reader_floats(of("[[1, -2.5],[[3e2]] ,4]"), numbers, 4), 4);
    CU_ASSERT_TRUE(numbers[0] == 1 && numbers[1] == -2.5f && numbers[2] == 300 && numbers[3] == 4);
    CU_ASSERT_EQUAL(json_reader_floats(of("[7,8,9]"), numbers, 2), 3);
    CU_ASSERT_TRUE(numbers[1] == 8 && numbers[2] == 300);
    CU_ASSERT_EQUAL(json_reader_floats(of("[]"), numbers, 2), 0);
    static const char *const others[] = {"1", "[\"1\"]", "[true]", "[{}]", "[1e39]", "[null]"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_EQUAL(json_reader_floats(of(others[i]), numbers, 4), SIZE_MAX);
}

const struct cunit_test tests[] = {
    {"takes what the RFC allows", takes_what_the_rfc_allows},
    {"refuses what it forbids", refuses_what_it_forbids},
    {"says where the fault is", says_where_the_fault_is},
    {"nests so deeply and no deeper", nests_so_deeply_and_no_deeper},
    {"walks members and items", walks_members_and_items},
    {"unescapes strings into the room there is", unescapes_strings_into_the_room_there_is},
    {"counts are whole numbers that fit", counts_are_whole_numbers_that_fit},
    {"floats come in their order, whatever the nesting",
     floats_come_in_their_order_whatever_the_nesting},
    {NULL, NULL},
};
